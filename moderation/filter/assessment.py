"""The one door for text: judges whether a text may pass, whether it is masked, or whether the site answers instead.

The filter fails closed. A caller that catches ClassifierUnavailable refuses the text. It shows `notices.notice` if
`ladder.level(text)` calls for it; neither needs a model.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial, reduce
from uuid import UUID

from accounts.models import User
from moderation.categories import Category, ClassifierUnavailable
from moderation.crisis import ladder, reading
from moderation.crisis.reading import Reading
from moderation.evasion import forms, spelling
from moderation.features import plain
from moderation.filter import head_versions, minors, pii, policy, topics
from moderation.filter.classifiers import registry
from moderation.filter.classifiers.heads import Heads
from moderation.filter.findings import finding_of, finding_of_level
from moderation.filter.policy import Decision
from moderation.models import Assessment, Direction, RuleAction
from moderation.talk import Finding

__all__ = [
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
# A person's newest messages are judged as one text too, because a request can be split over several.
_SPLIT_OVER = 3
_SPLIT_CHARACTERS = 400  # of these messages together; a longer one stands for itself


def _is_never_own(words: str) -> bool:
    return False


@dataclass(frozen=True)
class Verdict:
    direction: str
    action: RuleAction
    category: str  # of the rule that decided; "" where none did
    probabilities: dict[str, float]
    text: str  # the text that may be shown; where the action is mask, without its spans
    level: str  # crisis level of a user's text: "" | grief | low | passive | active | imminent
    spans: tuple[pii.Span, ...]  # personal data in the original text
    findings: tuple[Finding, ...]  # of the policy's decision; their message_id is NOT_STORED
    policy_version: str
    classifier_version: str
    set_aside: tuple[str, ...] = ()  # categories whose scores did not count, because the text speaks of a death
    trial: "Trial | None" = None  # what a version of the heads in shadow would have done

    @property
    def passes(self) -> bool:
        return self.action not in {RuleAction.BLOCK, RuleAction.CRISIS}

    def findings_about(self, message_id: UUID) -> list[Finding]:
        """What a case needs to say of the stored text: the policy's decision, and a crisis from *passive* upward."""
        version = f"policy-{self.policy_version} {self.classifier_version}"
        of_level = finding_of_level(self.level, message_id=message_id, version=version)
        decided = [replace(finding, message_id=message_id) for finding in self.findings]
        return [*decided, of_level] if of_level else decided


@dataclass(frozen=True)
class Trial:
    version: str
    action: RuleAction
    category: str


