"""A reply that was withdrawn says so kindly, by its kind, in the language of its reader."""

import pytest
from django.utils import translation

from chat.socket import withdrawn
from moderation.categories import Category


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_kind_has_words_of_its_own(language: str) -> None:
    kinds = [Category.SELF_HARM, Category.SEXUAL_MINORS, Category.SEXUAL, Category.HATE, Category.HARASSMENT]
    kinds += [Category.PII, Category.VIOLENCE, Category.JAILBREAK]
    with translation.override(language):
        texts = [withdrawn.notice(kind) for kind in kinds]
        assert len(set(texts)) == len(kinds)
        assert withdrawn.notice("topic/elections") == texts[-1]


def test_after_words_about_self_harm_it_points_to_help() -> None:
    assert "help lines" in withdrawn.notice(Category.SELF_HARM_INTENT)
    with translation.override("zh-hans"):
        assert "热线" in withdrawn.notice(Category.SELF_HARM)


@pytest.mark.parametrize("category", [*Category, ""])
def test_none_says_that_the_person_asked_for_it(category: str) -> None:
    assert "you asked" not in withdrawn.notice(category).lower()
