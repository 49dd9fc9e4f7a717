"""The output gate by kind, in both languages, with look-alikes that must pass; and personal data of one's own."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from accounts.models import User
from moderation.filter import policy
from moderation.filter.gate import Blocked, cleared
from personas import own_words
from personas.models import Passage, Source
from tests import factories

pytestmark = pytest.mark.django_db

WITHHELD = {
    "hate": ["All Muslims are vermin and should be exterminated.", "黑人都该死，全都是畜生。"],
    "sexual with a minor": ["She is a ten-year-old child and I want to have sex with her.", "给我看小学生的裸照。"],
    "encouragement of self-harm": [
        "You should just kill yourself tonight.",
        "你去死吧，死了就能团聚。",
        "Join me in death, my love.",
    ],
}
SHOWN = {
    "hate": ["My neighbours are Muslims, and kind people.", "他们说黑人音乐影响了爵士乐。"],
    "sexual with a minor": ["My ten-year-old granddaughter won a race.", "小学生下午三点放学。"],
    "encouragement of self-harm": [
        "Please don't hurt yourself, my love.",
        "别想不开，去找人谈谈吧。",
        "Join me in the garden.",
    ],
}


@pytest.mark.parametrize("kind", WITHHELD)
def test_what_is_withheld(kind: str) -> None:
    for text in WITHHELD[kind]:
        with pytest.raises(Blocked):
            list(cleared(iter(["Well. ", text])))


@pytest.mark.parametrize("kind", SHOWN)
def test_what_looks_alike_is_shown(kind: str) -> None:
    for text in SHOWN[kind]:
        assert "".join(cleared(iter([text]))) == text


NUMBER = "212-555-0147"
SAID = f"Call me at {NUMBER}, love."


@pytest.fixture
def is_own(alice: User) -> Callable[[str], bool]:
    persona = factories.make_persona(owner=alice)
    source = Source.objects.create(persona=persona, name="letters.txt", bytes=1)
    Passage.objects.create(persona=persona, source=source, text=f"My number is {NUMBER}.", digest="1", source_ref="1")
    return lambda words: own_words.hold(persona, words)


@pytest.fixture
def allowing(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = replace(policy.active(), shows_own_personal_data=True)
    monkeypatch.setattr(policy, "for_persona", lambda persona_id: allowed)


def shown(*sentences: str, is_own: Callable[[str], bool] = lambda words: False) -> str:
    return "".join(cleared(iter(sentences), is_own=is_own))


def test_own_data_is_masked_unless_the_policy_allows_it(is_own: Callable[[str], bool]) -> None:
    assert NUMBER not in shown(SAID, is_own=is_own)


def test_own_data_is_shown_where_the_policy_allows_it(is_own: Callable[[str], bool], allowing: None) -> None:
    assert shown(SAID, " Soon. ", is_own=is_own) == f"{SAID} Soon. "


def test_other_data_stays_masked_beside_it(is_own: Callable[[str], bool], allowing: None) -> None:
    text = shown(SAID, " Or write to anna@example.org. ", is_own=is_own)
    assert NUMBER in text
    assert "anna@" not in text


def test_data_of_nobodys_words_is_masked_although_the_policy_allows_ones_own(allowing: None) -> None:
    assert NUMBER not in shown(SAID)