def assess(
    text: str,
    *,
    direction: str,
    before: str = "",
    begun: str = "",
    earlier: Sequence[str] = (),
    is_minor: bool = False,
    persona_id: UUID | None = None,
    is_own: Callable[[str], bool] = _is_never_own,
) -> Verdict:
    """Judge `text` alone and as the continuation of `before`. The worse result counts.

    `before` was judged when it came, so its own score does not count against `text`. `begun` is the beginning of
    the sentence that `text` continues; the two are judged together. `earlier`: the person's messages before a user's
    text, the newest last. The text is judged as their continuation too, and its crisis level over all of them.
    `is_minor`: the person of the conversation is under 18. `persona_id`: the persona whose own rules hold too.
    `is_own`: whether the words of the persona's owner, who reads the text, hold this personal data.
    Writes only counters. Raises ClassifierUnavailable.
    """
    scores, trial_scores = _with_trial([begun + text], [_contexts(begun + text, before, earlier)])[0]
    crisis = _readings([(*earlier, text)], direction)[0]
    return _verdict(
        text,
        scores,
        crisis,
        trial_scores=trial_scores,
        direction=direction,
        before=before + begun,
        is_minor=is_minor,
        persona_id=persona_id,
        is_own=is_own,
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
    with_earlier = list(zip(turns, earlier or [()] * len(turns), strict=True))
    talks = [(*messages, text) for (text, _), messages in with_earlier]
    contexts = [_contexts(text, before, messages) for (text, before), messages in with_earlier]
    scored = _with_trial([text for text, _ in turns], contexts)
    judged = zip(turns, scored, _readings(talks, direction), strict=True)
    return [
        _verdict(
            text,
            scores,
            crisis,
            trial_scores=trial_scores,
            direction=direction,
            before=before,
            is_minor=is_minor,
            persona_id=persona_id,
        )
        for (text, before), (scores, trial_scores), crisis in judged
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


@dataclass(frozen=True)
class _Context:
    """What came before a text, alone and with the text."""

    alone: str
    together: str


def _contexts(text: str, before: str, earlier: Sequence[str]) -> list[_Context]:
    messages: list[str] = []
    for message in reversed(earlier[-_SPLIT_OVER:]):
        if sum(map(len, messages)) + len(message) > _SPLIT_CHARACTERS:
            break
        messages.insert(0, message)
    contexts = [_Context(" ".join(messages), reduce(spelling.mended, [*messages, text]))] if messages else []
    if before and plain(before) not in {plain(context.alone) for context in contexts}:
        contexts.append(_Context(before, before + text))
    return contexts


def _with_trial(
    texts: Sequence[str], contexts: Sequence[Sequence[_Context]]
) -> list[tuple[dict[str, float], dict[str, float] | None]]:
    """The scores of each text by the heads in force and, if others are tried in shadow, by these."""
    trial = head_versions.on_trial()
    scores = _scores_in_context(texts, contexts, scores_of)
    if trial is None:
        return [(of_text, None) for of_text in scores]
    in_shadow = _scores_in_context(texts, contexts, partial(scores_of, heads=trial))
    return list(zip(scores, in_shadow, strict=True))


def _scores_in_context(
    texts: Sequence[str],
    contexts: Sequence[Sequence[_Context]],
    score: Callable[[Sequence[str]], list[dict[str, float]]],
) -> list[dict[str, float]]:
    """The scores of each text, raised where it is much worse with what came before than either is alone."""
    pairs = [(index, context) for index, of_text in enumerate(contexts) for context in of_text]
    results = score([*texts, *(context.together for _, context in pairs)])
    scores = results[: len(texts)]
    worse = [
        (index, context, together, categories)
        for (index, context), together in zip(pairs, results[len(texts) :], strict=True)
        if (categories := _worse(together, scores[index]))
    ]
    before = score([context.alone for _, context, _, _ in worse])
    for (index, _, together, categories), alone in zip(worse, before, strict=True):
        for name in categories:
            if _is_worse(together[name], alone[name]):
                scores[index][name] = max(scores[index][name], together[name])
    return scores


def scores_of(texts: Sequence[str], heads: Heads | None = None) -> list[dict[str, float]]:
    """The scores of all categories and of the topics in force. Of a text and its other forms, the highest count.

    `heads`: those to judge by; without them, those in force. Raises ClassifierUnavailable.
    """
    with_forms = [(text, *forms.other_forms(text)) for text in texts]
    scores = iter(_scores([form for of_text in with_forms for form in of_text], heads or head_versions.active()))
    return [reduce(_highest, (next(scores) for _ in of_text)) for of_text in with_forms]


def _highest(first: dict[str, float], second: dict[str, float]) -> dict[str, float]:
    return {name: max(score, second[name]) for name, score in first.items()}


def _scores(texts: Sequence[str], heads: Heads | None) -> list[dict[str, float]]:
    by_topic = topics.score(texts, policy.topics_in_force())
    return [
        {str(name): value for name, value in scores.items()} | named
        for scores, named in zip(registry.score(texts, heads), by_topic, strict=True)
    ]


def _worse(together: dict[str, float], alone: dict[str, float]) -> list[str]:
    return [category for category in together if _is_worse(together[category], alone[category])]


def by_patterns(text: str) -> Verdict:
    """The verdict on a user's text while every classifier is down. It knows the crisis level only."""
    level = ladder.highest(map(ladder.level, (text, *forms.undisguised(text))))
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
    crisis: Reading,
    *,
    trial_scores: dict[str, float] | None,
    direction: str,
    before: str,
    is_minor: bool,
    persona_id: UUID | None,
    is_own: Callable[[str], bool] = _is_never_own,
) -> Verdict:
    rules = policy.for_persona(persona_id)
    spans = _spans(text, before, is_own if rules.shows_own_personal_data else _is_never_own)
    patterns = _pattern_scores(before[-MINORS_READ:] + text, spans, is_minor=is_minor)
    probabilities = _raised(probabilities, patterns)
    if is_minor:
        rules = policy.for_minors(rules)
    decide = partial(policy.decide, rules, direction=direction, has_spans=bool(spans))
    decision = decide(crisis.meant(probabilities))
    in_shadow = decide(crisis.meant(_raised(trial_scores, patterns)), is_counted=False) if trial_scores else None
    level = crisis.step
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
        set_aside=tuple(sorted(crisis.not_meant)),
        trial=_trial(in_shadow) if in_shadow else None,
        **versions,
    )


