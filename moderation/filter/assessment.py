"""The one door for text: judges whether a text may pass, whether it is masked, or whether the site answers instead.

The filter fails closed. A caller that catches ClassifierUnavailable refuses the text. It shows `notices.notice` if
`ladder.level(text)` calls for it; neither needs a model.
"""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from moderation.crisis import ladder, reading
from moderation.crisis.reading import Reading
from moderation.filter import minors, pii, policy, topics
from moderation.filter.classifiers import registry
from moderation.filter.classifiers.base import Category, ClassifierUnavailable
from moderation.models import Assessment, Direction, RuleAction
from moderation.monitor.findings import finding_of
from moderation.talk import Finding

__all__ = [
    "ClassifierUnavailable",
    "Verdict",
    "assess",
    "assess_many",
    "assess_talks",
    "assess_turns",
    "record",
    "version",
    "warm",
    "warm_meanwhile",
]

logger = logging.getLogger(__name__)

# The probability of `pii` for a text in which the detector found spans. It checks digits and numbering plans.
SPAN_PROBABILITY = 0.99
# The same for words that are sexual to a minor, which the patterns of `minors` read with the end of the text before.
PATTERN_PROBABILITY = 0.99
MINORS_READ = 80  # characters
# A text joined with the text before it counts against it if the joined probability is at least _LEAST and its odds are
# more than _ODDS_RATIO times those of either text alone.
_ODDS_RATIO = 2.5
_LEAST = 0.1


@dataclass(frozen=True)
class Verdict:
    direction: str
    action: RuleAction
    category: str  # of the rule that decided; "" where none did
    probabilities: dict[str, float]
    text: str  # the text that may be shown; where the action is mask, without its spans
    level: str  # crisis level of a user's text: "" | grief | low | passive | active | imminent
    spans: tuple[pii.Span, ...]  # personal data in the original text
    findings: tuple[Finding, ...]  # for a case; their message_id is NOT_STORED, and the caller sets it
    policy_version: str
    classifier_version: str
    set_aside: tuple[str, ...] = ()  # categories whose scores did not count, because the text speaks of a death

    @property
    def passes(self) -> bool:
        return self.action not in {RuleAction.BLOCK, RuleAction.CRISIS}


def assess(
    text: str,
    *,
    direction: str,
    before: str = "",
    begun: str = "",
    earlier: Sequence[str] = (),
    is_minor: bool = False,
    persona_id: UUID | None = None,
) -> Verdict:
    """Judge `text` alone and as the continuation of `before`. The worse result counts.

    `before` was judged when it came, so its own score does not count against `text`. `begun` is the beginning of
    the sentence that `text` continues; the two are judged together. `earlier`: the person's messages before a user's
    text, the newest last, over which its crisis level is judged. `is_minor`: the person of the
    conversation is under 18. `persona_id`: the persona whose own rules hold too.
    Writes only counters. Raises ClassifierUnavailable.
    """
    scores = _scores_in_context([(begun + text, before)])[0]
    found = _readings([(*earlier, text)], direction)[0]
    return _verdict(
        text, scores, found, direction=direction, before=before + begun, is_minor=is_minor, persona_id=persona_id
    )


def assess_turns(
    turns: Sequence[tuple[str, str]],
    *,
    direction: str,
    earlier: Sequence[Sequence[str]] | None = None,
    is_minor: bool = False,
    persona_id: UUID | None = None,
) -> list[Verdict]:
    """As `assess`, for many texts, each with the text before it; much faster than one by one."""
    talks = [(*messages, text) for messages, (text, _) in zip(earlier or [()] * len(turns), turns, strict=True)]
    judged = zip(turns, _scores_in_context(turns), _readings(talks, direction), strict=True)
    return [
        _verdict(text, scores, found, direction=direction, before=before, is_minor=is_minor, persona_id=persona_id)
        for (text, before), scores, found in judged
    ]


def assess_many(texts: Sequence[str], *, direction: str) -> list[Verdict]:
    """As `assess`, for many unrelated texts; much faster than one by one."""
    return assess_turns([(text, "") for text in texts], direction=direction)


def assess_talks(talks: Sequence[Sequence[str]], *, direction: str) -> list[Verdict]:
    """As `assess`, for the last message of each talk: one person's messages, the newest last."""
    turns = [(talk[-1], "".join(f"{message}\n" for message in talk[-3:-1])) for talk in talks]
    return assess_turns(turns, direction=direction, earlier=[talk[:-1] for talk in talks])


def _readings(talks: Sequence[Sequence[str]], direction: str) -> list[Reading]:
    return reading.read(talks) if direction == Direction.USER else [reading.NOTHING] * len(talks)


