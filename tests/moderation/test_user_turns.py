"""The door that judges a person's turns, with the real filter and the default policy."""

import pytest
from django.db import DatabaseError
from redis import RedisError

from moderation import user_turns
from moderation.crisis import ladder
from moderation.filter import assessment
from moderation.filter.classifiers import registry
from moderation.models import RuleAction
from moderation.user_turns import Turn
from tests import factories

pytestmark = pytest.mark.django_db

THREAT = "I will find you and kill you tonight, you worthless bitch."


def judge(alice, *turns):
    return user_turns.judge(turns, user=alice, addressee=factories.make_persona(owner=alice))


@pytest.mark.parametrize(
    ("text", "level", "is_answered"),
    [
        ("How is the lighthouse?", "", True),
        ("I miss you so much since you died.", "grief", True),
        ("I feel hopeless.", "low", True),
        ("I wish I was dead.", "passive", False),
        ("I want to kill myself.", "active", False),
        ("I am going to kill myself tonight.", "imminent", False),
    ],
)
def test_k2_from_a_wish_to_be_dead_upward_the_site_answers(alice, text, level, is_answered):
    ruling = judge(alice, Turn(text))[0]
    assert (ruling.verdict.level, ruling.is_answered) == (level, is_answered)
    assert (ruling.help is not None) == ladder.is_at_least(level, "low")
    assert ruling.refusal == ""


def test_what_the_filter_stops_is_refused_with_the_reason_and_the_name(alice):
    ruling = judge(alice, Turn(THREAT))[0]
    assert not ruling.is_answered
    assert "Ada does not see it" in ruling.refusal
    assert "threats against a person" in ruling.refusal


def test_each_turn_is_judged_with_what_stood_before_it(alice):
    plain, continued = judge(alice, Turn("myself tonight."), Turn("myself tonight.", before="I am going to kill "))
    assert [ruling.verdict.action == RuleAction.CRISIS for ruling in (plain, continued)] == [False, True]


def test_a_story_of_somebody_weary_of_life_is_no_crisis_of_the_person(alice):
    for source in ("instruction", "persona"):
        ruling = judge(alice, Turn("She often says: I wish I was dead.", source=source))[0]
        assert (ruling.is_answered, ruling.help) == (True, None), source


def test_words_put_into_the_personas_mouth_are_judged_as_what_it_says(alice):
    mine, theirs = judge(alice, Turn("You should kill yourself.", source="persona"), Turn("And the sea?"))
    assert (mine.verdict.direction, mine.is_answered) == ("persona", False)
    assert (theirs.verdict.direction, theirs.is_answered) == ("user", True)


def test_a_history_is_judged_in_one_pass(alice, monkeypatch):
    passes = []

    def score(texts, heads=None, real=registry.score):
        passes.append(len(texts))
        return real(texts, heads)

    monkeypatch.setattr(registry, "score", score)
    assert len(judge(alice, *(Turn(f"The garden has {number} roses.") for number in range(40)))) == 40
    assert [size for size in passes if size] == [40]


def test_k6_t2_without_a_filter_patterns_see_a_crisis_and_let_nothing_pass(alice, filter_down):
    alice.country = "US"
    rulings = judge(alice, Turn("How do I build a pipe bomb at home?"), Turn("I wish I was dead."))
    assert [(ruling.is_answered, ruling.is_judged) for ruling in rulings] == [(False, False), (False, True)]
    assert any("988" in resource["contact"] for resource in rulings[1].help.resources)
    with pytest.raises(user_turns.FilterDown) as refused:
        judge(alice, Turn("How is the lighthouse?"))
    assert refused.value.help.resources


def test_k6_a_fault_in_judging_lets_nothing_pass_and_keeps_no_help_back(alice, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise TypeError("a fault")

    monkeypatch.setattr(assessment, "assess_turns", broken)
    ruling = judge(alice, Turn("I wish I was dead."))[0]
    assert (ruling.is_answered, ruling.is_judged, bool(ruling.help)) == (False, True, True)
    with pytest.raises(user_turns.FilterDown) as refused:
        judge(alice, Turn("How is the lighthouse?"))
    assert refused.value.help.resources


@pytest.mark.parametrize("lost", [DatabaseError("gone"), RedisError("gone")])
def test_a_store_that_is_lost_while_judging_is_told_as_such(alice, monkeypatch, lost):
    def broken(*_: object, **__: object) -> None:
        raise lost

    monkeypatch.setattr(assessment, "assess_turns", broken)
    with pytest.raises(type(lost)):
        judge(alice, Turn("How is the lighthouse?"))


def test_k6_help_is_in_chinese_for_chinese_words_also_without_a_filter(alice, filter_down):
    for text, near in (("你好，今天怎么样？", "你身边的人"), ("How is the lighthouse?", "Someone near you")):
        with pytest.raises(user_turns.FilterDown) as refused:
            judge(alice, Turn("The lighthouse is on the western shore of the island."), Turn(text))
        assert refused.value.help.resources[-1]["name"] == near
