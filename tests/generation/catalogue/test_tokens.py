"""Counts of tokens of the active model."""

import pytest

from generation.catalogue import packaged, tokens
from generation.engine import Engine

pytestmark = [pytest.mark.django_db, pytest.mark.model]


def test_tokens_are_counted_without_the_model(installed_model: packaged.CatalogueModel) -> None:
    assert tokens.count("") == 0
    assert tokens.count("The lighthouse") < tokens.count("The lighthouse at the end of the world")
    assert tokens.info().model == installed_model.name


def test_tokens_are_counted_as_the_engine_counts(real_engine: Engine) -> None:
    for text in ("Good evening, Ada.", "灯塔在海边。", "\n\nYou: 42!", "naïve café"):
        assert tokens.count(text) == real_engine.count_tokens(text)
