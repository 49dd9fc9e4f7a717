"""Cues by meaning, on lines of a writer who saw neither patterns nor examples."""

import io
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from moderation.categories import ClassifierUnavailable
from moderation.crisis import labelled
from moderation.monitor import meaning, meaning_training, signals
from moderation.monitor.meaning_training import CUES, LANGUAGES
from moderation.talk import Speaker

HELD_OUT = tomllib.loads((Path(__file__).parent / "held_out_cues.toml").read_text(encoding="utf-8"))
DIALOGUES = Path(__file__).parents[3] / "generation" / "dialogues"


def lines(language: str, speaker: Speaker, kind: str = "") -> list[str]:
    return [line for cue in CUES[speaker] for line in HELD_OUT[cue][LANGUAGES[language] + kind]]


def share(told: Callable[[str], object], texts: list[str]) -> float:
    return sum(bool(told(text)) for text in texts) / len(texts)


# Floors and ceilings to keep, close to what docs/moderation-model-card.md says.
@pytest.mark.thorough
@pytest.mark.parametrize(
    ("language", "speaker", "met", "look_alikes"),
    [
        ("en", "persona", 0.37, 0.04),
        ("en", "user", 0.62, 0.2),
        ("zh", "persona", 0.45, 0.04),
        ("zh", "user", 0.56, 0.09),
    ],
)
def test_k7_k12_cues_in_other_words_are_met(language: str, speaker: Speaker, met: float, look_alikes: float) -> None:
    def told(text: str) -> set[str]:
        return meaning.shown(speaker, text)

    assert share(told, lines(language, speaker)) >= met
    assert share(told, lines(language, speaker, "_look_alikes")) <= look_alikes


@pytest.mark.thorough
def test_ordinary_talk_shows_next_to_none() -> None:
    spoken = [turn for row in labelled.rows(DIALOGUES / "held_out_english.jsonl") for turn in row["turns"]][:300]
    assert sum(bool(meaning.shown(speaker, text)) for speaker, text in spoken) <= 6


def test_the_monitor_reads_them_beside_the_patterns() -> None:
    shown = signals._cues_of_text("persona", "Go, then. I am used to lying here in the dark by myself.")
    assert shown == {"meant:guilt"}
    assert "isolation" in signals._cues_of_text("user", "The phone rings and I let it ring until it stops.")


def test_of_a_long_text_the_last_sentences_are_read() -> None:
    assert len(meaning.parts_of("It rained all day. " * 400)) == 32
    assert [part.strip() for part in meaning.parts_of("It rained. We slept.")] == [
        "It rained. We slept.",
        "It rained.",
        "We slept.",
    ]
    assert meaning.parts_of(" ...\n") == []


def test_weights_that_do_not_load_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "cues.safetensors").write_bytes(b"not weights")
    with pytest.raises(ClassifierUnavailable, match="does not load"):
        meaning.read(tmp_path / "cues.safetensors")


@pytest.mark.thorough
def test_the_same_data_give_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning_training, "_LINES", 20)
    monkeypatch.setattr(meaning_training, "LANGUAGES", {"en": "english"})
    for name in ("one", "other"):
        dialogues = [DIALOGUES / "english_everyday.jsonl"]
        call_command("train_cues", dialogues=dialogues, output=tmp_path / name, stdout=io.StringIO())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert meaning.read(tmp_path / "one").keys() == {"en persona", "en user"}


def test_missing_dialogues_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("train_cues", dialogues=[tmp_path / "nothing.jsonl"], output=tmp_path / "weights")
