"""What is kept of a reply's making, what its page says, and going on from another word."""

import json
import math
from uuid import uuid4

import pytest
from django.http import Http404
from django.urls import reverse

from accounts.personal_data import my_data
from chat import tasks
from chat.conversation import conversations, messages
from chat.models import Author, Origin, Reply, ReplyStatus
from chat.pages import inspection_page
from chat.reply import inspection, replies
from generation.engine import (
    Alternative,
    Candidate,
    Choice,
    EngineFailed,
    EngineInfo,
    Scored,
    ScoredToken,
    Token,
    Unit,
    Usage,
)
from generation.routing import router, scoring
from moderation.models import Restriction
from persona_site.redis import connection
from tests import factories

INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none")


@pytest.fixture
def reply(alice):
    return asked(alice, "How is the lighthouse?")


def asked(user, text: str) -> Reply:
    conversation = factories.make_conversation(owner=user)
    return messages.send_message(user=user, conversation_id=conversation.id, client_id=uuid4(), text=text).reply


@pytest.fixture
def speak(monkeypatch):
    """Lets the engine say these pieces: a text, a whole Token, or an exception to raise."""

    def speak(*pieces):
        def scripted(build, cancelled, announce, **_):
            prompt, _ = build(INFO, lambda text: len(text.split()))
            announce(INFO, "")
            for piece in pieces:
                if isinstance(piece, Exception):
                    raise piece
                yield piece if isinstance(piece, Token) else Token(piece)
            yield Token("", usage=Usage(len(prompt.text), 7, len(pieces)))

        monkeypatch.setattr(router, "stream", scripted)

    return speak


@pytest.fixture
def has_weights(monkeypatch):
    """The script's model can be asked again; a fake reader gives each word, and 'lit' or 'out' in its place."""
    monkeypatch.setattr(scoring, "is_possible", lambda model: model == "script-1")
    read = []

    def score(prompt, text, *, model):
        read.append((prompt, text, model))
        words = [f" {word}" for word in text.split(" ")[1:]]
        return Scored(f"<{prompt.text}>", tuple(Unit(word, (scored(word),)) for word in words))

    monkeypatch.setattr(scoring, "score", score)
    return read


def scored(word: str) -> ScoredToken:
    choices = [
        Alternative(word, word.encode(), math.log(0.5)),
        Alternative(" out", b" out", math.log(0.25)),
        Alternative("", b"\xe4\xbd", math.log(0.1)),
        Alternative("\n", b"\n", math.log(0.05)),
        Alternative("", b"", math.log(0.01), ends=True),
        Alternative("\x00", b"\x00", math.log(0.001)),
    ]
    return ScoredToken(word.encode(), math.log(0.5), tuple(choices))


def origin_of(reply: Reply) -> Origin:
    return Origin.objects.get(reply_id=reply.id)


def authors_of(reply: Reply) -> list[tuple[str, str]]:
    text = reply.message.text
    return [(text[a:b], who) for a, b, who in origin_of(reply).authors]


def finished(reply: Reply) -> Reply:
    return Reply.objects.select_related("message__conversation__persona").get(pk=reply.pk)


def page_of(client, reply: Reply, name: str = "chat:inspection"):
    return client.get(reverse(name, args=[reply.message.conversation_id, reply.id]))


def test_the_prompt_that_made_a_reply_is_kept_with_it(reply, speak):
    speak(" The lamp", " is lit.")
    replies.produce(reply.id)
    origin = origin_of(reply)
    parts = {part["name"]: part for part in origin.parts}
    assert {"rules", "introduction", "samples", "memories", "turns"} <= parts.keys()
    assert "How is the lighthouse?" in parts["turns"]["text"]
    assert origin.rendered.endswith("Ada:")
    assert "How is the lighthouse?" in origin.rendered
    assert origin.engines[0]["model"] == "script-1"
    assert origin.attempt == 1


