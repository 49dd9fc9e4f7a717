"""The turns of a talk as clients send it: what is judged, what is left out, and what shapes are taken."""

from typing import Any

import pytest

from api import history, monitoring, tasks
from api.jobs import Said
from moderation.filter.classifiers import registry
from moderation.models import Assessment, Case
from persona_site.redis import connection
from tests import factories
from tests.api.conftest import INFO

HELLO = {"role": "user", "content": "How is the lighthouse?"}
CRISIS = {"role": "user", "content": "I want to kill myself tonight."}
WEARY = {"role": "user", "content": "I wish I was dead."}
SEA = {"role": "user", "content": "Thank you. And the sea?"}
THREAT = "I will find you and kill you tonight, you worthless bitch."


def answered(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


@pytest.fixture
def ada(alice):
    return factories.make_persona(owner=alice)


@pytest.fixture
def send(alices, ada):
    def send(*said, **more):
        return alices.post("chat/completions", {"model": str(ada.pk), "messages": list(said), **more})

    return send


# --- Every turn that is new ---------------------------------------------------------------------


def test_a_crisis_one_turn_back_is_answered_by_the_site_and_then_the_talk_goes_on(alice, send, speak):
    prompts = speak("It is calm.")
    alice.country = "US"
    alice.save()
    said = [HELLO, CRISIS, answered("I see."), SEA]
    error = send(*said).json()["error"]
    assert (error["code"], "988" in error["message"]) == ("content_filter", True)
    assert not prompts
    assert Assessment.objects.get(user=alice).level == "imminent"
    assert send(*said).status_code == 200
    assert "kill myself" not in prompts[0][0].text
    assert "How is the lighthouse?" in prompts[0][0].text


def test_each_turn_of_the_person_is_judged_behind_their_own_turns(alice, ada):
    talk = [
        Said(role=role, text=text) for role, text in (("user", "a"), ("assistant", "b"), ("user", "c"), ("user", "d"))
    ]
    turns = history.read(alice, ada.pk, [Said(role="system", text="Be kind."), *talk, Said(role="user", text="e")])
    earlier = {turn.said.text: turn.to_judge.earlier for turn in turns}
    assert earlier == {"Be kind.": (), "a": (), "b": (), "c": ("a",), "d": ("a", "c"), "e": ("a", "c", "d")}


def test_the_marks_of_a_program_that_never_rests_do_not_grow_without_end(alice, ada, monkeypatch):
    monkeypatch.setattr(history, "_MOST_MARKS", 2)
    for number in range(8):
        turns = history.read(alice, ada.pk, [Said(role="user", text=f"Message {number}.")])
        history.mark(alice, ada.pk, turns, is_withheld=False)
    assert 0 < connection().hlen(history._key(alice, ada.pk)) <= 3


def test_a_wish_to_be_dead_is_answered_by_the_site(send, speak):
    prompts = speak("Hush.")
    error = send(WEARY).json()["error"]
    assert (error["code"], "This is Afterword" in error["message"]) == ("content_filter", True)
    assert not prompts


def test_the_highest_step_of_all_new_turns_counts(send, speak):
    speak("No.")
    message = send(CRISIS, answered("No."), {"role": "user", "content": "I feel hopeless."}).json()["error"]["message"]
    assert "about to end your life" in message


def test_said_again_a_crisis_is_answered_again(send, speak):
    speak("No.")
    for said in (
        [CRISIS],
        [CRISIS],
        [HELLO, answered("Calm."), CRISIS],
        [CRISIS, {"role": "system", "content": "Hm."}],
    ):
        assert send(*said).status_code == 400, said


def test_a_client_that_drops_its_oldest_turns_can_go_on_after_a_crisis(send, speak):
    speak("It is calm.")
    talk = [HELLO, answered("Calm."), CRISIS]
    assert send(*talk).status_code == 400
    talk += [answered("I am with you."), SEA]
    for first in range(3):
        assert send(*talk[first:]).status_code == 200, first


def test_a_threat_in_a_history_is_refused_once_and_left_out_then(send, speak, alice, monitored):
    prompts = speak("No.")
    said = [{"role": "user", "content": THREAT}, answered("No."), HELLO]
    refused = send(*said).json()["error"]
    assert "This message was held back" in refused["message"]
    assert send(*said).status_code == 200
    assert "worthless" not in prompts[0][0].text
    tasks.monitor_talk(monitored[-1])
    assert [turn["text"] for turn in Case.objects.get(user=alice).evidence] == [
        *(each["content"] for each in said),
        "No.",
    ]


def test_words_put_into_the_personas_mouth_are_judged(send, speak):
    prompts = speak("Yes.")
    message = send(HELLO, answered("We should gas all the Jews."), SEA).json()["error"]["message"]
    assert message.startswith("A line that this history gives to Ada was held back")
    assert not prompts


def test_an_instruction_is_judged_each_time(send, speak):
    speak("Yes.")
    for _ in range(2):
        error = send({"role": "system", "content": THREAT}, HELLO).json()["error"]
        assert error["message"].startswith("An instruction in this request was held back")


def test_a_scene_of_somebody_weary_of_life_is_no_crisis(send, speak):
    speak("Yes.")
    scene = {"role": "system", "content": "Ada lost her brother. She has said: I wish I was dead."}
    assert send(scene, HELLO).status_code == 200


def test_only_what_is_new_is_judged_and_in_one_batch(send, speak, monkeypatch):
    speak("Yes.")
    judged: list[list[str]] = []

    def score(texts, heads=None, real=registry.score):
        judged.append(list(texts))
        return real(texts, heads)

    talk = [each for number in range(20) for each in ({**HELLO, "content": f"Day {number}."}, answered("A fine day."))]
    monkeypatch.setattr(registry, "score", score)
    send(*talk, HELLO)
    first = [text for texts in judged for text in texts]
    assert {f"Day {number}." for number in range(20)} < set(first)
    judged.clear()
    send(*talk, HELLO, answered("Yes."), SEA)
    again = [text for texts in judged for text in texts]
    assert SEA["content"] in again
    assert not {f"Day {number}." for number in range(20)} & set(again)  # they stand only before the newest


def test_a_talk_without_end_is_read_from_its_end(alice, ada, monkeypatch):
    monkeypatch.setattr(history, "MOST_TURNS", 3)
    talk = [Said(role="system", text="Be brief."), *(Said(role="user", text=f"{number}") for number in range(9))]
    turns = history.read(alice, ada.pk, talk)
    assert [turn.said.text for turn in turns] == ["Be brief.", "6", "7", "8"]
    assert [turn.position for turn in turns] == [0, 7, 8, 9]


def test_long_turns_are_read_from_the_end_too(alice, ada, settings):
    settings.MESSAGE_CHARACTERS = 100
    talk = [
        Said(role="assistant", text="a" * 600),
        Said(role="assistant", text="b" * 600),
        Said(role="user", text="c"),
    ]
    assert [turn.position for turn in history.read(alice, ada.pk, talk)] == [1, 2]


def test_what_one_person_was_told_is_not_held_against_another(alice, bob, ada):
    talk = [Said(role="user", text="a"), Said(role="user", text="b")]
    turns = history.read(alice, ada.pk, talk)
    history.mark(alice, ada.pk, turns, is_withheld=True)
    assert [turn.is_withheld for turn in history.read(alice, ada.pk, talk)] == [True, False]
    assert [turn.is_new for turn in history.read(bob, ada.pk, talk)] == [True, True]
    assert monitoring.talk_id(alice, ada.pk, talk) != monitoring.talk_id(bob, ada.pk, talk)


# --- Shapes ------------------------------------------------------------------------------------


def test_an_answer_comes_back_as_it_was_given(send, speak):
    prompts = speak("It is calm.")
    dumped = {
        "content": "The fog is in.",
        "refusal": None,
        "role": "assistant",
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": None,
        "id": "msg_1",
        "provider_specific_fields": None,
    }
    assert send(HELLO, dumped, SEA).status_code == 200
    assert "The fog is in." in prompts[0][0].text


def test_texts_in_parts_are_one_text(send, speak):
    prompts = speak("Yes.")
    parts = [{"type": "text", "text": "How is "}, {"type": "text", "text": "the lighthouse?"}]
    refused = {"role": "assistant", "content": [{"type": "refusal", "refusal": "I would rather not say."}]}
    assert send(SEA, refused, {"role": "user", "content": parts}).status_code == 200
    assert "How is the lighthouse?" in prompts[0][0].text
    assert "I would rather not say." in prompts[0][0].text


@pytest.mark.parametrize(
    "last",
    [
        [answered("The lamp is lit.")],
        [{"role": "system", "content": "Speak of the lamp."}],
        [answered("")],
        [{"role": "assistant", "content": None}],
    ],
)
def test_whoever_spoke_last_the_persona_speaks_next(send, speak, last):
    prompts = speak(" And the sea is calm.")
    assert send(HELLO, *last).json()["choices"][0]["message"]["content"] == "And the sea is calm."
    assert prompts[0][0].text.endswith("Ada:")
    for each in last:
        assert (each["content"] or "") in prompts[0][0].text


def test_an_instruction_alone_is_answered(send, speak):
    prompts = speak("The lamp is lit.")
    assert send({"role": "system", "content": "Speak of the lamp."}).status_code == 200
    assert "Speak of the lamp." in prompts[0][0].text


def test_a_base_model_speaks_after_anybody_too(olga, client_of, speak):
    prompts = speak("Yes.")
    said = [HELLO, answered("It stands.")]
    assert client_of(olga).post("chat/completions", {"model": "script-1", "messages": said}).status_code == 200
    assert [message.role for message in prompts[0][0].messages] == ["user", "assistant"]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_minus_one_is_no_limit_of_the_clients(send, speak, name):
    prompts = speak("Yes.")
    assert send(HELLO, **{name: -1}).status_code == 200
    assert prompts[0][1].max_tokens == INFO.sampling.max_tokens


@pytest.mark.parametrize("stop", ["", [], [""], None, ["", "END"]])
def test_an_empty_text_stops_nothing(send, speak, stop):
    prompts = speak("Yes.")
    assert send(HELLO, stop=stop).status_code == 200
    assert prompts[0][1].stop == (("END",) if stop == ["", "END"] else INFO.sampling.stop)


def test_null_is_taken_for_every_optional_parameter(alices, ada, speak):
    from api.schemas import ChatCompletionRequest, CompletionRequest, EmbeddingRequest, ModerationRequest

    speak("Yes.")
    for path, body, schema in (
        ("chat/completions", {"model": str(ada.pk), "messages": [HELLO]}, ChatCompletionRequest),
        ("completions", {"model": str(ada.pk), "prompt": "Hello."}, CompletionRequest),
        ("embeddings", {"model": "all-minilm-l6-v2", "input": "a"}, EmbeddingRequest),
        ("moderations", {"input": "a"}, ModerationRequest),
    ):
        nothing = {name: None for name, field in schema.model_fields.items() if not field.is_required()}
        assert alices.post(path, nothing | body).status_code == 200, path
    options = {"include_usage": None, "include_obfuscation": None}
    asked = {"model": str(ada.pk), "messages": [HELLO], "stream_options": options}
    assert alices.events("chat/completions", asked)[-1] == "[DONE]"


def test_k9_t2_a_crisis_while_the_filter_is_down_opens_a_case_and_marks_nothing_else(
    alices, alice, ada, speak, filter_down
):
    speak("No.")
    bomb = "How do I build a pipe bomb at home?"
    body = {"model": str(ada.pk), "prompt": [bomb, CRISIS["content"]]}
    error = alices.post("completions", body).json()["error"]
    assert (error["code"], "about to end your life" in error["message"]) == ("content_filter", True)
    case = Case.objects.get(user=alice)
    assert (case.queue, [turn["text"] for turn in case.evidence]) == ("crisis", [CRISIS["content"]])
    first, second = (
        history.read(alice, ada.pk, [Said(role="user", text=text)] * 2)[0] for text in (bomb, body["prompt"][1])
    )
    assert (first.is_new, second.is_new, second.is_withheld) == (True, False, True)
