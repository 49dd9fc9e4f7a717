"""In a farewell, a goodbye alone is no sign of danger. Whatever else is said is read as ever."""

import pytest

from accounts.models import User
from moderation import user_turns
from moderation.crisis import goodbyes
from tests.factories import make_persona

GOODBYES = (
    "Goodbye, Mom. I will miss you forever.",
    "Goodbye, Vera.",
    "Thank you for everything. I love you so much. Rest well, Dad.",
    "I came to say goodbye to you, dear Vera. You can rest now.",
    "Good night, Vera, I'll always love you. This is the last time we talk.",
    "It’s time to let you go. I will be okay.",
    "Farewell, old friend, and thank you for the stories!",
    "再见，妈妈。我会永远想你。",
    "奶奶，谢谢你陪我这么久。一路走好。",
    "今天是来和你告别的。我会好好生活。",
)
DANGERS = (
    ("Goodbye, Mom. The pills are on the table.", "The pills are on the table."),
    ("Goodbye, cruel world.", "Goodbye, cruel world."),
    ("I will miss you, so I am coming to you tonight.", "I will miss you, so I am coming to you tonight."),
    ("Thank you for the pills that I will take.", "Thank you for the pills that I will take."),
    ("再见，妈妈。药都准备好了。", "药都准备好了。"),
    ("妈妈，我这就来陪你。", "妈妈，我这就来陪你。"),
)


@pytest.mark.parametrize("text", GOODBYES)
def test_a_goodbye_leaves_nothing(text: str) -> None:
    assert goodbyes.without([text], "Vera Holm") == [""]


@pytest.mark.parametrize(("text", "rest"), DANGERS)
def test_what_is_no_goodbye_is_left(text: str, rest: str) -> None:
    assert goodbyes.without([text], "Vera") == [rest]


def test_the_persona_answers_a_goodbye_in_a_farewell_and_the_site_answers_danger(alice: User) -> None:
    persona = make_persona(owner=alice, name="Vera")

    def is_answered(text: str, earlier: tuple[str, ...] = (), *, is_farewell: bool = True) -> bool:
        turn = user_turns.Turn(text, earlier=earlier, is_farewell=is_farewell)
        return user_turns.judge([turn], user=alice, addressee=persona)[0].is_answered

    assert not is_answered(GOODBYES[4], is_farewell=False)  # as ever, outside a farewell
    assert all(is_answered(text) for text in GOODBYES)
    assert is_answered(GOODBYES[0], GOODBYES[1:3])
    assert not any(is_answered(text) for text in (DANGERS[0][0], DANGERS[4][0], DANGERS[5][0]))
    assert not is_answered("Goodbye, Vera. I want to kill myself.")
