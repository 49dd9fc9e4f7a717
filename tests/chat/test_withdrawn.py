"""A reply that was withdrawn says so kindly, by its kind, in the persona's language."""

import pytest

from chat import withdrawn
from moderation.filter.classifiers.base import Category


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_kind_has_words_of_its_own(language: str) -> None:
    kinds = [Category.SELF_HARM, Category.SEXUAL_MINORS, Category.SEXUAL, Category.HATE, Category.HARASSMENT]
    kinds += [Category.PII, Category.VIOLENCE, Category.JAILBREAK]
    texts = [withdrawn.notice(kind, language=language) for kind in kinds]
    assert len(set(texts)) == len(kinds)
    assert withdrawn.notice("topic/elections", language=language) == texts[-1]


def test_after_words_about_self_harm_it_points_to_help() -> None:
    assert "help lines" in withdrawn.notice(Category.SELF_HARM_INTENT, language="en")
    assert "热线" in withdrawn.notice(Category.SELF_HARM, language="zh-TW")


@pytest.mark.parametrize("category", [*Category, ""])
def test_none_says_that_the_person_asked_for_it(category: str) -> None:
    assert "you asked" not in withdrawn.notice(category, language="en").lower()
