"""A reply's run over the real router, filter, database and Redis; engines of a few lines speak.

However a reply ends, every stage is closed, its cost is counted once, and no error is lost.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from chat.reply import persona_reply, reply_run, sentences
from chat.reply.reply_run import ReplyRun, Script, Stopped
from generation.engine import EngineFailed, EngineInfo, Prompt, PromptPart, Sampling
from generation.models import EngineEntry, EngineSpend
from generation.routing import engine_pool, router, spending
from moderation.filter import gate
from moderation.talk import Turn
from persona_site.redis import cancel_key, connection
from tests import factories
from tests.fakes import BreakingEngine, ScriptedEngine

pytestmark = pytest.mark.django_db

THREAT = "I will find you and kill you tonight, you worthless bitch."
WORDS = ("The lamp", " is lit.", " The sea", " is calm.", " Come", " in.")


@dataclass(kw_only=True)
class Heard(ReplyRun):
    """Keeps what it is shown; `listens` may raise, as somebody who has gone does."""

    shown: list[str] = field(default_factory=list)
    listens: Callable[[str], None] = lambda sentence: None

    def announce(self, info: EngineInfo, because: str) -> None:
        pass

    def show(self, sentence: str) -> None:
        self.listens(sentence)
        self.shown.append(sentence)

    def take_back(self) -> None:
        self.shown.clear()

    @property
    def text(self) -> str:
        return "".join(self.shown)


@pytest.fixture(autouse=True)
def _no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_run, "_thinking_unasked", set())


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts engines in the place of the registered ones, as rows in the order given."""

    def put(*engines: ScriptedEngine) -> None:
        by_name = {engine.name: engine for engine in engines}
        EngineEntry.objects.all().delete()
        for order, name in enumerate(by_name):
            EngineEntry.objects.create(name=name, kind=name, order=order)
        monkeypatch.setattr(engine_pool.engine_kinds, "load", by_name.__getitem__)
        monkeypatch.setattr(router, "POOL", engine_pool.EnginePool())
        monkeypatch.setattr(router, "_breakers", {})

    return put