def _scores_in_context(turns: Sequence[tuple[str, str]]) -> list[dict[str, float]]:
    """The scores of each (text, before), raised where the joined text is much worse than either text alone."""
    following = [index for index, (_, before) in enumerate(turns) if before]
    joined_texts = [turns[index][1] + turns[index][0] for index in following]
    results = scores_of([text for text, _ in turns] + joined_texts)
    scores, together = results[: len(turns)], dict(zip(following, results[len(turns) :], strict=True))
    worse = {index: _worse(joined, scores[index]) for index, joined in together.items()}
    suspect = [index for index, categories in worse.items() if categories]
    earlier = scores_of([turns[index][1] for index in suspect])
    for index, alone in zip(suspect, earlier, strict=True):
        joined = together[index]
        scores[index] |= {name: joined[name] for name in worse[index] if _is_worse(joined[name], alone[name])}
    return scores


def scores_of(texts: Sequence[str]) -> list[dict[str, float]]:
    """The scores of all categories and of the topics in force."""
    by_topic = topics.score(texts, policy.topics_in_force())
    return [
        {str(name): value for name, value in scores.items()} | named
        for scores, named in zip(registry.score(texts), by_topic, strict=True)
    ]


def _worse(together: dict[str, float], alone: dict[str, float]) -> list[str]:
    return [category for category in together if _is_worse(together[category], alone[category])]


def by_patterns(text: str) -> Verdict:
    """The verdict on a user's text while every classifier is down. It knows the crisis level only."""
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


def _verdict(
    text: str,
    probabilities: dict[str, float],
    found: Reading,
    *,
    direction: str,
    before: str,
    is_minor: bool,
    persona_id: UUID | None,
) -> Verdict:
    rules = policy.for_persona(persona_id)
    if is_minor:
        rules = policy.for_minors(rules)
        if minors.is_sexual(before[-MINORS_READ:] + text):
            probabilities = probabilities | {Category.SEXUAL: max(PATTERN_PROBABILITY, probabilities[Category.SEXUAL])}
    spans = _spans(text, before)
    if spans:
        probabilities = probabilities | {Category.PII: max(SPAN_PROBABILITY, probabilities[Category.PII])}
    decision = policy.decide(rules, found.meant(probabilities), direction=direction, has_spans=bool(spans))
    level = found.step
    if decision.action == RuleAction.CRISIS:
        # A classifier may detect a crisis that nothing else does. Its notice is that of the level `active`.
        level = ladder.highest((level, "active"))
    versions = {"policy_version": rules.version, "classifier_version": version()}
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
        set_aside=tuple(sorted(found.not_meant)),
        **versions,
    )


def _is_worse(together: float, alone: float) -> bool:
    return together >= _LEAST and together * (1 - alone) > _ODDS_RATIO * alone * (1 - together)


def _spans(text: str, before: str) -> tuple[pii.Span, ...]:
    """Spans of personal data in `text`. `before` is read too, because its words ("call me on") make a number one."""
    shift = len(before)
    spans = (span for span in pii.find(before + text) if span.end > shift)
    return tuple(pii.Span(max(span.start - shift, 0), span.end - shift, span.kind) for span in spans)


def record(
    verdict: Verdict, *, user: User | None, conversation_id: UUID | None, message_id: UUID | None
) -> Assessment | None:
    """Store the scores and the outcome, never the text.

    A plain `allow` below low mood leaves no row, unless a draft in shadow would have acted on the text.
    """
    is_plain = verdict.action == RuleAction.ALLOW and not ladder.is_at_least(verdict.level, "low")
    if is_plain and not _concerns_draft(verdict):
        return None
    row = Assessment.objects.create(
        user=user,
        conversation_id=conversation_id,
        message_id=message_id,
        direction=verdict.direction,
        action=verdict.action,
        category=verdict.category,
        probabilities=verdict.probabilities,
        set_aside=list(verdict.set_aside),
        level=verdict.level,
        policy_version=verdict.policy_version,
        classifier_version=verdict.classifier_version,
    )
    logger.info(
        "assessment.recorded",
        extra={"assessment": str(row.id), "action": row.action, "category": row.category, "level": row.level},
    )
    return row


def _concerns_draft(verdict: Verdict) -> bool:
    """Whether the draft in shadow would have acted on the text."""
    draft = policy.in_shadow()
    if draft is None:
        return False
    scores = {name: score for name, score in verdict.probabilities.items() if name not in verdict.set_aside}
    decision = policy.decide(
        draft, scores, direction=verdict.direction, has_spans=bool(verdict.spans), is_counted=False
    )
    return decision.action != RuleAction.ALLOW


def version() -> str:
    """The names and versions of everything that judges. Raises ClassifierUnavailable."""
    return f"{registry.version()} {reading.version()}"


def warm() -> None:
    """Load the classifiers, so that the first text does not wait for them. Raises ClassifierUnavailable."""
    # The first stage decides the first text and passes the second on, so the second stage is loaded too.
    registry.score(["I walked along the river, and thought of you.", "You are a fool, and I hate you."])
    reading.read([["I miss you."]])
    version()


def warm_meanwhile() -> None:
    """As `warm`, on a thread of its own. A classifier that does not load raises at the first text.

    The process waits for the thread where it ends early: Python ends a daemon thread in the middle of a library's
    C++, and C++ then aborts the process.
    """

    def work() -> None:
        with suppress(ClassifierUnavailable):
            warm()

    threading.Thread(target=work, name="warm the filter").start()
