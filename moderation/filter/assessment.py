"""The one door for text: what may pass, masked where it must be, and what the site does instead.

The filter fails closed. A caller that catches ClassifierUnavailable refuses the text, and shows
`notices.notice` where `ladder.level(text)`, which needs no model, calls for it.
"""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from moderation.crisis import ladder
from moderation.filter import pii, policy
from moderation.filter.classifiers import registry
from moderation.filter.classifiers.base import Category, ClassifierUnavailable
from moderation.models import Assessment, Direction, RuleAction
from moderation.monitor.findings import finding_of
from moderation.talk import Finding

__all__ = ["ClassifierUnavailable", "Verdict", "assess", "assess_many", "record", "warm", "warm_meanwhile"]

logger = logging.getLogger(__name__)

# The probability of `pii` where the detector, which checks digits and numbering plans, has found some.
SPAN_PROBABILITY = 0.99
# How much higher the odds must be for a text together with what stands before it than for either alone, for the whole
# to count against it; and from which probability on that is looked at.
_TIMES = 2.5
_LEAST = 0.1


@dataclass(frozen=True)
class Verdict:
    direction: str
    action: RuleAction
    category: str  # of the rule that decided; "" where none did
    probabilities: dict[str, float]
    text: str  # what may be shown: the text, or, where the action is mask, the text without its spans
    level: str  # crisis level of a user's text: "" | grief | low | passive | active | imminent
    spans: tuple[pii.Span, ...]  # personal data in the text as it was given
    findings: tuple[Finding, ...]  # what a case should say; their message_id is NOT_STORED, for the caller to set
    policy_version: str
    classifier_version: str

    @property
    def passes(self) -> bool:
        return self.action not in {RuleAction.BLOCK, RuleAction.CRISIS}


def assess(text: str, *, direction: str, before: str = "", begun: str = "") -> Verdict:
    """Judge `text`, and judge it again as the continuation of `before`; the worse counts.

    What `before` says by itself was judged when it came, and does not count against `text`. `begun` is how the
    sentence of `text` began; the rest of a sentence is judged with it, never by itself. Writes nothing but counters.
    Raises ClassifierUnavailable.
    """
    scores = _scores_in_context([(begun + text, before)])[0]
    return _verdict(text, scores, direction=direction, before=before + begun)


def assess_turns(turns: Sequence[tuple[str, str]], *, direction: str) -> list[Verdict]:
    """As `assess`, for many texts, each with what stood before it; much faster than one by one."""
    scored = zip(turns, _scores_in_context(turns), strict=True)
    return [_verdict(text, scores, direction=direction, before=before) for (text, before), scores in scored]


def assess_many(texts: Sequence[str], *, direction: str) -> list[Verdict]:
    """As `assess`, for many texts that have nothing to do with one another; much faster than one by one."""
    return assess_turns([(text, "") for text in texts], direction=direction)


def _scores_in_context(turns: Sequence[tuple[str, str]]) -> list[dict[Category, float]]:
    """Of each (text, before): its scores, raised where the two together are much worse than either alone."""
    following = [index for index, (_, before) in enumerate(turns) if before]
    found = registry.score([text for text, _ in turns] + [turns[index][1] + turns[index][0] for index in following])
    scores, together = found[: len(turns)], dict(zip(following, found[len(turns) :], strict=True))
    worse = {index: _worse(joined, scores[index]) for index, joined in together.items()}
    suspect = [index for index, categories in worse.items() if categories]
    earlier = registry.score([turns[index][1] for index in suspect])
    for index, alone in zip(suspect, earlier, strict=True):
        joined = together[index]
        scores[index] |= {each: joined[each] for each in worse[index] if _is_worse(joined[each], alone[each])}
    return scores


def _worse(together: dict[Category, float], alone: dict[Category, float]) -> list[Category]:
    return [category for category in Category if _is_worse(together[category], alone[category])]


def by_patterns(text: str) -> Verdict:
    """What can be said of a user's text with every classifier down: its crisis level, and nothing else."""
    level = ladder.level(text)
    in_crisis = ladder.is_at_least(level, "active")
    return Verdict(
        direction=Direction.USER,
        action=RuleAction.CRISIS if in_crisis else RuleAction.ALLOW,
        category=str(Category.SELF_HARM_INTENT) if in_crisis else "",
        probabilities={},
        text=text,
        level=level,
        spans=(),
        findings=(),
        policy_version="",
        classifier_version=f"patterns {ladder.VERSION}",
    )


def _verdict(text: str, probabilities: dict[Category, float], *, direction: str, before: str) -> Verdict:
    rules = policy.active()
    spans = _spans(text, before)
    if spans:
        probabilities = probabilities | {Category.PII: max(SPAN_PROBABILITY, probabilities[Category.PII])}
    decision = policy.decide(rules, probabilities, direction=direction, has_spans=bool(spans))
    level = ladder.level(text) if direction == Direction.USER else ""
    if decision.action == RuleAction.CRISIS:
        # A classifier may see what no pattern does; the notice for it is that of the active level.
        level = ladder.highest((level, "active"))
    versions = {"policy_version": rules.version, "classifier_version": registry.version()}
    finding = finding_of(decision, direction=direction, level=level, version=" ".join(versions.values()))
    return Verdict(
        direction=direction,
        action=decision.action,
        category=decision.category,
        probabilities={str(category): round(value, 4) for category, value in probabilities.items()},
        text=pii.mask(text, spans) if decision.action == RuleAction.MASK else text,
        level=level,
        spans=spans,
        findings=(finding,) if finding else (),
        **versions,
    )


def _is_worse(together: float, alone: float) -> bool:
    return together >= _LEAST and together * (1 - alone) > _TIMES * alone * (1 - together)


def _spans(text: str, before: str) -> tuple[pii.Span, ...]:
    """Spans in `text`, found with what stands before it, so that "call me on" there still counts."""
    shift = len(before)
    found = (span for span in pii.find(before + text) if span.end > shift)
    return tuple(pii.Span(max(span.start - shift, 0), span.end - shift, span.kind) for span in found)


def record(
    verdict: Verdict, *, user: User | None, conversation_id: UUID | None, message_id: UUID | None
) -> Assessment | None:
    """Keep scores and outcome, never the text; a plain `allow` at no crisis level leaves no row."""
    if verdict.action == RuleAction.ALLOW and not ladder.is_at_least(verdict.level, "low"):
        return None
    row = Assessment.objects.create(
        user=user,
        conversation_id=conversation_id,
        message_id=message_id,
        direction=verdict.direction,
        action=verdict.action,
        category=verdict.category,
        probabilities=verdict.probabilities,
        level=verdict.level,
        policy_version=verdict.policy_version,
        classifier_version=verdict.classifier_version,
    )
    logger.info(
        "assessment.recorded",
        extra={"assessment": str(row.id), "action": row.action, "category": row.category, "level": row.level},
    )
    return row


def warm() -> None:
    """Load what the first text would otherwise wait for. Raises ClassifierUnavailable."""
    # One that the first stage lets go, and one that it hands on, so that the second stage is loaded too.
    registry.score(["I walked along the river, and thought of you.", "You are a fool, and I hate you."])
    registry.version()


def warm_meanwhile() -> None:
    """As `warm`, on a thread of its own. What cannot be loaded, the first text tells."""

    def work() -> None:
        with suppress(ClassifierUnavailable):
            warm()

    threading.Thread(target=work, name="warm the filter", daemon=True).start()
