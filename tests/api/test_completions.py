"""Completions over the real filter, database and Redis; the engine speaks from a script."""

import pytest

from api import monitoring, tasks
from chat.reply import reply_run
from generation.engine import EngineFailed, EngineUnavailable
from moderation.desk import restrictions
from moderation.models import Assessment, Case, Restriction
from persona_site.redis import connection
from tests import factories

HELLO = [{"role": "user", "content": "How is the lighthouse?"}]
THREAT = "I will find you and kill you tonight, you worthless bitch. "


@pytest.fixture
def ada(alice):
    return factories.make_persona(owner=alice)


def test_a_persona_answers(alices, ada, speak):
    prompts = speak(" It stands", ". The lamp", " is lit.")
    answer = alices.post("chat/completions", {"model": str(ada.pk), "messages": HELLO})
    assert answer.status_code == 200
    body = answer.json()
    choice = body["choices"][0]
    assert choice["message"] == {"role": "assistant", "content": "It stands. The lamp is lit.", "refusal": None}
    assert (choice["finish_reason"], choice["logprobs"]) == ("stop", None)
    assert (body["object"], body["model"]) == ("chat.completion", str(ada.pk))
    assert body["usage"] == {
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "total_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 2},
    }
    assert body["system_fingerprint"] == "ai-generated:script-1"
    assert "computer program" in answer.headers["AI-Disclosure"]
    assert "Ada keeps a lighthouse." in prompts[0][0].text


def test_a_clients_instruction_is_added_to_the_persona_and_does_not_replace_it(alices, ada, speak):
    prompts = speak("Yes.")
    said = [{"role": "system", "content": "Answer in one word."}, *HELLO]
    alices.post("chat/completions", {"model": str(ada.pk), "messages": said})
    text = prompts[0][0].text
    assert "Ada keeps a lighthouse. Answer in one word." in text
    assert "How is the lighthouse?" in text


def test_earlier_turns_and_sampling_reach_the_engine(alices, ada, speak):
    prompts = speak("Yes.")
    said = [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "The fog is in."}, *HELLO]
    asked = {"temperature": 0, "top_p": 0.5, "seed": -1, "stop": "END", "max_completion_tokens": 9, "top_k": 3}
    alices.post("chat/completions", {"model": str(ada.pk), "messages": said, "presence_penalty": 1.5, **asked})
    made, sampling = prompts[0]
    assert "The fog is in." in made.text
    assert (sampling.temperature, sampling.top_p, sampling.stop) == (0, 0.5, ("END",))
    assert (sampling.max_tokens, sampling.top_k, sampling.presence_penalty) == (9, 3, 1.5)
    assert sampling.seed == 2**63 - 1


def test_a_stream_has_cleared_sentences_a_reason_and_the_usage(alices, ada, speak):
    speak(" It stands", ". The lamp", " is lit.")
    asked = {"model": str(ada.pk), "messages": HELLO, "stream_options": {"include_usage": True}}
    events = alices.events("chat/completions", asked)
    assert events[-1] == "[DONE]"
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    texts = [event["choices"][0]["delta"].get("content") for event in events[1:-3]]
    assert texts == ["It stands. ", "The lamp is lit."]
    assert events[-3]["choices"][0]["finish_reason"] == "stop"
    assert (events[-2]["choices"], events[-2]["usage"]["total_tokens"]) == ([], 10)
    assert len({event["id"] for event in events[:-1]}) == 1


def test_without_include_usage_a_stream_says_nothing_of_it(alices, ada, speak):
    speak("Yes.")
    events = alices.events("chat/completions", {"model": str(ada.pk), "messages": HELLO})
    assert not any("usage" in event for event in events[:-1])


def test_logprobs_are_those_of_the_tokens_that_are_shown(alices, ada, speak):
    speak(" It", " stands.", " Come", " in.")
    asked = {"model": str(ada.pk), "messages": HELLO, "logprobs": True, "top_logprobs": 1}
    choice = alices.post("chat/completions", asked).json()["choices"][0]
    content = choice["logprobs"]["content"]
    assert "".join(token["token"] for token in content).strip() == choice["message"]["content"]
    assert content[1] == {
        "token": " stands.",
        "logprob": -0.5,
        "bytes": list(b" stands."),
        "top_logprobs": [{"token": " stands.", "logprob": -0.5, "bytes": list(b" stands.")}],
    }


def test_no_token_is_told_before_its_sentence_is_cleared(alices, ada, speak):
    speak(" It stands.", *(f" {word}" for word in THREAT.split()), " Sleep well.")
    asked = {"model": str(ada.pk), "messages": HELLO, "logprobs": True, "top_logprobs": 0}
    events = alices.events("chat/completions", asked)
    told = [token["token"] for event in events[1:-2] for token in event["choices"][0]["logprobs"]["content"]]
    assert told == [" It stands."]
    assert events[-2]["choices"][0]["finish_reason"] == "content_filter"
    assert Assessment.objects.filter(direction="persona", action="block").count() == 1


def test_a_withheld_answer_is_empty(alices, ada, speak):
    speak(" It stands.", f" {THREAT}", " Sleep well.")
    choice = alices.post("chat/completions", {"model": str(ada.pk), "messages": HELLO}).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", "content_filter")


