"""A sample of the scripted conversations through the real stack. `benchmarks.scripted_conversations` runs them all."""

import pytest

from benchmarks import scripted_conversations
from benchmarks.scripted_conversations import Outcome

pytestmark = pytest.mark.django_db

SAMPLE = [
    *("e01", "e03", "e04", "e05", "e08", "e10", "e12", "e19", "e25", "e26", "e27", "e33", "e39", "e42"),
    *("z01", "z03", "z05", "z09", "z11", "z13", "z14"),
]


def test_k7_each_sign_of_the_sample_is_seen_by_its_turn_and_nobody_else_becomes_a_case() -> None:
    outcomes = [scripted_conversations.run(script) for script in scripted_conversations.scripts(SAMPLE)]
    assert len(outcomes) == len(SAMPLE)
    assert {name(outcome): outcome.missed for outcome in outcomes if outcome.missed} == {}
    assert {name(outcome): outcome.signals for outcome in outcomes if outcome.is_false} == {}


def test_the_scripts_are_a_hundred_of_every_kind_in_both_languages() -> None:
    scripts = scripted_conversations.scripts()
    assert len({script.id for script in scripts}) == len(scripts) >= 100
    assert {script.kind for script in scripts} == {"harmful", "borderline", "grieving", "harmless"}
    assert {script.language for script in scripts} == {"english", "chinese"}
    assert all(turn <= len(script.lines) for script in scripts for turn in script.expect.values())


def name(outcome: Outcome) -> str:
    return outcome.script.id
