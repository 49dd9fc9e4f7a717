"""Topics are measured on sentences that no example repeats (topic_sentences.toml)."""

import itertools
import tomllib
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from moderation import user_turns
from moderation.categories import ClassifierUnavailable
from moderation.filter import assessment, encoder, gate, policy, topics
from moderation.filter.policy import RuleSpec, Terms, TopicSpec
from moderation.policies import editing, policy_changes
from moderation.policies.presets import standard
from tests import factories, timing

SENTENCES: dict[str, dict[str, list[str]]] = tomllib.loads(
    (Path(__file__).parent / "topic_sentences.toml").read_text(encoding="utf-8")
)
ALL = tuple(topics.SHIPPED.values())
BLOCK = {"user": "block", "persona": "block"}


def hits(texts: list[str], topic: TopicSpec) -> list[str]:
    """The texts that count as on the topic."""
    scores = topics.score(texts, ALL)
    return [text for text, of_text in zip(texts, scores, strict=True) if of_text[topic.category] >= editing.THRESHOLD]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_t2_a_shipped_topic_is_recognised_in_both_languages(topic: TopicSpec, language: str) -> None:
    texts = SENTENCES[topic.name][language]
    assert len(hits(texts, topic)) >= LEAST[language] * len(texts), set(texts) - set(hits(texts, topic))


# The measured shares are in docs/moderation-model-card.md; these are floors under the weakest topic.
LEAST = {"en": 0.7, "zh": 0.4}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_t2_everyday_talk_with_words_of_a_topic_is_on_none(language: str) -> None:
    texts = SENTENCES["ordinary"][language]
    wrong = {text for topic in ALL for text in hits(texts, topic)}
    assert len(wrong) <= 0.05 * len(texts), wrong


def test_t2_one_sentence_on_the_topic_is_enough_wherever_it_stands() -> None:
    topic = topics.SHIPPED["elections"]
    around = "I was in the garden all day. The roses are out. "
    texts = [f"{around}Who should I vote for in the election? {around}", around * 2]
    assert hits(texts, topic) == texts[:1]


@pytest.mark.parametrize("unit", ["a", "投", "vote for him ", "。", "票。", "\u200b", "a. "])
def test_a_text_of_8000_characters_is_compared_in_a_moment(unit: str) -> None:
    text = (unit * 8000)[:8000]
    topics.score([text], ALL)  # the encoder is loaded
    variants = itertools.count()  # a text that was compared before is remembered
    assert timing.takes_at_most(2, lambda: topics.score([f"{text}{next(variants)}"], ALL))
    (scores,) = topics.score([f"{text}x"], ALL)
    assert all(0 <= value <= 1 for value in scores.values())


def test_without_topics_nothing_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "minilm", lambda: pytest.fail("The encoder was asked."))
    assert topics.score(["Who should I vote for?"], ()) == [{}]


def test_a_topic_without_examples_in_a_script_has_no_score_in_it() -> None:
    boats = TopicSpec("boats", ("We row across the lake.", "The boat is full of water.", "Hoist the sail!"))
    english, chinese = topics.score(["We rowed over the lake in a boat.", "我们在湖上划船。"], (boats,))
    assert english["topic/boats"] > editing.THRESHOLD
    assert chinese["topic/boats"] < 0.01


@pytest.fixture
def elections_blocked(olga: User, django_capture_on_commit_callbacks: Any) -> None:
    terms = editing.with_topic(Terms(standard.RULES), topics.SHIPPED["elections"], actions=BLOCK)
    with django_capture_on_commit_callbacks(execute=True):
        policy_changes.activate(terms=terms, owner=olga, reason="No elections here.")


@pytest.mark.django_db
@pytest.mark.usefixtures("elections_blocked")
def test_t2_a_topic_is_blocked_in_both_directions_and_named_to_the_person(alice: User) -> None:
    persona = factories.make_persona(owner=alice)
    asked, greeted = user_turns.judge(
        [user_turns.Turn("Who should I vote for in the election?"), user_turns.Turn("How are the roses?")],
        user=alice,
        addressee=persona,
    )
    assert (asked.is_answered, greeted.is_answered) == (False, True)
    assert "talk about elections" in asked.refusal
    with pytest.raises(gate.Blocked) as blocked:
        list(gate.cleared(iter(["My dear. ", "You must vote for the Labour party in the election."])))
    assert blocked.value.verdict.category == "topic/elections"
    assert blocked.value.verdict.findings[0].category == "topic/elections"


@pytest.mark.django_db
@pytest.mark.usefixtures("elections_blocked")
def test_t2_without_the_encoder_no_text_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise encoder.EncoderMissing("Gone.")

    monkeypatch.setattr(topics.encoder, "minilm", broken)
    topics._recogniser.cache_clear()
    with pytest.raises(ClassifierUnavailable):
        assessment.assess("A sentence that was never judged before.", direction="user")
    topics._recogniser.cache_clear()


@pytest.mark.django_db
def test_t2_a_draft_scores_its_topics_and_decides_nothing(olga: User, django_capture_on_commit_callbacks: Any) -> None:
    terms = editing.with_topic(Terms(standard.RULES), topics.SHIPPED["elections"], actions=BLOCK)
    with django_capture_on_commit_callbacks(execute=True):
        policy_changes.try_in_shadow(terms=terms, owner=olga, reason="No elections here.", days=1)
    verdict = assessment.assess("Who should I vote for in the election?", direction="user")
    assert verdict.passes
    assert verdict.probabilities["topic/elections"] >= editing.THRESHOLD
    assert RuleSpec("topic/elections", "user", 0.5, "block") not in policy.active().rules
    assert assessment.record(verdict, user=olga, conversation_id=None, message_id=None) is not None