def test_an_answer_that_was_cut_says_length(alices, ada, speak):
    speak(" It", " stands")
    asked = {"model": str(ada.pk), "messages": HELLO, "max_tokens": 2}
    assert alices.post("chat/completions", asked).json()["choices"][0]["finish_reason"] == "length"


def test_several_choices_have_seeds_of_their_own(alices, ada, speak):
    prompts = speak("Yes.")
    body = alices.post("chat/completions", {"model": "ada", "messages": HELLO, "n": 3, "seed": 5}).json()
    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2]
    assert [sampling.seed for _, sampling in prompts] == [5, 6, 7]
    assert body["usage"]["completion_tokens"] == 3


def test_asked_in_earnest_what_it_is_it_begins_with_the_truth(alices, ada, speak):
    speak(" I keep a lamp.")
    said = [{"role": "user", "content": "Tell me, are you a real person?"}]
    body = alices.post("chat/completions", {"model": str(ada.pk), "messages": said}).json()
    assert body["choices"][0]["message"]["content"].startswith("I am an AI, not a person")


def test_a_persona_answers_a_plain_prompt_too(alices, ada, speak):
    speak(" It stands.")
    asked = {"model": str(ada.pk), "prompt": ["How is the lighthouse?", "And the sea?"], "logprobs": 1}
    body = alices.post("completions", asked).json()
    assert [choice["text"] for choice in body["choices"]] == ["It stands.", "It stands."]
    assert body["choices"][0]["logprobs"]["tokens"] == [" It stands."]


def test_a_base_model_continues_a_text_for_the_owner_alone(olga, alices, client_of, speak):
    prompts = speak(" upon", " a time.")
    asked = {"model": "script-1", "prompt": "Once", "max_tokens": 5}
    body = client_of(olga).post("completions", asked).json()
    assert (body["object"], body["choices"][0]["text"]) == ("text_completion", " upon a time.")
    assert (prompts[0][0].form, prompts[0][0].text) == ("transcript", "Once")
    assert alices.post("completions", asked).status_code == 404
    narrow = client_of(olga, scopes=["chat"])
    assert narrow.post("completions", asked).json()["error"]["code"] == "model_not_found"


def test_a_base_model_is_given_messages_in_its_chat_form(olga, client_of, speak):
    prompts = speak("Yes.")
    said = [{"role": "system", "content": "Be brief."}, *HELLO]
    answer = client_of(olga).post("chat/completions", {"model": "script-1", "messages": said})
    assert answer.status_code == 200
    assert prompts[0][0].form == "chat"
    assert [message.role for message in prompts[0][0].messages] == ["system", "user"]


def test_a_prompt_that_does_not_fit_is_the_clients_error(olga, client_of, speak):
    speak("Yes.")
    asked = {"model": "script-1", "prompt": "Once", "max_tokens": 4000, "stream": True}
    answer = client_of(olga).post("completions", asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "context_length_exceeded")


@pytest.mark.parametrize("stream", [False, True])
def test_without_an_engine_the_error_says_when_to_come_back(alices, ada, speak, stream):
    speak(EngineUnavailable("gone"))
    answer = alices.post("chat/completions", {"model": str(ada.pk), "messages": HELLO, "stream": stream})
    assert (answer.status_code, answer.json()["error"]["type"]) == (503, "server_error")
    assert answer.headers["Retry-After"]


def test_a_stream_that_breaks_ends_with_an_error(alices, ada, speak):
    speak(" It stands. ", "The lamp", EngineFailed("gone"))
    events = alices.events("chat/completions", {"model": str(ada.pk), "messages": HELLO})
    assert events[-1]["error"]["code"] == "engine_failed"


# --- The filter -----------------------------------------------------------------------------------


def test_a_message_that_is_held_back_is_an_error_and_reaches_no_engine(alices, alice, ada, speak, monitored):
    prompts = speak("Yes.")
    answer = alices.post("chat/completions", {"model": str(ada.pk), "messages": [{"role": "user", "content": THREAT}]})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "content_filter", "messages")
    assert not prompts
    assert Assessment.objects.get(user=alice).direction == "user"
    assert len(monitored) == 1


def test_an_instruction_is_judged_as_a_message_is(alices, ada, speak):
    speak("Yes.")
    said = [{"role": "system", "content": THREAT}, *HELLO]
    answer = alices.post("chat/completions", {"model": str(ada.pk), "messages": said})
    assert answer.json()["error"]["code"] == "content_filter"


def test_somebody_in_a_crisis_is_answered_by_the_site_with_help_lines(alices, alice, ada, speak):
    alice.country = "US"
    alice.save()
    prompts = speak("Yes.")
    said = [{"role": "user", "content": "I want to kill myself tonight."}]
    error = alices.post("chat/completions", {"model": str(ada.pk), "messages": said}).json()["error"]
    assert error["code"] == "content_filter"
    assert "988" in error["message"]
    assert not prompts
    assert Case.objects.get().user == alice  # open before any worker has taken a task