def script(*stages: reply_run.Stage, **fields: Any) -> Script:
    def build(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        parts = (PromptPart("turns", "Hello", 3),)
        return Prompt(form="transcript", text="Friend: Hello\nAda:", parts=parts), Sampling(max_tokens=50)

    return Script(build=build, stages=stages or (sentences.split,), **fields)


def write(run: Heard, made: Script, subject: UUID | None = None) -> None:
    run.write(made, account="7", subjects=[subject or uuid4()])


def spent() -> tuple[int, int, int]:
    """Replies, prompt tokens and completion tokens that were counted for the account."""
    [row] = EngineSpend.objects.filter(account="7")
    return row.replies, row.prompt_tokens, row.completion_tokens


class Stages:
    """Stages that pass all on and note their end."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    def __call__(self, name: str, *, fails: bool = False, until: int = 100) -> reply_run.Stage:
        def stage(pieces: Iterator[str]) -> Iterator[str]:
            try:
                for number, piece in enumerate(pieces, 1):
                    yield piece
                    if number == until:
                        return
            finally:
                self.ended.append(name)
                if fails:
                    raise RuntimeError(name)

        return stage


@pytest.fixture
def stages() -> Stages:
    return Stages()


# --- However it ends ------------------------------------------------------------------------------


def test_a_whole_reply_is_shown_and_counted_once(use: Any) -> None:
    use(ScriptedEngine(WORDS))
    run = Heard()
    write(run, script())
    assert run.shown == ["The lamp is lit. ", "The sea is calm. ", "Come in."]
    assert (run.completion_tokens, run.prompt_tokens) == (6, 3)
    assert spent() == (1, 3, 6)


def test_a_stop_drops_the_unfinished_sentence_and_is_counted_once(use: Any) -> None:
    use(ScriptedEngine(WORDS))
    subject = uuid4()

    def stop(sentence: str) -> None:
        connection().set(cancel_key(subject), 1, ex=60)

    run = Heard(listens=stop)
    with pytest.raises(Stopped):
        write(run, script(), subject)
    assert run.text.startswith("The lamp is lit. ")
    assert spent()[0] == 1


def test_a_block_ends_the_engine_and_is_counted_once(use: Any) -> None:
    engine = ScriptedEngine(("Good evening. ", THREAT, " Sleep", " well. ", *WORDS))
    use(engine)
    run = Heard()
    with pytest.raises(gate.Blocked):
        write(run, script())
    assert run.text == "Good evening. "
    assert spent() == (1, 3, run.completion_tokens)
    assert run.completion_tokens < 6  # the engine was asked to stop, and said so


def test_an_engine_that_breaks_is_counted_once_and_its_reason_is_raised(use: Any) -> None:
    use(BreakingEngine(WORDS))
    run = Heard()
    with pytest.raises(EngineFailed):
        write(run, script())
    assert (run.text, run.completion_tokens) == ("The lamp is lit. The sea is calm. ", 6)
    assert spent()[::2] == (1, 6)


def test_a_listener_that_is_gone_ends_all_stages_and_is_counted_once(use: Any, stages: Stages) -> None:
    use(ScriptedEngine(WORDS))

    def gone(sentence: str) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        write(Heard(listens=gone), script(stages("text"), sentences.split, stages("sentences")))
    assert stages.ended == ["sentences", "text"]
    assert spent()[0] == 1


def test_a_stage_that_fails_ends_the_others_and_is_counted_once(use: Any, stages: Stages) -> None:
    use(ScriptedEngine(WORDS))

    def broken(pieces: Iterator[str]) -> Iterator[str]:
        yield next(pieces)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        write(Heard(), script(stages("text"), broken, stages("sentences")))
    assert sorted(stages.ended) == ["sentences", "text"]
    assert spent()[0] == 1


def test_where_a_stage_ends_the_reply_the_engine_is_told_and_still_says_what_it_cost(use: Any, stages: Stages) -> None:
    use(ScriptedEngine(WORDS))
    run = Heard()
    write(run, script(stages("text"), sentences.split, stages("sentences", until=1)))
    assert run.text == "The lamp is lit. "
    assert stages.ended == ["sentences", "text"]
    assert spent() == (1, 3, run.completion_tokens)
    assert run.completion_tokens < 6


# --- Errors in clean-up ---------------------------------------------------------------------------


def test_an_error_in_clean_up_is_raised_where_the_reply_went_well(use: Any, stages: Stages) -> None:
    use(ScriptedEngine(WORDS))
    made = script(stages("text", fails=True), sentences.split, stages("sentences", until=1))
    with pytest.raises(RuntimeError, match="text"):
        write(Heard(), made)
    assert stages.ended == ["sentences", "text"]
    assert spent()[0] == 1


def test_an_error_in_clean_up_is_logged_where_the_reply_has_an_outcome(
    use: Any, stages: Stages, caplog: pytest.LogCaptureFixture
) -> None:
    use(ScriptedEngine(("Good evening. ", THREAT, " Sleep well.", " Good night.")))
    with caplog.at_level(logging.ERROR), pytest.raises(gate.Blocked):
        write(Heard(), script(stages("text", fails=True), sentences.split))
    assert caplog.messages == ["reply.not_ended_cleanly"]
    assert THREAT not in caplog.text
    assert spent()[0] == 1


def test_a_cost_that_cannot_be_kept_is_raised(use: Any, stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    use(ScriptedEngine(WORDS))

    def down(**_: Any) -> None:
        raise ConnectionError("no database")

    monkeypatch.setattr(spending, "record", down)
    with pytest.raises(ConnectionError):
        write(Heard(), script(sentences.split, stages("sentences", until=1)))


def test_a_cost_that_cannot_be_kept_does_not_hide_a_block(
    use: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use(ScriptedEngine(("Good evening. ", THREAT, " Sleep well.", " Good night.")))

    def down(**_: Any) -> None:
        raise ConnectionError("no database")

    monkeypatch.setattr(spending, "record", down)
    with caplog.at_level(logging.ERROR), pytest.raises(gate.Blocked):
        write(Heard(), script())
    assert "reply.not_ended_cleanly" in caplog.messages


def test_an_engine_that_breaks_while_nobody_listens_any_more_is_told_in_the_log(
    use: Any, stages: Stages, caplog: pytest.LogCaptureFixture
) -> None:
    second = ScriptedEngine(WORDS, name="second")
    use(BreakingEngine(WORDS), second)
    run = Heard()
    with caplog.at_level(logging.WARNING):
        write(run, script(sentences.split, stages("sentences", until=1)))
    assert run.text == "The lamp is lit. "
    assert "generation.engine_failed" in caplog.messages
    assert not second.prompts  # nobody listens, so no other engine is asked


# --- Thoughts -------------------------------------------------------------------------------------


def test_thoughts_are_not_said_and_are_counted(use: Any) -> None:
    use(ScriptedEngine(("<th", "ink>She greets.", "</thi", "nk>\n\n", "Good", " evening.")))
    run = Heard()
    write(run, script())
    assert (run.text, run.completion_tokens) == ("Good evening.", 6)


def test_thoughts_that_were_shown_are_taken_back_and_the_next_reply_waits_for_their_end(use: Any) -> None:
    use(ScriptedEngine(("The user greets me. ", "I greet back. ", "So.\n", "</think>", "\n\nGood evening.")))
    seen: list[str] = []
    run = Heard(listens=seen.append)
    write(run, script())
    assert run.text == "Good evening."
    assert seen[0].startswith("The user")
    seen.clear()
    write(Heard(listens=seen.append), script())
    assert seen == ["Good evening."]


def test_an_engine_that_thinks_aloud_no_more_is_believed_after_one_reply(use: Any) -> None:
    reply_run._thinking_unasked.add(("scripted", "script"))
    use(ScriptedEngine(WORDS))
    first, second = Heard(), Heard()
    write(first, script())
    write(second, script())
    assert (first.text, second.text) == ("", "The lamp is lit. The sea is calm. Come in.")


def test_an_engine_that_takes_over_is_not_within_the_thoughts_of_the_one_before(use: Any) -> None:
    second = ScriptedEngine(("Good evening.",), name="second")
    use(BreakingEngine(("<think>", "She greets")), second)
    run = Heard()
    write(run, script())
    assert run.text == "Good evening."
    assert second.prompts[0].prefix == ""


def test_a_text_that_is_simply_continued_keeps_its_marks(use: Any) -> None:
    use(ScriptedEngine(("<think>", "a", "</think>", " b.")))
    run = Heard()
    write(run, script(has_thoughts=False))
    assert run.text == "<think>a</think> b."


# --- A persona's script ---------------------------------------------------------------------------


def test_a_personas_script_makes_sentences_that_a_person_would_write(use: Any, alice: Any) -> None:
    use(
        ScriptedEngine(
            ("**Ada", ":** ", "(smiles) ", "It is", " a fine evening. ", "It is", " a fine evening. ", "And so on.")
        )
    )
    persona = factories.make_persona(owner=alice)
    run = Heard()
    write(run, persona_reply.script(persona=persona, turns=turns("Hello.")))
    assert run.text == "It is a fine evening. "
    assert run.prompt is not None
    assert "Friend: Hello." in run.prompt.text


@pytest.mark.parametrize(
    "mark", ["\nYou:", "\n**User:**", "\nTom:", "<|im_start|>user\n", "\n### Instruction\n", "</s><s>[INST]"]
)
def test_a_personas_reply_ends_before_the_persons_part(use: Any, alice: Any, mark: str) -> None:
    use(ScriptedEngine(("The lamp", " is lit.", *mark, " And the sea?")))
    persona = factories.make_persona(owner=alice, calls_user="Tom")
    run = Heard()
    write(run, persona_reply.script(persona=persona, turns=turns("Hello.")))
    assert run.text.strip() == "The lamp is lit."


def test_k3_at_low_mood_only_what_fits_is_shown(use: Any, alice: Any) -> None:
    engine = ScriptedEngine(
        ("You have got", " a lot to eat. ", "Ha ha! ", "I am sorry", " to hear it. ", "My lamp is lit.")
    )
    use(engine)
    persona = factories.make_persona(owner=alice)
    shown = {}
    for text in ("I feel so hopeless lately.", "How was your day?"):
        run = Heard()
        write(run, persona_reply.script(persona=persona, turns=turns(text)))
        shown[text] = run.text.strip()
    assert list(shown.values()) == [
        "I am sorry to hear it.",
        "You have got a lot to eat. Ha ha! I am sorry to hear it. My lamp is lit.",
    ]
    low, ordinary = engine.prompts
    assert "Friend feels low now. Ada listens" in low.text
    assert "feels low" not in ordinary.text


def test_k3_at_low_mood_a_persona_for_whom_nothing_fits_listens(use: Any, alice: Any) -> None:
    use(ScriptedEngine(("Ha ha! ", "Let us eat cake.")))
    run = Heard()
    write(run, persona_reply.script(persona=factories.make_persona(owner=alice), turns=turns("I feel so hopeless.")))
    assert run.text == "I am listening. Tell me more, if you would like to."


def turns(text: str) -> list[Turn]:
    return [Turn(speaker="user", text=text, message_id=uuid4(), at=datetime.now(UTC))]
