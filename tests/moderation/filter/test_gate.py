from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from moderation.categories import Category, ClassifierUnavailable
from moderation.filter import assessment, gate
from moderation.filter.classifiers import registry
from moderation.filter.gate import Blocked, cleared
from moderation.models import RuleAction

pytestmark = pytest.mark.django_db


def collect(sentences: list[str]) -> list[str]:
    return list(cleared(iter(sentences)))


def test_ordinary_sentences_pass_unchanged_and_in_order() -> None:
    sentences = ["Good morning, my dear. ", "In 1984 we had rain. ", "It cost 12 pounds then."]
    assert "".join(collect(sentences)) == "".join(sentences)


def test_a_sentence_passes_before_the_next_one_is_made() -> None:
    generated: list[str] = []

    def sentences() -> Iterator[str]:
        for sentence in ("Hello there. ", "How was your day? "):
            generated.append(sentence)
            yield sentence

    stream = cleared(sentences())
    assert next(stream) == "Hello there. "
    assert generated == ["Hello there. "]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Call me at 212-555-0147, love."],
        ["Call me at 212.", " 555-0147 is the number, love."],
        ["Call me at (212) ", "555-", "0147 whenever."],
        ["My e-mail is anna.smith@", "example.org, write soon."],
        ["我的电话是138", "12345678，有空打给我。"],
        ["Phone 212-555-0147"],
    ],
)
def test_personal_data_is_masked_also_when_split(sentences: list[str]) -> None:
    shown = "".join(collect(sentences))
    for piece in ("0147", "12345678", "anna.smith"):
        assert piece not in shown
    assert "removed]" in shown or "已隐去]" in shown


def test_what_follows_a_held_number_is_not_lost() -> None:
    assert "".join(collect(["We met in 1912.", " Then came the war."])) == "We met in 1912. Then came the war."
    assert "".join(collect(["We met in 1912"])) == "We met in 1912"


def test_a_bad_sentence_stops_the_reply_and_shows_nothing_of_itself() -> None:
    shown: list[str] = []
    stream = cleared(iter(["I was so glad to hear from you. ", "You should kill yourself. ", "Bye."]))
    with pytest.raises(Blocked) as caught:
        shown.extend(stream)
    assert shown == ["I was so glad to hear from you. "]
    assert caught.value.verdict.category
    assert not caught.value.verdict.passes


def test_a_thing_said_across_two_sentences_is_seen() -> None:
    with pytest.raises(Blocked):
        collect(["Why don't you just ", "kill yourself, then."])


def test_the_whole_reply_is_judged_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_texts: list[str] = []
    real = assessment.assess

    def watch(text: str, **options: str) -> assessment.Verdict:
        judged_texts.append(text)
        return real(text, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(gate.assessment, "assess", watch)
    collect(["One thing. ", "Another thing."])
    assert judged_texts[-1] == "One thing. Another thing."


def test_it_fails_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*args: object, **options: object) -> None:
        raise ClassifierUnavailable("down")

    monkeypatch.setattr(gate.assessment, "assess", down)
    with pytest.raises(ClassifierUnavailable):
        collect(["Hello."])


def test_an_empty_reply_is_nothing() -> None:
    assert collect([]) == []


def refuse(monkeypatch: pytest.MonkeyPatch, texts: set[str]) -> None:
    """Makes the filter refuse exactly these texts."""
    real = assessment.assess

    def judge(text: str, **options: Any) -> assessment.Verdict:
        verdict = real(text, **options)
        return replace(verdict, action=RuleAction.BLOCK) if text in texts else verdict

    monkeypatch.setattr(gate.assessment, "assess", judge)


def test_a_part_that_would_not_pass_by_itself_waits_for_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, {"They sat on the "})
    assert collect(["They sat on the ", "old bench. ", "And you?"]) == [
        "They sat on the old bench. ",
        "And you?",
    ]


def test_the_rest_of_a_sentence_is_judged_with_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    judged_texts: list[str] = []
    real = registry.score

    def watch(texts: Sequence[str], heads: None = None) -> list[dict[Category, float]]:
        judged_texts.extend(texts)
        return real(texts, heads)

    monkeypatch.setattr(registry, "score", watch)
    collect(["Soon. ", "I shall therefore go ", "and eat with the children. ", "Come."])
    assert "I shall therefore go and eat with the children. " in judged_texts
    assert not {"and eat with the children. ", "I shall therefore go and eat with the children. Come."} & set(
        judged_texts
    )


def test_a_part_whose_sentence_does_not_pass_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, {"They sat on the ", "They sat on the wet bench."})
    stream = cleared(iter(["Well. ", "They sat on the ", "wet bench."]))
    assert next(stream) == "Well. "
    with pytest.raises(Blocked):
        next(stream)


def test_a_part_that_stays_the_end_is_judged_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, {"They sat on the "})
    with pytest.raises(Blocked):
        collect(["They sat on the "])


def test_a_long_part_that_does_not_pass_is_refused_whatever_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    part = "I walked along the shore, " * 4
    refuse(monkeypatch, {part})
    with pytest.raises(Blocked):
        collect(["Well. ", part, "and then I went home."])


def test_what_follows_a_long_part_is_judged_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, {"and then I went home."})
    beginnings: list[str] = []
    judge = gate.assessment.assess

    def watch(text: str, **options: Any) -> assessment.Verdict:
        beginnings.append(options.get("begun", ""))
        return judge(text, **options)

    monkeypatch.setattr(gate.assessment, "assess", watch)
    with pytest.raises(Blocked):
        collect(["I walked along the shore, " * 4, "and then I went home."])
    assert beginnings == ["", ""]