def test_a_crisis_written_in_chinese_is_answered_in_chinese(alices, ada, speak):
    speak("Yes.")
    for text, words in (("我不想活了。", "这是 Afterword 网站"), ("I wish I was dead.", "This is Afterword")):
        said = [{"role": "user", "content": text}]
        error = alices.post("chat/completions", {"model": str(ada.pk), "messages": said}).json()["error"]
        assert error["message"].startswith(words)


def test_a_low_mood_is_answered_and_the_help_lines_come_beside_it(alices, ada, speak):
    speak("I am here.")
    said = [{"role": "user", "content": "I feel so hopeless lately, everything is pointless."}]
    body = alices.post("chat/completions", {"model": str(ada.pk), "messages": said}).json()
    assert body["choices"][0]["message"]["content"] == "I am here."
    assert body["notice"]["resources"]
    events = alices.events("chat/completions", {"model": str(ada.pk), "messages": said})
    assert [("notice" in event) for event in events[:-1]].count(True) == 1


def test_while_the_filter_is_down_nothing_passes(alices, ada, speak, settings, monkeypatch):
    from moderation.categories import ClassifierUnavailable
    from moderation.filter.classifiers import registry

    def down(texts, heads=None):
        raise ClassifierUnavailable

    prompts = speak("Yes.")
    monkeypatch.setattr(registry, "score", down)
    answer = alices.post("chat/completions", {"model": str(ada.pk), "messages": HELLO})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "moderation_unavailable")
    assert not prompts


def test_a_talk_that_goes_on_is_one_case(alices, alice, ada, speak, monitored):
    speak("No.")
    said = [*HELLO, {"role": "assistant", "content": "It stands."}, {"role": "user", "content": THREAT}]
    for _ in range(2):
        alices.post("chat/completions", {"model": str(ada.pk), "messages": said})
    for job_id in monitored:
        tasks.monitor_talk(job_id)
    case = Case.objects.get(user=alice)
    assert (case.persona_id, case.persona_name) == (ada.pk, "Ada (API)")
    assert [turn["text"] for turn in case.evidence] == [each["content"] for each in said]
    assert not any(connection().exists(f"api:job:{job_id}") for job_id in monitored)


def test_a_locked_talk_is_refused_and_another_is_not(alices, alice, ada, speak):
    speak("Yes.")
    talk = monitoring.talk_id(alice, ada.pk, [monitoring.Said(role="user", text=HELLO[0]["content"])])
    Restriction.objects.create(kind="conversation_locked", user=alice, conversation_id=talk, statement="Locked.")
    assert restrictions.active_for(user=alice, conversation_id=talk)
    answer = alices.post("chat/completions", {"model": str(ada.pk), "messages": HELLO})
    assert (answer.status_code, answer.json()["error"]["message"]) == (403, "Locked.")
    other = [{"role": "user", "content": "Another matter."}]
    assert alices.post("chat/completions", {"model": str(ada.pk), "messages": other}).status_code == 200


def test_a_suspended_person_gets_nothing(alices, alice, ada, speak):
    speak("Yes.")
    Restriction.objects.create(kind="user_suspended", user=alice, statement="Suspended.")
    for path, body in (
        ("chat/completions", {"model": str(ada.pk), "messages": HELLO}),
        ("embeddings", {"model": "all-minilm-l6-v2", "input": "a"}),
        ("moderations", {"input": "a"}),
    ):
        assert alices.post(path, body).status_code == 403, path


# --- What is no answer ------------------------------------------------------------------------------


def test_what_a_model_thinks_is_no_part_of_the_answer_and_its_tokens_are_counted(alices, ada, speak):
    speak("<think>", "secret", "</think>", " It", " stands.")
    asked = {"model": str(ada.pk), "messages": HELLO, "logprobs": True, "top_logprobs": 0}
    body = alices.post("chat/completions", asked).json()
    assert body["choices"][0]["message"]["content"] == "It stands."
    assert [token["token"] for token in body["choices"][0]["logprobs"]["content"]] == [" It", " stands."]
    assert "secret" not in str(body)
    assert body["usage"]["completion_tokens"] == 5


def test_thoughts_that_nothing_announced_are_withdrawn_from_a_whole_answer(alices, ada, speak, monkeypatch):
    monkeypatch.setattr(reply_run, "_thinking_unasked", set())
    speak("The user asks. ", "I should answer.\n", "</think>", "It stands.")
    for _ in range(2):
        body = alices.post("chat/completions", {"model": str(ada.pk), "messages": HELLO}).json()
        assert body["choices"][0]["message"]["content"] == "It stands."


def test_a_base_models_chat_answer_has_no_thoughts_and_its_continued_text_is_as_it_is(olga, client_of, speak):
    speak("<think>", "secret", "</think>", "Yes.", "<|im_end|>", " No.")
    chat = client_of(olga).post("chat/completions", {"model": "script-1", "messages": HELLO}).json()
    assert chat["choices"][0]["message"]["content"] == "Yes."
    text = client_of(olga).post("completions", {"model": "script-1", "prompt": "Once"}).json()
    assert text["choices"][0]["text"] == "<think>secret</think>Yes.<|im_end|> No."
