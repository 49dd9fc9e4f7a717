from dataclasses import replace

from moderation.filter.policy import RuleSpec, Terms, TopicSpec
from moderation.policies import editing
from moderation.policies.differences import Difference, between

BOATS = TopicSpec("boats", ("We row.", "We sail.", "We dive."))
BEFORE = Terms(
    (
        RuleSpec("hate", "user", 0.93, "block"),
        RuleSpec("hate", "user", 0.75, "flag"),
        RuleSpec("pii", "user", 0.9, "flag", is_shadow=True),
    )
)


def test_equal_policies_differ_in_nothing_also_in_another_order() -> None:
    assert between(BEFORE, replace(BEFORE, rules=BEFORE.rules[::-1])) == []


def test_differences_are_in_plain_words() -> None:
    after = editing.with_topic(
        Terms((RuleSpec("hate", "user", 0.9, "block"),), requires_persona_approval=True, break_notice_hours=1),
        BOATS,
        actions={"user": "allow", "persona": "block"},
    )
    assert between(BEFORE, after) == [
        Difference(
            "hatred of a group of people in what a person writes",
            "block from 0.93, flag for a reviewer from 0.75",
            "block from 0.9",
        ),
        Difference(
            "personal data in what a person writes", "flag for a reviewer from 0.9 (only counted)", "let through"
        ),
        Difference("talk about boats in what a persona says", "let through", "block from 0.5"),
        Difference("examples of the topic boats", "no such topic", "3 sentences"),
        Difference(
            "approval of personas",
            "A persona that a person made talks without an approval.",
            "A persona that a person made talks only after its audit and a reviewer’s approval.",
        ),
        Difference(
            "breaks",
            "A person is reminded of breaks and of the AI every 2 hours of continuous use.",
            "A person is reminded of breaks and of the AI every hour of continuous use.",
        ),
    ]


def test_changed_examples_are_counted() -> None:
    actions = {"user": "flag", "persona": "block"}
    before = editing.with_topic(BEFORE, BOATS, actions=actions)
    other = replace(BOATS, examples=("We row.", "We float."))
    after = editing.with_topic(before, other, actions=actions, replaces="boats")
    assert between(before, after) == [
        Difference(
            "examples of the topic boats", "3 sentences, 2 of them only here", "2 sentences, 1 of them only here"
        )
    ]


def test_a_renamed_topic_takes_the_place_of_the_old_one_and_a_removed_one_goes_with_its_rules() -> None:
    actions = {"user": "flag", "persona": "block"}
    before = editing.with_topic(BEFORE, BOATS, actions=actions)
    renamed = editing.with_topic(before, replace(BOATS, name="ships"), actions=actions, replaces="boats")
    assert [topic.name for topic in renamed.topics] == ["ships"]
    assert editing.without_topic(before, "boats") == BEFORE


def test_an_edited_topic_keeps_its_threshold() -> None:
    before = replace(BEFORE, rules=(RuleSpec("topic/boats", "user", 0.7, "flag"),), topics=(BOATS,))
    after = editing.with_topic(before, BOATS, actions={"user": "block", "persona": "allow"}, replaces="boats")
    assert after.rules == (RuleSpec("topic/boats", "user", 0.7, "block"),)
