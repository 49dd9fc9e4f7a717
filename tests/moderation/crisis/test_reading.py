"""How patterns and model are put together, with a model that says what the test wants."""

import pytest

from moderation.categories import Category
from moderation.crisis import reading
from moderation.crisis.recognition import Recognition

CALM = Recognition("", is_calm=True, is_grief=False)
UNSURE = Recognition("", is_calm=False, is_grief=False)
GRIEF = Recognition("grief", is_calm=True, is_grief=True)


def read(text: str, recognition: Recognition) -> reading.Reading:
    return reading._reading(text, recognition)


@pytest.mark.parametrize(
    ("text", "recognition", "step"),
    [
        ("How is the sea?", Recognition("imminent", is_calm=False, is_grief=False), "imminent"),
        ("I wish I was dead.", UNSURE, "passive"),
        ("I wish I was dead.", CALM, "passive"),
        ("How is the sea?", GRIEF, "grief"),
        ("I want to kill myself.", CALM, "active"),
        ("I am going to kill myself tonight.", GRIEF, "imminent"),
        ("I feel hopeless.", CALM, "low"),
    ],
)
def test_the_higher_step_counts(text: str, recognition: Recognition, step: str) -> None:
    assert read(text, recognition).step == step


def test_scores_of_self_harm_are_meant_unless_the_model_is_sure_and_the_patterns_agree() -> None:
    scores = {Category.SELF_HARM_INTENT: 0.9, Category.VIOLENCE: 0.95, Category.HARASSMENT_THREATENING: 0.9}
    assert read("How is the sea?", UNSURE).meant(scores) == scores
    assert set(read("How is the sea?", CALM).meant(scores)) == {Category.VIOLENCE, Category.HARASSMENT_THREATENING}
    assert set(read("I miss you.", GRIEF).meant(scores)) == {Category.HARASSMENT_THREATENING}
    assert set(read("hurt you", GRIEF).meant(scores)) == {Category.VIOLENCE, Category.HARASSMENT_THREATENING}
    for text in ("I wish I was dead.", "I want to kill myself."):
        assert read(text, GRIEF).meant(scores) == scores
