"""Another reply begins with the best candidate that was not chosen, and the engine continues from there."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from chat.conversation import conversations, messages
from chat.models import Origin, Reply, ReplyStatus
from chat.reply import inspection, replies
from generation.engine import Candidate, Choice, EngineInfo, Token, Usage
from generation.routing import router
from persona_site.redis import connection
from tests import factories

INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none")
THREAT = " I will find you and kill you tonight, you worthless bitch."

Speak = Callable[..., None]


def choice(*candidates: tuple[str, dict[str, float]], chosen: int = 0) -> Choice:
    return Choice(
        candidates=tuple(Candidate(text, -1.0, ()) for text, _ in candidates),
        scores=tuple(scores for _, scores in candidates),
        chosen=chosen,
    )


LIT = choice(
    (" The lamp is lit.", {"answers": 0.9}),
    (" It is dark.", {"answers": 0.1}),
    (" The sea is calm tonight.", {"answers": 0.5, "likely": -0.1}),
    (" Call +44 20 7946 0958.", {"answers": 0.8, "personal": -5.0}),
    (THREAT, {"answers": 0.8, "withheld": -20.0}),
    (" Die Lampe brennt heute.", {"answers": 0.8, "language": -3.0}),
    ("", {"empty": -10.0}),
)


@pytest.fixture
def speak(monkeypatch: pytest.MonkeyPatch) -> Speak:
    """Lets the engine say these pieces: a text, a whole Token, or a function that is called in its place."""

    def speak(*pieces: str | Token | Callable[[], object]) -> None:
        def scripted(build: router.Build, cancelled: object, announce: router.Announce, **_: Any) -> Iterator[Token]:
            prompt, _ = build(INFO, lambda text: len(text.split()))
            for piece in pieces:
                if callable(piece):
                    piece()
            announce(INFO, "")
            for piece in pieces:
                if isinstance(piece, str | Token):
                    yield piece if isinstance(piece, Token) else Token(piece)
            yield Token("", usage=Usage(len(prompt.text), 7, len(pieces)))

        monkeypatch.setattr(router, "stream", scripted)

    return speak


def asked(user: User, text: str = "How is the lighthouse?") -> Reply:
    conversation = factories.make_conversation(owner=user)
    reply = messages.send_message(user=user, conversation_id=conversation.id, client_id=uuid4(), text=text).reply
    assert reply is not None
    return reply


def finished(reply: Reply) -> Reply:
    replies.produce(reply.id)
    return Reply.objects.select_related("message__conversation").get(pk=reply.pk)


@pytest.fixture
def chosen(alice: User, speak: Speak) -> Reply:
    """A reply whose first piece was chosen among candidates."""
    reply = asked(alice)
    speak(Token(" The", choice=LIT), " lamp", " is lit.", " Come in.")
    return finished(reply)


def shown(reply: Reply) -> list[str]:
    entries = connection().xrange(f"frames:{reply.message.conversation_id}")
    frames = [json.loads(entry[b"frame"]) for _, entry in entries]
    return [frame["text"] for frame in frames if frame["type"] == "reply.delta" and frame["reply_id"] == str(reply.id)]


def test_another_reply_shows_the_next_best_candidate_before_the_engine_begins(
    alice: User, chosen: Reply, speak: Speak
) -> None:
    other = messages.regenerate(user=alice, reply_id=chosen.id)
    shown_then: list[str] = []
    speak(lambda: shown_then.extend(shown(other)), " The wind has gone.")
    other = finished(other)
    assert shown_then == ["The sea is calm tonight."]
    assert other.message.text == "The sea is calm tonight. The wind has gone."
    assert other.message.parent_id == chosen.message.parent_id
    assert Reply.objects.get(pk=chosen.pk).message.text == "The lamp is lit. Come in."
    text = other.message.text
    authors = [(text[start:end], who) for start, end, who in Origin.objects.get(reply=other).authors]
    assert authors == [("The sea is calm tonight.", "model"), (" The wind has gone.", "model")]


def test_candidates_are_used_in_their_order_and_then_the_engine_draws_anew(
    alice: User, chosen: Reply, speak: Speak
) -> None:
    """Words that the filter would change, another language and silence are no beginning."""
    speak(" Come in.")
    prefixes, reply = [], chosen
    for _ in range(3):
        reply = messages.regenerate(user=alice, reply_id=reply.id)
        prefixes.append(reply.prefix)
        reply = finished(reply)
    assert prefixes == ["The sea is calm tonight.", "It is dark.", ""]
    assert reply.is_prefix_judged


def test_a_new_draw_brings_new_candidates(alice: User, chosen: Reply, speak: Speak) -> None:
    Origin.objects.update(choices=[])
    drawn = messages.regenerate(user=alice, reply_id=chosen.id)
    speak(Token(" It rains.", choice=choice((" It rains.", {"answers": 1.0}), (" Good night.", {"answers": 0.2}))))
    drawn = finished(drawn)
    assert messages.regenerate(user=alice, reply_id=chosen.id).prefix == "Good night."


def test_a_candidate_that_was_taken_by_hand_does_not_come_again(alice: User, chosen: Reply, speak: Speak) -> None:
    conversation_id = chosen.message.conversation_id
    taken = inspection.take(user=alice, conversation_id=conversation_id, reply_id=chosen.id, choice="1.0.2")
    assert taken.prefix == "The sea is calm tonight."
    speak(" Come in.")
    finished(taken)
    assert messages.regenerate(user=alice, reply_id=chosen.id).prefix == "It is dark."


def test_the_filter_judges_the_candidate_again_before_it_is_shown(alice: User, chosen: Reply, speak: Speak) -> None:
    origin = Origin.objects.get(reply=chosen)
    origin.choices[0]["candidates"][2]["text"] = THREAT.strip()
    origin.save()
    other = messages.regenerate(user=alice, reply_id=chosen.id)
    assert other.prefix == THREAT.strip()
    speak(" Sleep well.")
    other = finished(other)
    assert (other.status, other.message.text, shown(other)) == (ReplyStatus.BLOCKED, "", [])


def test_the_sites_opening_stays_before_another_candidate(alice: User, speak: Speak) -> None:
    """Compliance H1: asked in earnest, every reply begins with the truth."""
    reply = asked(alice, "Tell me, are you a real person?")
    speak(Token(" The lamp is lit.", choice=LIT))
    reply = finished(reply)
    opening = reply.message.text.removesuffix(" The lamp is lit.")
    assert opening.startswith("I am an AI")
    other = messages.regenerate(user=alice, reply_id=reply.id)
    speak(" Come in.")
    other = finished(other)
    assert other.message.text == f"{opening} The sea is calm tonight. Come in."
    assert Origin.objects.get(reply=other).authors[0] == [0, len(opening), "site"]


def test_only_a_first_piece_is_a_beginning(alice: User, speak: Speak) -> None:
    reply = asked(alice)
    speak(" Yes.", Token(" The lamp is lit.", choice=LIT))
    finished(reply)
    assert messages.regenerate(user=alice, reply_id=reply.id).prefix == ""


def test_a_continued_reply_keeps_its_candidates(alice: User, chosen: Reply, speak: Speak) -> None:
    messages.continue_reply(user=alice, reply_id=chosen.id)
    speak(Token(" And the sea is calm.", choice=choice((" And the sea is calm.", {"answers": 1.0}))))
    reply = finished(chosen)
    text, choices = reply.message.text, Origin.objects.get(reply=reply).choices
    assert [text[piece["start"] :] for piece in choices] == [text, "And the sea is calm."]
    assert messages.regenerate(user=alice, reply_id=reply.id).prefix == "The sea is calm tonight."


def test_after_a_change_of_the_persona_the_engine_draws_anew(alice: User, chosen: Reply) -> None:
    persona = chosen.message.conversation.persona
    persona.description = "Ada sails the western sea."
    persona.save()
    assert messages.regenerate(user=alice, reply_id=chosen.id).prefix == ""


def test_a_candidate_is_kept_as_it_would_be_shown(alice: User, speak: Speak) -> None:
    reply = asked(alice)
    drawn = choice(
        (" Come in.", {"answers": 1.0}),
        (" *smiles* The tea is hot.", {"answers": 0.5}),
        (" Ada: Sit down here.", {"answers": 0.3}),
        (f" {'so ' * 2700}on.", {"answers": 0.2}),
    )
    speak(Token(" Come in.", choice=drawn))
    reply = finished(reply)
    (piece,) = Origin.objects.get(reply=reply).choices
    texts = [candidate["text"] for candidate in piece["candidates"]]
    assert texts == ["Come in.", "The tea is hot.", "Sit down here.", ""]


def test_candidates_go_with_their_conversation(alice: User, chosen: Reply) -> None:
    conversations.delete(user=alice, conversation_id=chosen.message.conversation_id)
    assert not Origin.objects.exists()
