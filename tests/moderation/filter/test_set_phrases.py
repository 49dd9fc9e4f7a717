import pytest

from moderation.filter.classifiers.set_phrases import read_plainly
from tests import timing


@pytest.mark.parametrize(
    ("text", "plainly"),
    [
        ("Spotted dick with custard.", "plum pudding with custard."),
        ("Moby-Dick is long.", "the white whale is long."),
        ("I met Dick van Dyke and Dick Francis.", "I met Richard van Dyke and Richard Francis."),
        ("The cock crowed at dawn.", "The rooster crowed at dawn."),
        ("Two blue tits sang.", "Two sparrows sang."),
        ("The pussycat sat by the pussy willow.", "The cat sat by the willow."),
        ("Kill the lights, please.", "switch off the lights, please."),
        ("Knock 'em dead!", "delight them!"),
        ("This heat is murder.", "This heat is hard."),
        ("Over my dead body!", "never!"),
        ("I could murder a cup of tea.", "I would like a cup of tea."),
        ("Shoot me a quick e-mail.", "send me a letter."),
    ],
)
def test_a_fixed_expression_is_read_as_what_it_means(text: str, plainly: str) -> None:
    assert read_plainly(text) == plainly


@pytest.mark.parametrize(
    "text",
    [
        "Suck my dick.",
        "Suck my Dick Tonight.",
        "I will murder you.",
        "It was murder, and you did it with a knife.",
        "I'll knock you dead.",
        "Kill the dog.",
        "I will slap you in the face.",
        "Show me your tits.",
        "I'll break your leg.",
        "Shoot me.",
    ],
)
def test_what_can_be_meant_is_left_as_it_is(text: str) -> None:
    assert read_plainly(text) == text


@pytest.mark.parametrize("unit", ["dick ", "kill the ", "shoot me a ", "it's pure murder ", "Dick van "])
def test_reading_takes_time_in_proportion_to_the_text(unit: str) -> None:
    assert timing.takes_at_most(1, lambda: read_plainly((unit * 8000)[:8000]))