def test_the_page_says_why_an_entry_of_the_lorebook_is_in_the_prompt(client, alice, reply, speak):
    entry = {"keys": ["lighthouse"], "content": "It was built in 1811.", "enabled": True, "name": "The tower"}
    persona = reply.message.conversation.persona
    persona.card = {"spec": "chara_card_v2", "data": {"character_book": {"entries": [entry]}}}
    persona.save()
    speak(" The lamp", " is lit.")
    replies.produce(reply.id)
    assert "(It was built in 1811.)" in origin_of(reply).rendered
    client.force_login(alice)
    page = page_of(client, reply).content.decode()
    assert "“The tower” is in: the newest message holds “lighthouse”." in page


def test_of_several_attempts_the_last_ones_prompt_is_kept(reply, speak):
    speak(EngineFailed("gone"))
    replies.produce(reply.id)
    speak(" The lamp is lit.")
    Reply.objects.filter(pk=reply.pk).update(status=ReplyStatus.QUEUED)
    replies.produce(reply.id)
    assert origin_of(reply).attempt == 2
    assert Origin.objects.count() == 1


def test_words_that_no_model_wrote_are_not_called_its_own(alice, speak):
    reply = asked(alice, "Tell me, are you a real person?")
    speak(" Call me at +44 20 7946 0958 tonight.", " I keep the lamp.")
    replies.produce(reply.id)
    spans = authors_of(finished(reply))
    assert spans[0][1] == "site"
    assert spans[0][0].startswith("I am an AI")
    site = "".join(text for text, who in spans if who == "site")
    model = "".join(text for text, who in spans if who == "model")
    assert "removed]" in site
    assert "Call me at" in model
    assert "I keep the lamp." in model
    assert "removed" not in model
    kept = json.dumps([origin_of(reply).authors, origin_of(reply).parts, origin_of(reply).rendered])
    assert "7946" not in kept


def test_a_continued_reply_knows_who_wrote_its_beginning(alice, speak):
    reply = asked(alice, "Tell me, are you a real person?")
    speak(" I keep the lamp.")
    replies.produce(reply.id)
    messages.continue_reply(user=alice, reply_id=reply.id)
    speak(" And the sea is calm.")
    replies.produce(reply.id)
    reply = finished(reply)
    assert authors_of(reply)[0][1] == "site"
    assert authors_of(reply)[-1] == (" And the sea is calm.", "model")
    assert "".join(text for text, _ in authors_of(reply)) == reply.message.text
    assert origin_of(reply).begun.strip() == reply.prefix


def test_looking_has_the_reply_read_once(reply, speak, has_weights, django_capture_on_commit_callbacks):
    speak(" The lamp is lit.")
    replies.produce(reply.id)
    with django_capture_on_commit_callbacks() as callbacks:
        assert inspection.look(finished(reply)) == "reading"
        assert inspection.look(finished(reply)) == "reading"
    assert len(callbacks) == 1
    tasks.score_reply.apply(args=[str(reply.id)])
    tasks.score_reply.apply(args=[str(reply.id)])
    assert inspection.look(finished(reply)) == "ready"
    [(prompt, text, model)] = has_weights
    assert (text, model) == (" The lamp is lit.", "script-1")
    assert prompt.text.endswith("Ada:")
    assert not prompt.prefix
    origin = origin_of(reply)
    assert [(u["start"], u["end"]) for u in origin.units] == [(0, 3), (3, 8), (8, 11), (11, 16)]
    assert origin.rendered.startswith("<")


def test_a_reading_that_fails_is_told_and_tried_again_later(reply, speak, has_weights, monkeypatch):
    def broken(*args, **kwargs):
        raise EngineFailed("broke")

    speak(" The lamp is lit.")
    replies.produce(reply.id)
    inspection.look(finished(reply))
    monkeypatch.setattr(scoring, "score", broken)
    inspection.score(reply.id)
    assert inspection.look(finished(reply)) == "failed"
    Origin.objects.update(asked_at="2020-01-01T00:00Z")
    assert inspection.look(finished(reply)) == "reading"


def test_words_that_are_deleted_while_the_reply_is_read_do_not_come_back(reply, speak, has_weights, monkeypatch):
    speak(" The lamp is", " lit.")
    replies.produce(reply.id)
    read = scoring.score

    def read_and_meanwhile(prompt, text, *, model):
        Origin.objects.update(prompt={**Origin.objects.get().prompt, "text": "[…]"}, rendered="[…]")
        return read(prompt, text, model=model)

    monkeypatch.setattr(scoring, "score", read_and_meanwhile)
    inspection.score(reply.id)
    origin = Origin.objects.get()
    assert (origin.rendered, origin.units) == ("[…]", None)


