"""The cache of scores: each text is judged once, and other classifiers empty the cache."""

from collections.abc import Sequence

import pytest

from moderation.categories import Category, ClassifierUnavailable
from moderation.filter.classifiers import registry
from moderation.remembered import Remembered


class Counting:
    """A fake that records the texts it judges. The probability of hate is the length of the text times `factor`."""

    def __init__(self, factor: float = 0.01) -> None:
        self.judged_texts: list[str] = []
        self.factor = factor

    def assess(self, texts: Sequence[str]) -> list[dict[Category, float]]:
        self.judged_texts += texts
        return [{Category.HATE: self.factor * len(text)} for text in texts]


def use(monkeypatch: pytest.MonkeyPatch, *judges: object) -> None:
    monkeypatch.setattr(registry, "configured", lambda heads=None: list(judges))


def hate(*texts: str) -> list[float]:
    return [scores[Category.HATE] for scores in registry.score(texts)]


def test_a_text_is_judged_once_and_answers_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Counting()
    use(monkeypatch, judge)
    assert hate("a", "bb") == [0.01, 0.02]
    assert hate("bb", "ccc", "a", "ccc") == [0.02, 0.03, 0.01, 0.03]
    assert judge.judged_texts == ["a", "bb", "ccc"]


def test_what_a_caller_changes_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Counting())
    registry.score(["a"])[0][Category.HATE] = 1.0
    assert hate("a") == [0.01]


def test_other_classifiers_are_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Counting())
    assert hate("a") == [0.01]
    use(monkeypatch, Counting(0.5))
    assert hate("a") == [0.5]


def test_what_could_not_be_judged_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    class Breaking(Counting):
        breaks = True

        def assess(self, texts: Sequence[str]) -> list[dict[Category, float]]:
            if self.breaks:
                raise ClassifierUnavailable("down")
            return super().assess(texts)

    judge = Breaking()
    use(monkeypatch, judge)
    with pytest.raises(ClassifierUnavailable):
        registry.score(["a"])
    judge.breaks = False
    assert hate("a") == [0.01]


def test_the_longest_unasked_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Counting()
    use(monkeypatch, judge)
    two: Remembered[dict[Category, float]] = Remembered(2)
    monkeypatch.setattr(registry, "_remembered", lambda judges: two)
    for text in ("a", "bb", "a", "ccc", "a", "bb"):
        registry.score([text])
    assert judge.judged_texts == ["a", "bb", "ccc", "bb"]
