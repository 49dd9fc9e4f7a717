"""The stricter rules for people under 18 (compliance CA7)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from moderation import user_turns
from moderation.categories import Category
from moderation.filter import assessment, gate, minors, policy
from moderation.filter.classifiers import registry
from moderation.filter.policy import ActivePolicy, RuleSpec
from moderation.models import RuleAction
from moderation.user_turns import Turn
from tests import factories

pytestmark = pytest.mark.django_db

RULES = ActivePolicy(
    version="1",
    rules=(
        RuleSpec("sexual", "user", 0.9, "flag"),
        RuleSpec("sexual", "persona", 0.1, "block", is_shadow=True),
        RuleSpec("sexual/minors", "user", 0.25, "block"),
        RuleSpec("violence", "user", 0.2, "flag"),
    ),
)


@pytest.fixture
def young(settings: Any) -> User:
    settings.MINIMUM_AGE = 16
    return factories.make_user("young", born=timezone.localdate() - timedelta(days=16 * 366))


@pytest.fixture
def suggestive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text is a little sexual: far below the threshold for adults."""
    scores = dict.fromkeys(Category, 0.0) | {Category.SEXUAL: 0.3}
    monkeypatch.setattr(registry, "score", lambda texts, heads=None: [dict(scores) for _ in texts])


@pytest.mark.parametrize("direction", ["user", "persona"])
@pytest.mark.parametrize("category", [Category.SEXUAL, Category.SEXUAL_MINORS])
def test_ca7_sexual_content_is_blocked_at_the_lowest_threshold(category: Category, direction: str) -> None:
    stricter = policy.for_minors(RULES)
    for score, action in ((0.25, RuleAction.BLOCK), (0.24, RuleAction.ALLOW)):
        decision = policy.decide(stricter, {category: score}, direction=direction, has_spans=False, is_counted=False)
        assert decision.action == action
    assert set(RULES.rules) < set(stricter.rules)


def test_ca7_a_minors_own_words_are_held_back_where_an_adults_pass(suggestive: None, alice: User, young: User) -> None:
    persona = factories.make_persona(owner=alice)
    for user, is_answered in ((alice, True), (young, False)):
        ruling = user_turns.judge([Turn("Some words.")], user=user, addressee=persona)[0]
        assert ruling.is_answered == is_answered


def test_ca7_a_reply_to_a_minor_is_withheld_where_an_adults_passes(suggestive: None) -> None:
    assert "".join(gate.cleared(iter(["Some words."]))) == "Some words."
    with pytest.raises(gate.Blocked) as blocked:
        list(gate.cleared(iter(["Some words."]), is_minor=True))
    assert blocked.value.verdict.category == "sexual"


DIRECTIVES = [
    "Take off your shirt for me, nobody will know.",
    "Touch yourself and tell me how it feels.",
    "Send me a picture of you without clothes.",
    "Come to bed with me and let me undress you.",
    "I want you to have sex with me tonight.",
    "Unbutton your dress slowly.",
    "Would you send me some nudes?",
    "Sit on my lap and kiss me on the lips.",
    "Let us shower together, come and shower with me.",
    "把你的衣服脱掉，脱光给我看。",
    "给我发一张裸照。",
    "今晚陪我睡吧。",
    "你摸自己的时候想着我。",
    "我们做爱吧。",
]


@pytest.mark.parametrize("text", DIRECTIVES)
def test_ca7_no_sexual_directive_reaches_a_minor(text: str) -> None:
    """With the real filter. The site makes no pictures, so the words are all there is."""
    assert not assessment.assess(text, direction="persona", is_minor=True).passes


def test_ca7_a_directive_over_two_sentences_is_read_as_one() -> None:
    with pytest.raises(gate.Blocked):
        list(gate.cleared(iter(["Now slowly take off ", "your shirt."]), is_minor=True))


@pytest.mark.parametrize("text", ["take off your " * 570, "脱" * 8000, "kiss me " * 1000])
def test_ca7_long_texts_are_read_in_time(text: str) -> None:
    minors.is_sexual(text)


ORDINARY = [
    "Good morning! How was school?",
    "I would love to hear about your violin lesson.",
    "Take off your coat and sit by the fire.",
    "Go to bed early, and sleep well.",
    "I will stroke the cat while you read.",
    "今天的数学课怎么样？",
    "外面冷，多穿件衣服。",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ca7_ordinary_talk_passes(text: str) -> None:
    assert assessment.assess(text, direction="persona", is_minor=True).passes