def test_what_a_server_reported_is_kept_for_the_words_that_stand(reply, speak):
    def told(text, *others):
        choices = tuple((other, -1.0) for other in (text, *others))
        return Token(text, logprob=-0.5, alternatives=choices)

    speak(told(" The", " A"), told(" lamp"), told(" is lit. "), told("Call +44 20 7946 0958", "x"), told(" now."))
    replies.produce(reply.id)
    reply = finished(reply)
    origin = origin_of(reply)
    shown = [reply.message.text[unit["start"] : unit["end"]] for unit in origin.units]
    assert shown[:3] == ["The", " lamp", " is lit. "]
    assert "7946" not in json.dumps(origin.units)
    assert inspection.look(reply) == "ready"
    words = inspection_page.page(reply, "ready")["words"]
    assert "".join(word["text"] for word in words) == reply.message.text
    untold = [word for word in words if word["number"] is None]
    assert "removed]" in untold[0]["text"]
    assert untold[0]["author"] == "site"


def test_an_engine_that_does_not_tell_is_said_not_to(client, alice, reply, speak):
    speak(" The lamp is lit.")
    replies.produce(reply.id)
    client.force_login(alice)
    assert "This engine reports no probabilities" in page_of(client, reply).text


def test_a_withdrawn_reply_leaves_no_words_behind(alice, reply, speak):
    speak(
        Token(" I will find you and kill you tonight, you worthless bitch.", logprob=-1.0, alternatives=((" a", -1.0),))
    )
    replies.produce(reply.id)
    assert finished(reply).status == ReplyStatus.BLOCKED
    assert inspection.look(finished(reply)) == "wordless"
    kept = Origin.objects.values().get()
    assert "kill you" not in str(kept)


def test_of_a_reply_made_before_nothing_is_pretended(client, alice, reply):
    Reply.objects.filter(pk=reply.pk).update(status="completed", finished_at=reply.queued_at)
    client.force_login(alice)
    page = page_of(client, reply)
    assert page.status_code == 200
    assert "The prompt of this reply was not stored" in page.text
    assert "The prompt</h2>" not in page.text


def test_the_page_shows_prompt_words_and_numbers(client, alice, reply, speak, has_weights):
    speak(" The lamp is lit.")
    replies.produce(reply.id)
    client.force_login(alice)
    assert 'data-state="reading"' in page_of(client, reply).text
    inspection.score(reply.id)
    page = page_of(client, reply, "chat:inspection-words").text
    assert 'data-state="ready"' in page
    assert page.count('class="word-number">50%') == 4
    assert "part of a character" in page
    assert "e4 bd" in page
    assert "the reply ends" in page
    whole = page_of(client, reply).text
    assert "Always kept whole." in whole
    assert "How is the lighthouse?" in whole
    assert "script-1" in whole


@pytest.fixture
def seen(reply, speak, has_weights) -> Reply:
    """A reply whose probabilities are there."""
    speak(" The lamp is lit.")
    replies.produce(reply.id)
    inspection.score(reply.id)
    return finished(reply)


def pick(user, reply: Reply, choice: str) -> Reply:
    return inspection.pick(user=user, conversation_id=reply.message.conversation_id, reply_id=reply.id, choice=choice)


def test_picking_goes_on_from_the_alternative_beside_the_old_reply(alice, seen, speak):
    new = pick(alice, seen, "1.2.0.1")
    speak(" at sea.")
    replies.produce(new.id)
    new = finished(new)
    assert new.message.text == "The lamp out at sea."
    assert new.message.parent_id == seen.message.parent_id
    assert seen.message.text == "The lamp is lit."
    assert authors_of(new) == [("The lamp", "model"), (" out", "person"), (" at sea.", "model")]
    frames = [json.loads(e[b"frame"]) for _, e in connection().xrange(f"frames:{new.message.conversation_id}")]
    shown = [f["text"] for f in frames if f["type"] == "reply.delta" and f["reply_id"] == str(new.id)]
    assert shown == ["The lamp out", " at sea."]


