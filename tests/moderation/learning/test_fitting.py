"""New heads from decisions: they learn what people decided, and keep what they knew."""

from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from moderation.categories import Category
from moderation.filter import assessment
from moderation.filter.classifiers import linear, network
from moderation.filter.classifiers.heads import Heads
from moderation.learning import consents, fitting, labelled
from moderation.models import HeadVersion
from tests.moderation.learning.material import decided

ANIMALS = ("goat", "pig", "dog", "cow", "rat", "cat")
PLACES = ("pub", "club", "dance", "game", "choir", "farm")
HARMLESS = [f"You old {animal}, you silly {animal}, you lovely fool." for animal in ANIMALS]
HARMFUL = [f"Nobody wants you at the {place}, you are nothing to us." for place in PLACES]


@pytest.fixture
def decisions(alice: User, mina: User) -> list[labelled.LabelledTurn]:
    consents.give(alice)
    for text in HARMLESS:
        decided(alice, mina, text, is_broken=False)
    for text in HARMFUL:
        decided(alice, mina, text, is_broken=True)
    return list(labelled.turns())


def logits(texts: list[str], heads: Heads | None = None) -> float:
    judge = linear.network_of(network.WEIGHTS["en"])
    head = heads.by_language["en"] if heads else None
    return float(judge.logits(texts, head)[:, list(Category).index(Category.HARASSMENT)].mean())


@pytest.mark.thorough
def test_the_heads_learn_what_people_decided(decisions: list[labelled.LabelledTurn]) -> None:
    fitted = fitting.fit(decisions, None, lambda line: None)
    heads = Heads.from_bytes("x", Heads("x", fitted.by_language).to_bytes())
    assert fitted.texts == {"harassment": 12}
    unseen = (
        ["You old horse, you silly horse, you lovely fool."],
        ["Nobody wants you at the fair, you are nothing to us."],
    )
    gap_before = logits(unseen[1]) - logits(unseen[0])
    gap_after = logits(unseen[1], heads) - logits(unseen[0], heads)
    assert gap_after > gap_before + 0.5


@pytest.mark.thorough
def test_other_categories_and_languages_keep_their_heads(decisions: list[labelled.LabelledTurn]) -> None:
    fitted = fitting.fit(decisions, None, lambda line: None)
    column = list(Category).index(Category.HARASSMENT)
    others = [number for number in range(len(Category)) if number != column]
    shipped = {language: linear.network_of(network.WEIGHTS[language]).head for language in network.LANGUAGES}
    assert np.array_equal(fitted.by_language["en"].weight[others], shipped["en"].weight[others])
    assert not np.array_equal(fitted.by_language["en"].weight[column], shipped["en"].weight[column])
    assert fitted.by_language["zh"] is shipped["zh"]


def test_the_most_likely_factors_are_those_where_the_gradient_ends() -> None:
    chance = np.random.default_rng(1)
    vectors = np.hstack([chance.normal(size=(60, 3)), np.ones((60, 1))])
    truth = (vectors[:, 0] > 0).astype(float)
    prior, weights = np.zeros(4), np.ones(60)
    result = fitting._most_likely(vectors, truth, weights, prior)
    shares = 1 / (1 + np.exp(-vectors @ result))
    assert np.abs(vectors.T @ (shares - truth) + fitting._PRIOR * result).max() < 1e-3


def test_few_decisions_make_no_version(alice: User, mina: User) -> None:
    consents.give(alice)
    decided(alice, mina, HARMFUL[0], is_broken=True)
    with pytest.raises(CommandError, match="1 labelled turns have words and consent"):
        call_command("train_from_decisions", stderr=StringIO())
    assert not HeadVersion.objects.exists()


@pytest.mark.thorough
def test_the_command_stores_a_version_that_judges_nothing_yet(decisions: list[labelled.LabelledTurn]) -> None:
    before = assessment.assess(HARMLESS[0], direction="user").probabilities
    output = StringIO()
    call_command("train_from_decisions", stdout=output, stderr=StringIO())
    row = HeadVersion.objects.get()
    assert (row.version in output.getvalue(), row.state) == (True, "ready")
    assert assessment.assess(HARMLESS[0], direction="user").probabilities == before
    with pytest.raises(CommandError, match="Nothing has changed"):
        call_command("train_from_decisions", stdout=output, stderr=StringIO())


def test_words_without_consent_teach_nothing(bob: User, mina: User) -> None:
    for text in HARMLESS + HARMFUL:
        decided(bob, mina, text, is_broken=text in HARMFUL)
    with pytest.raises(fitting.TooFew):
        fitting.fit(list(labelled.turns()), None, lambda line: None)
