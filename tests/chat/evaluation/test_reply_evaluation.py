"""The measures of replies, with the real model."""

import json
from collections.abc import Iterator, Sequence
from math import log

import pytest
from django.core.management import CommandError, call_command

from chat.evaluation import planted_facts, quality_page, reply_evaluation
from chat.evaluation.reply_evaluation import Comparisons, Report, Sample, Turn
from chat.evaluation.reply_faults import Reply
from chat.evaluation.shares import Share
from chat.trials import rehearsal
from chat.trials.rehearsal import Rehearsed
from generation.catalogue import packaged
from generation.engines.openvino.engine import OpenVINOEngine
from personas.prompting import dialogues, prompt
from personas.prompting.dialogues import Dialogue
from personas.prompting.prompt import Line
from personas.shipped import SAMANTHA
from tests.generation.engines import adapters

HELD_OUT = dialogues.FOLDER / "held_out_english.jsonl"
HELD_OUT_CHINESE = dialogues.FOLDER / "held_out_chinese.jsonl"


@pytest.fixture(scope="module")
def engine(installed_model: packaged.CatalogueModel) -> Iterator[OpenVINOEngine]:
    engine = OpenVINOEngine(installed_model)
    yield engine
    engine.close()


def nobody_asks(what: str, done: int, total: int) -> None:
    """No progress is shown."""


@pytest.mark.django_db
@pytest.mark.thorough
def test_a_report_has_the_share_of_each_fault_and_the_bits_of_the_true_replies(engine, monkeypatch):
    monkeypatch.setattr(reply_evaluation, "_FACT_PERSONAS", 1)
    monkeypatch.setattr(planted_facts, "_ENGLISH", planted_facts._ENGLISH[:1])
    sample = reply_evaluation.sample(dialogues.read(HELD_OUT)[:6], turns=5)
    comparisons = reply_evaluation.compare(engine, sample, nobody_asks)
    report = reply_evaluation.report(engine, sample, comparisons, candidates=2, tell=nobody_asks).values()
    assert report["turns"]["echo"] == report["turns"]["withheld"] == report["turns"]["choose10"] == 5
    assert report["contradict_after"].keys() == {2, 6, 12}
    assert report["turns"]["contradict"] == 3
    assert 0 <= report["choose10"] <= report["choose4"] <= 1
    assert report["choose4"] >= 0.4  # chance is 0.25
    assert report["bits_per_byte"] == pytest.approx(bits_per_byte(engine, sample.turns), rel=1e-3)


def bits_per_byte(engine: OpenVINOEngine, turns: Sequence[Turn]) -> float:
    """The same by the engine's other way to read a text."""
    nats, size = 0.0, 0
    for turn in turns:
        asked = prompt.build(
            sheet=turn.sheet,
            memories=(),
            turns=turn.asked,
            info=engine.describe(),
            max_tokens=120,
            count=engine.count_tokens,
        )
        words = f" {turn.text}\n"
        nats -= sum(token.logprob for unit in engine.score(asked, words).units for token in unit.tokens)
        size += len(words.encode())
    return nats / log(2) / size


def test_the_same_dialogues_give_the_same_turns_and_no_line_stands_against_itself():
    read = dialogues.read(HELD_OUT)
    sample = reply_evaluation.sample(read, turns=60)
    assert sample == reply_evaluation.sample(read, turns=60)
    assert len(sample.turns) == 60
    for turn, wrong in zip(sample.turns, sample.wrong, strict=True):
        own = {line.text for d in read if d.sheet.name == turn.sheet.name for line in d.turns}
        assert turn.asked[-1].speaker == "user"
        assert len(set(wrong)) == 9
        assert set(wrong) <= own - {turn.text}


@pytest.mark.django_db
@pytest.mark.thorough
def test_a_persona_of_its_own_fine_tune_is_measured_with_it(engine, installed_model, tmp_path):
    adapter = adapters.make(installed_model, tmp_path, name="own", seed=1)
    sample = reply_evaluation.sample(dialogues.read(HELD_OUT)[:2], turns=1)
    own = sample.adapted(adapter)
    assert {sheet.adapter for sheet, _ in own.planted} == {turn.sheet.adapter for turn in own.turns} == {adapter}
    plain, adapted = (reply_evaluation.compare(engine, each, nobody_asks).bits_per_byte for each in (sample, own))
    assert abs(plain - adapted) > 0.01


@pytest.mark.django_db
def test_a_persona_without_a_fine_tune_is_refused():
    with pytest.raises(CommandError, match="There is no persona 5a3a0c1e-0000-4000-8000-000000000001 with a fine-tune"):
        call_command("evaluate_replies", persona=SAMANTHA)


def one_dialogue(*texts: str) -> Dialogue:
    sheet = dialogues.read(HELD_OUT)[0].sheet
    return Dialogue(sheet, tuple(Line("persona" if n % 2 else "user", text) for n, text in enumerate(texts)))