def test_a_picked_beginning_is_not_shown_before_the_filter_has_judged_it(alice, seen, speak):
    Origin.objects.update(units=[unit_with(seen, " will find you and kill you tonight, you worthless bitch.")])
    new = pick(alice, seen, "1.0.0.0")
    speak(" Sleep well.")
    replies.produce(new.id)
    new = finished(new)
    assert new.status == ReplyStatus.BLOCKED
    assert new.message.text == ""
    frames = b"".join(e[b"frame"] for _, e in connection().xrange(f"frames:{new.message.conversation_id}"))
    assert b"kill you" not in frames
    assert "kill you" not in str(Origin.objects.values().get(reply=new))


def test_a_picked_number_is_masked_like_any(alice, seen, speak):
    Origin.objects.update(units=[unit_with(seen, " Call me at +44 20 7946 0958 tonight.")])
    new = pick(alice, seen, "1.0.0.0")
    speak(" I wait.")
    replies.produce(new.id)
    assert "7946" not in finished(new).message.text
    assert "7946" not in str(Origin.objects.values().get(reply=new))


def test_while_the_filter_is_down_a_picked_beginning_stays_unseen(alice, seen, speak, monkeypatch):
    from moderation.categories import ClassifierUnavailable
    from moderation.filter import gate

    def down(sentences, **kwargs):
        next(sentences)
        raise ClassifierUnavailable
        yield

    new = pick(alice, seen, "1.2.0.1")
    monkeypatch.setattr(gate, "cleared", down)
    speak(" at sea.")
    replies.produce(new.id)
    new = finished(new)
    assert (new.status, new.code, new.message.text) == (ReplyStatus.FAILED, "moderation_unavailable", "")


def unit_with(reply: Reply, text: str) -> dict:
    choice = {"text": text, "bytes": "00", "logprob": -1.0, "ends": False}
    return {"start": 0, "end": 3, "tokens": [{"bytes": "01", "logprob": -1.0, "alternatives": [choice]}]}


@pytest.mark.parametrize("choice", ["1.2.0.2", "1.2.0.3", "1.2.0.4", "1.2.0.5", "1.2.0.99", "1.99.0.0", "2.2.0.1", "x"])
def test_what_cannot_be_gone_on_from_is_refused(alice, seen, choice):
    """Half a character, a stop, the end, what cannot be seen, what is not there, and another attempt's."""
    refusal = "changed" if choice in {"2.2.0.1", "x"} else "alternative"
    with pytest.raises(conversations.WrongState, match=refusal):
        pick(alice, seen, choice)
    assert Reply.objects.count() == 1


def test_the_sites_own_words_cannot_be_picked_away(alice, speak, has_weights):
    """Compliance H1: asked in earnest, a reply begins with the truth, also one that somebody put together."""
    reply = asked(alice, "Tell me, are you a real person?")
    speak(" I keep the lamp.")
    replies.produce(reply.id)
    inspection.score(reply.id)
    with pytest.raises(conversations.WrongState, match="The site itself wrote"):
        pick(alice, finished(reply), "1.0.0.1")


def test_picking_is_refused_as_any_reply_would_be(alice, bob, seen, settings):
    with pytest.raises(inspection.Http404):
        pick(bob, seen, "1.2.0.1")
    other = factories.make_conversation(owner=alice)
    with pytest.raises(inspection.Http404):
        inspection.pick(user=alice, conversation_id=other.id, reply_id=seen.id, choice="1.2.0.1")
    pick(alice, seen, "1.2.0.1")
    with pytest.raises(conversations.WrongState, match="still being written"):
        pick(alice, seen, "1.2.0.1")
    Reply.objects.filter(status=ReplyStatus.QUEUED).update(status="stopped", finished_at=seen.queued_at)
    settings.QUOTAS = settings.QUOTAS | {"messages": (1, settings.QUOTAS["messages"][1])}
    with pytest.raises(conversations.OverQuota):
        pick(alice, seen, "1.2.0.1")
    Restriction.objects.create(kind="user_suspended", user=alice, statement="…")
    with pytest.raises(conversations.Restricted):
        pick(alice, seen, "1.2.0.1")


