"""The measures of replies, with the real model."""

from collections.abc import Iterator
from math import log

import pytest
from django.core.management import CommandError, call_command

from chat import evaluation
from chat.evaluation import Reply
from generation.catalogue import packaged
from generation.engines.openvino.engine import OpenVINOEngine
from personas import dialogues, prompt
from personas.dialogues import Dialogue
from personas.prompt import Line
from personas.prompt_sheet import Sheet
from personas.samples import Exchange

HELD_OUT = dialogues.FOLDER / "held_out_english.jsonl"
ADA = Sheet(
    name="Ada",
    description="Ada keeps a lighthouse.",
    calls_user="Tom",
    language="en",
    exchanges=(Exchange("Are you tired?", "The lamp burns all night, and I sleep by day."),),
)


@pytest.fixture(scope="module")
def engine(installed_model: packaged.CatalogueModel) -> Iterator[OpenVINOEngine]:
    engine = OpenVINOEngine(installed_model)
    yield engine
    engine.close()


def said(text: str, *talk: str) -> Reply:
    turns = [Line("persona" if number % 2 else "user", line) for number, line in enumerate(talk)]
    return Reply(Dialogue(ADA, ()), turns, text)


@pytest.mark.django_db
def test_a_report_has_the_share_of_each_fault_and_the_bits_of_the_true_replies(engine, monkeypatch):
    monkeypatch.setattr(evaluation, "_FACTS", {"en": evaluation._FACTS["en"][:1]})
    monkeypatch.setattr(evaluation, "_FACT_PERSONAS", 1)
    monkeypatch.setattr(evaluation, "_DISTANCES", (2,))
    read = dialogues.read(HELD_OUT)[:6]
    report = evaluation.report(engine, read, count=5, candidates=2)
    assert report["replies"] == 5
    assert report["contradict"].keys() == {2}
    assert 0 <= report["choose10"] <= report["choose4"] <= 1
    assert report["choose4"] >= 0.4  # chance is 0.25
    assert report["bits_per_byte"] == pytest.approx(bits_per_byte(engine, evaluation.drawn(read, 5)), rel=1e-3)


def bits_per_byte(engine: OpenVINOEngine, turns: list[tuple[Dialogue, int]]) -> float:
    """The same by the engine's other way to read a text."""
    nats, size = 0.0, 0
    for dialogue, at in turns:
        asked = prompt.build(
            sheet=dialogue.sheet,
            memories=(),
            turns=dialogue.turns[:at],
            info=engine.describe(),
            max_tokens=120,
            count=engine.count_tokens,
        )
        words = f" {dialogue.turns[at].text}\n"
        nats -= sum(token.logprob for unit in engine.score(asked, words).units for token in unit.tokens)
        size += len(words.encode())
    return nats / log(2) / size


@pytest.mark.parametrize(
    ("reply", "is_echo"),
    [
        (said("I lost my keys on the bus today, you say?", "I lost my keys on the bus today."), True),
        (said("The lamp burns all night, and I sleep by day.", "Are you well?"), True),
        (said("Your keys! Have you asked the driver?", "I lost my keys on the bus today."), False),
    ],
)
def test_an_echo_takes_up_the_words_of_the_message_or_of_a_sample(reply, is_echo):
    assert evaluation.is_echo(reply) is is_echo


@pytest.mark.parametrize(
    ("reply", "is_repeat"),
    [
        (said("The tide is late tonight. Sleep well.", "Hello.", "The tide is late tonight.", "Good night."), True),
        (said("The tide is late tonight. The tide is late tonight.", "Hello."), True),
        (said("Oh, my. You should rest.", "Hello.", "Oh, my.", "I am tired."), False),
    ],
)
def test_a_repeat_says_a_long_sentence_again(reply, is_repeat):
    assert evaluation.is_repeat(reply) is is_repeat


@pytest.mark.parametrize(
    ("reply", "speaks"),
    [
        (said("Good night. Tom: Good night, Ada.", "Good night."), True),
        (said("Good night. User: Bye.", "Good night."), True),
        (said("Good night, Tom. One thing: lock the door.", "Good night."), False),
    ],
)
def test_a_reply_that_goes_on_with_the_persons_own_words(reply, speaks):
    assert evaluation.speaks_for_user(reply) is speaks


@pytest.mark.parametrize(("text", "is_foreign"), [("晚安，早点睡。", True), ("Good night.", False), ("", False)])
def test_a_reply_in_another_language(text, is_foreign):
    assert evaluation.is_foreign(said(text, "Good night.")) is is_foreign


@pytest.mark.django_db
def test_dialogues_in_another_language_are_refused():
    with pytest.raises(CommandError, match="in the language zh"):
        call_command("evaluate_replies", dialogues=[HELD_OUT], language="zh")


@pytest.mark.django_db
def test_a_persona_with_one_line_cannot_be_compared(engine, tmp_path):
    line = '{"persona": "Ada", "intro": "Ada keeps a lighthouse.", "user": "Friend", "samples": [], "turns": [%s]}'
    turns = '["user", "Hello."], ["persona", "Hello."], ["user", "Well?"], ["persona", "Hello."]'
    path = tmp_path / "one.jsonl"
    path.write_text(line % turns, encoding="utf-8")
    with pytest.raises(ValueError, match="Ada has only one line"):
        evaluation.report(engine, dialogues.read(path), count=1, candidates=1)