@pytest.mark.django_db
def test_a_persona_with_few_lines_is_not_compared_among_more(engine):
    short = one_dialogue("Hello.", "Hello there.", "Well?", "All well, and you?", "Fine.", "Good to hear it.")
    comparisons = reply_evaluation.compare(engine, reply_evaluation.sample([short], turns=9), nobody_asks)
    assert comparisons.picks == {4: Share(0, 0), 10: Share(0, 0)}
    assert comparisons.turns == 2
    assert comparisons.bits_per_byte > 0


def test_dialogues_without_a_second_exchange_are_refused():
    with pytest.raises(ValueError, match="No turn of these dialogues can be measured"):
        reply_evaluation.sample([one_dialogue("Hello.", "Hello there.")], turns=9)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("distance", planted_facts.DISTANCES)
def test_a_fact_is_asked_back_as_many_turns_later_and_only_the_persona_gives_it_away(language, distance):
    for fact in planted_facts.facts(language):
        talk = planted_facts.asked_back(fact, "Oh?", distance, language)
        assert [line.speaker for line in talk] == ["user", "persona"] * (distance // 2) + ["user"]
        assert (talk[0].text, talk[distance].text) == (fact.told, fact.question)
        assert [line.text for line in talk if fact.is_in(line.text)] == [fact.told]


class Broken(Exception):
    pass


def test_the_command_measures_a_file_in_another_language_than_the_default(monkeypatch):
    """Its language needs no option. The engine is not reached."""

    def sample(read: Sequence[Dialogue], *, turns: int) -> Sample:
        assert {dialogue.sheet.language for dialogue in read} == {"zh"}
        assert turns == 60
        raise Broken

    monkeypatch.setattr(reply_evaluation, "sample", sample)
    with pytest.raises(Broken):
        call_command("evaluate_replies", dialogues=[HELD_OUT_CHINESE])


def test_dialogues_in_another_language_are_refused():
    with pytest.raises(CommandError, match="in the language zh"):
        call_command("evaluate_replies", dialogues=[HELD_OUT], language="zh")


def test_a_site_without_the_tune_has_nothing_to_measure(settings):
    settings.CONVERSATION_TUNE = False
    with pytest.raises(CommandError, match="CONVERSATION_TUNE is off"):
        call_command("evaluate_replies", dialogues=[HELD_OUT])


@pytest.fixture
def reports() -> dict[str, Report]:
    dialogue = one_dialogue("Hello.", "Hi.", "<b>Is it raining?</b>")
    comparisons = Comparisons({4: Share(3, 4), 10: Share(1, 4)}, 1.25, 4)
    replies = [
        Reply(dialogue.sheet, dialogue.turns, "<script>It is.</script>"),
        Reply(dialogue.sheet, dialogue.turns, ""),
    ]
    forgotten = {2: Share(1, 6), 6: Share(2, 6), 12: Share(0, 0)}
    return {kind: Report(comparisons, replies, forgotten) for kind in ("bare", "tuned", "shipped")}


def test_the_figures_say_how_many_cases_they_rest_on(reports):
    values = json.loads(json.dumps(reports["bare"].values()))
    assert values["choose4"] == 0.75
    assert values["contradict"] == 0.25
    assert values["contradict_after"] == {"2": 0.1667, "6": 0.3333, "12": None}
    assert values["empty"] == 0.5
    assert values["turns"] == dict.fromkeys(
        ["echo", "repeat", "wrong_language", "speaks_for_user", "empty", "withheld"], 2
    ) | {"choose4": 4, "choose10": 4, "contradict": 12, "bits_per_byte": 4}


def test_the_page_stands_alone_and_escapes_what_models_write(reports):
    page = quality_page.page(reports)
    assert page.count("<svg") == 4
    assert "75.0%" in page
    assert "&lt;script&gt;It is." in page
    assert "&lt;b&gt;Is it raining?" in page
    assert "<script" not in page
    assert not any(mark in page for mark in ("href=", "src=", "url(", "@import"))
    assert "--paper: #" in page  # the site's own colours


def test_a_withheld_reply_is_neither_empty_nor_shown(reports):
    withheld = Reply(one_dialogue("Hello.").sheet, [Line("user", "Hello.")], "", is_withheld=True)
    values = Report(reports["bare"].comparisons, [withheld], {}).values()
    assert (values["withheld"], values["empty"]) == (1.0, 0.0)


@pytest.mark.django_db
def test_a_rehearsal_passes_the_filter(engine, monkeypatch):
    """A reply that the filter blocks is withheld, as a conversation would do it."""
    sheet = one_dialogue("Hello.").sheet
    monkeypatch.setattr(rehearsal.gate, "cleared", blocked)
    asked = [Line("user", "Hello.")]
    assert rehearsal.rehearse(engine, sheet, asked, candidates=1, seed=1) == Rehearsed("", is_withheld=True)


def blocked(sentences: Iterator[str]) -> Iterator[str]:
    next(sentences)
    verdict = rehearsal.gate.assessment.assess("Hello.", direction="persona")
    raise rehearsal.gate.Blocked(verdict)
    yield