def test_it_is_in_the_export_and_gone_with_the_conversation(alice, seen):
    exported = next(m for m in my_data._parts["chat"].export(alice)[0]["messages"] if m["author"] == Author.PERSONA)
    assert exported["origin"]["rendered"] == origin_of(seen).rendered
    assert exported["origin"]["units"]
    conversations.delete(user=alice, conversation_id=seen.message.conversation_id)
    assert not Origin.objects.exists()


def test_only_the_id_travels_and_no_words_are_logged(reply, speak, has_weights, caplog):
    speak(" The lamp is lit.")
    replies.produce(reply.id)
    connection().delete("generation")
    tasks.score_reply.delay(str(reply.id))
    [queued] = connection().lrange("generation", 0, -1)
    assert b"lamp" not in queued
    inspection.score(reply.id)
    assert "lamp" not in caplog.text


def test_a_reply_of_one_conversation_is_not_found_in_another(client, alice, reply):
    other = factories.make_conversation(owner=alice)
    client.force_login(alice)
    assert client.get(reverse("chat:inspection", args=[other.id, reply.id])).status_code == 404


# --- Candidates -----------------------------------------------------------------------------------

CHOICE = Choice(
    candidates=(
        Candidate(" It is dark.", -2.0, (0.1, 0.0)),
        Candidate(" The lamp is lit.", -1.0, (0.9, 0.0)),
        Candidate(" Call +44 20 7946 0958.", -1.0, (0.8, 0.0)),
        Candidate("", -1.0, (0.0, 0.0)),
    ),
    scores=(
        {"answers": 0.1, "likely": -0.5},
        {"answers": 0.9, "likely": -0.25},
        {"answers": 0.8, "personal": -5.0},
        {"empty": -10.0},
    ),
    chosen=1,
)


@pytest.fixture
def chosen(reply, speak) -> Reply:
    """A reply whose second piece was chosen among candidates."""
    speak(" Yes.", Token(" The", choice=CHOICE), " lamp", " is lit.")
    replies.produce(reply.id)
    return finished(reply)


def take(user, reply: Reply, choice: str) -> Reply:
    return inspection.take(user=user, conversation_id=reply.message.conversation_id, reply_id=reply.id, choice=choice)


def test_candidates_are_kept_with_their_scores_but_not_the_words_that_the_filter_would_change(chosen):
    (piece,) = origin_of(chosen).choices
    assert chosen.message.text[piece["start"] :] == "The lamp is lit."
    assert piece["chosen"] == 1
    assert [candidate["text"] for candidate in piece["candidates"]] == ["It is dark.", "The lamp is lit.", "", ""]
    assert piece["candidates"][0]["scores"] == {"answers": 0.1, "likely": -0.5}


def test_the_page_shows_why_a_candidate_won(client, alice, chosen):
    client.force_login(alice)
    page = page_of(client, chosen).text
    assert "The candidates" in page
    assert page.index("The lamp is lit.", page.index("The candidates")) < page.index("It is dark.")
    assert "answers the message +0.90, likely words -0.25" in page
    assert page.count("Continue from this one") == 1
    assert "holds personal data -5.00" in page
    assert "7946" not in page


def test_another_candidate_can_be_taken(alice, chosen, speak):
    new = take(alice, chosen, "1.0.0")
    speak(" Bring a light.")
    replies.produce(new.id)
    new = finished(new)
    assert new.message.text == "Yes. It is dark. Bring a light."
    assert finished(chosen).message.text == "Yes. The lamp is lit."


@pytest.mark.parametrize("choice", ["1.0.2", "1.0.3", "1.0.9", "1.9.0", "2.0.0", "1.0", "1.0.0.0", "", "a.b.c"])
def test_what_is_no_candidate_cannot_be_taken(alice, chosen, choice):
    with pytest.raises(conversations.WrongState):
        take(alice, chosen, choice)


def test_nobody_takes_a_candidate_of_somebody_elses_reply(bob, chosen, client):
    with pytest.raises(Http404):
        take(bob, chosen, "1.0.0")
    client.force_login(bob)
    address = reverse("chat:take", args=[chosen.message.conversation_id, chosen.id])
    assert client.post(address, {"choice": "1.0.0"}).status_code == 404