def _pattern_scores(text: str, spans: tuple[pii.Span, ...], *, is_minor: bool) -> dict[str, float]:
    """The probabilities of what no classifier reads, but patterns: personal data, and words sexual to a minor."""
    scores: dict[str, float] = {Category.PII: SPAN_PROBABILITY} if spans else {}
    if is_minor and minors.is_sexual(text):
        scores[Category.SEXUAL] = PATTERN_PROBABILITY
    return scores


def _raised(scores: dict[str, float], patterns: dict[str, float]) -> dict[str, float]:
    return scores | {name: max(score, scores[name]) for name, score in patterns.items()}


def _trial(decision: Decision) -> Trial | None:
    heads = head_versions.on_trial()  # the trial may have ended in the meantime
    return Trial(heads.version, decision.action, decision.category) if heads else None


def _is_worse(together: float, alone: float) -> bool:
    return together >= _LEAST and together * (1 - alone) > _ODDS_RATIO * alone * (1 - together)


def _spans(text: str, before: str, is_own: Callable[[str], bool]) -> tuple[pii.Span, ...]:
    """Spans of personal data in `text`. `before` is read too, because its words ("call me on") make a number one."""
    shift, read = len(before), before + text
    spans = (span for span in pii.find(read) if span.end > shift and not is_own(read[span.start : span.end]))
    return tuple(pii.Span(max(span.start - shift, 0), span.end - shift, span.kind) for span in spans)


def record(
    verdict: Verdict,
    *,
    user: User | None,
    conversation_id: UUID | None,
    message_id: UUID | None,
    is_imported: bool = False,
) -> Assessment | None:
    """Store the scores and the outcome, never the text. `is_imported`: the site showed no notice.

    A plain `allow` below low mood leaves no row, unless a draft or heads in shadow would have acted on the text.
    """
    is_plain = verdict.action == RuleAction.ALLOW and not ladder.is_at_least(verdict.level, "low")
    trial = verdict.trial
    concerns_trial = trial is not None and trial.action != RuleAction.ALLOW
    if is_plain and not concerns_trial and not _concerns_draft(verdict):
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
        is_imported=is_imported,
        policy_version=verdict.policy_version,
        classifier_version=verdict.classifier_version,
        trial_version=trial.version if trial else "",
        trial_action=trial.action if trial else "",
        trial_category=trial.category if trial else "",
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
    return f"{registry.version(head_versions.active())} {reading.version()} forms-{forms.VERSION}"


def warm() -> None:
    """Load the classifiers, so that the first text does not wait for them. Raises ClassifierUnavailable."""
    # The first stage decides the first text and passes the second on, so the second stage is loaded too.
    registry.score(["I walked along the river, and thought of you.", "You are a fool, and I hate you."])
    reading.load()
    reading.read([["I miss you."]])  # loads what undoes disguises
    registry.version()


def warm_meanwhile() -> None:
    """As `warm`, on a thread of its own. A classifier that does not load raises at the first text.

    The process waits for the thread where it ends early: Python ends a daemon thread in the middle of a library's
    C++, and C++ then aborts the process.
    """

    def work() -> None:
        with suppress(ClassifierUnavailable):
            warm()

    threading.Thread(target=work, name="warm the filter").start()
