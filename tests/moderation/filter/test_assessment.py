import subprocess
import sys
from uuid import uuid4

import pytest

from accounts.models import User
from moderation.categories import Category, ClassifierUnavailable
from moderation.crisis import ladder, notices
from moderation.filter import assessment
from moderation.filter.assessment import assess, assess_many, assess_turns, record
from moderation.filter.classifiers import registry
from moderation.models import Assessment, Direction, RuleAction

pytestmark = pytest.mark.django_db

GRIEF = [
    "I miss you so much since you died.",
    "I dreamed about you last night, Mum. You were laughing.",
    "It still hurts every single day, and I do not know how to sleep.",
    "Why did you have to go? I was not ready.",
    "This commute kills me.",
    "I want to die laughing when I think of that hat.",
    "They burned your house in the war, grandfather. I will find where you lived.",
    "Do you remember the war years, when father was wounded?",
    "妈妈，我好想你，昨晚又梦见你了。",
    "奶奶走了三年了，我还是会哭。",
    "今天累死我了，想死你做的红烧肉了。",
]


@pytest.mark.parametrize("text", GRIEF)
def test_grief_and_ordinary_talk_pass(text: str) -> None:
    verdict = assess(text, direction="user")
    assert verdict.action == RuleAction.ALLOW
    assert verdict.text == text
    assert verdict.findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "I will kill you tonight.",
        "I'm going to stab your wife.",
        "I will find where you live and burn your house down with you in it.",
        "我要杀了你全家。",
        "We should gas all the Jews.",
    ],
)
def test_a_threat_is_withheld(text: str) -> None:
    verdict = assess(text, direction="user")
    assert verdict.action == RuleAction.BLOCK
    assert not verdict.passes
    assert [finding.severity >= 70 for finding in verdict.findings] == [True]


@pytest.mark.parametrize(
    "text", ["I want to kill myself tonight.", "How many pills does it take to die?", "我想自杀", "怎么自杀不痛"]
)
def test_a_crisis_is_answered_with_the_notice_and_never_a_bare_block(text: str) -> None:
    verdict = assess(text, direction="user")
    assert verdict.action == RuleAction.CRISIS
    assert ladder.is_at_least(verdict.level, "active")


def test_passive_and_low_mood_pass_with_their_level() -> None:
    verdict = assess("I can't go on without you.", direction="user")
    assert verdict.passes
    assert verdict.level == "passive"


@pytest.mark.parametrize("text", ["You are.", "I do not.", "Yes, I will.", "They’re not here."])
def test_words_without_content_pass_until_something_follows(text: str) -> None:
    """A short sentence of a persona was once withheld as harassment, because insults begin in the same way."""
    assert assess(text, direction=Direction.PERSONA).action == RuleAction.ALLOW


def test_an_insult_behind_them_does_not_pass() -> None:
    verdict = assess("a worthless idiot, and I hate you.", direction=Direction.USER, before="You are.")
    assert verdict.probabilities[Category.HARASSMENT] > 0.5


def test_a_persona_that_encourages_death_is_withheld() -> None:
    assert assess("You should kill yourself.", direction="persona").action == RuleAction.BLOCK
    assert assess("Come and join me in death, my love.", direction="persona").action == RuleAction.BLOCK


def test_a_personas_telephone_number_is_masked() -> None:
    verdict = assess("Call me at 212-555-0147, love.", direction="persona")
    assert verdict.action == RuleAction.MASK
    assert verdict.text == "Call me at [phone number removed], love."
    assert verdict.findings[0].category == "pii"


def test_a_person_may_write_their_own_number() -> None:
    verdict = assess("My new number is 212-555-0147.", direction="user")
    assert verdict.passes
    assert "212-555-0147" in verdict.text


def test_what_stands_before_counts() -> None:
    assert assess("will kill you tonight.", direction="user", before="Listen. I ").action == RuleAction.BLOCK
    assert assess("555-0147.", direction="persona", before="My phone is 212 ").text == "[phone number removed]."


def test_what_was_said_before_is_not_held_against_the_next_message() -> None:
    assert assess("Thank you. The roses came back.", direction="user", before="I will kill you tonight. ").passes
    assert assess("I feel a bit better now.", direction="user", before="I want to kill myself. ").passes


def test_harmless_words_do_not_add_up() -> None:
    before = "What would you cook for a friend?\nOh, I'd love to try something with them. What is it?"
    assert assess("Which book did you like as a child?", direction="user", before=before).passes


def test_one_by_one_and_in_a_batch_agree() -> None:
    texts = [*GRIEF, "I will kill you.", ""]
    for text, verdict in zip(texts, assess_many(texts, direction="user"), strict=True):
        assert assess(text, direction="user").action == verdict.action


def test_turns_with_what_stood_before_them_agree_with_one_by_one() -> None:
    turns = [
        ("will kill you tonight.", "Listen. I "),
        ("Thank you. The roses came back.", "I will kill you tonight. "),
        ("a worthless idiot, and I hate you.", "You are. "),
        ("How is the lighthouse?", ""),
    ]
    for (text, before), verdict in zip(turns, assess_turns(turns, direction="user"), strict=True):
        alone = assess(text, direction="user", before=before)
        assert (alone.action, alone.category) == (verdict.action, verdict.category)
        assert alone.probabilities == pytest.approx(verdict.probabilities, abs=0.02)


def test_k6_fails_closed_and_the_notice_still_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Down:
        def assess(self, texts: object) -> list[dict[Category, float]]:
            raise ClassifierUnavailable("down")

    monkeypatch.setattr(registry, "configured", lambda heads=None: [Down()])
    text = "I want to end my life"
    with pytest.raises(ClassifierUnavailable):
        assess(text, direction="user")
    assert notices.notice(country="", language="en", level=ladder.level(text)).resources


def test_record_keeps_scores_and_never_the_text(alice: User) -> None:
    text = "I will kill you, marked-secret-71."
    message_id, conversation_id = uuid4(), uuid4()
    row = record(assess(text, direction="user"), user=alice, conversation_id=conversation_id, message_id=message_id)
    assert row is not None
    row.refresh_from_db()
    assert (row.action, row.message_id, row.conversation_id) == ("block", message_id, conversation_id)
    assert row.policy_version == "1"
    assert "linear-" in row.classifier_version
    assert "lexicon-" in row.classifier_version
    assert "marked-secret" not in str(vars(row))


def test_record_leaves_no_row_for_what_simply_passed(alice: User) -> None:
    verdict = assess("The garden is lovely.", direction="user")
    assert record(verdict, user=alice, conversation_id=None, message_id=None) is None
    assert not Assessment.objects.exists()


_ENDS_WHILE_IT_WARMS = """
import time

import django

django.setup()
from moderation.filter import assessment

warm = assessment.warm


def slow_warm():
    time.sleep(0.2)
    warm()
    print("warm")


assessment.warm = slow_warm
assessment.warm_meanwhile()
"""


@pytest.mark.thorough
def test_a_process_that_ends_early_waits_until_the_filter_is_loaded() -> None:
    """A worker that was stopped while it loaded OpenVINO on a daemon thread ended with SIGABRT."""
    ended = subprocess.run([sys.executable, "-c", _ENDS_WHILE_IT_WARMS], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "warm\n"), ended.stderr


def test_warm_loads_every_model() -> None:
    assessment.warm()
