"""The assessment of a conversation: its newest turns are scored, and each signal reads them together.

Every finding names its turn, a severity from 0 to 100, and the score and threshold behind it.
The findings depend on the turns, and on the numbers of the days before, alone: the same always gives the same.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from moderation.categories import Category
from moderation.crisis import reading
from moderation.crisis.reading import Reading
from moderation.filter import assessment, pii, policy
from moderation.filter.policy import ActivePolicy
from moderation.monitor import counts
from moderation.monitor.days import day_of
from moderation.monitor.signals import SIGNALS, SIGNS, cues_of
from moderation.monitor.signals.base import Scored, Signal, Watch
from moderation.talk import Finding, Turn

VERSION = "3"
RECENT = 40  # the newest turns; the monitor reads none before them


def assess_conversation(turns: Sequence[Turn], *, persona_id: UUID | None = None) -> list[Finding]:
    """Findings about these turns alone, without a past, most severe first.

    `persona_id`: the persona whose own rules hold too. Raises ClassifierUnavailable.
    """
    if not turns:
        return []
    rules = policy.for_persona(persona_id)
    newest = scored(turns, rules)
    days = counts.tallied(newest, day_of(turns[-1].at))
    watch = Watch(newest, newest, rules, version(rules), talk=days, person=days)
    return ordered([*findings_of(SIGNALS, watch), *findings_of(SIGNS, watch)])


def findings_of(signals: Iterable[Signal], watch: Watch) -> list[Finding]:
    return [finding for signal in signals for finding in signal(watch)]


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Most severe first, one per signal, category and message."""
    first: dict[tuple[str, str, UUID], Finding] = {}
    for finding in findings:
        first.setdefault((finding.signal, finding.category, finding.message_id), finding)
    return sorted(first.values(), key=lambda finding: -finding.severity)


def version(rules: ActivePolicy) -> str:
    """Of everything that judges. Raises ClassifierUnavailable."""
    return f"policy-{rules.version} {assessment.version()} monitor-{VERSION}"


def scored(turns: Sequence[Turn], rules: ActivePolicy) -> list[Scored]:
    """The newest RECENT turns, each with what it shows. Raises ClassifierUnavailable."""
    turns = turns[-RECENT:]
    texts = [turn.text for turn in turns]
    parts = zip(turns, _readings(turns), assessment.scores_of(texts), strict=True)
    return [_scored(*part, rules) for part in parts]


def _scored(turn: Turn, read: Reading, scores: dict[str, float], rules: ActivePolicy) -> Scored:
    spans = pii.find(turn.text)
    probabilities = scores | {Category.PII: 0.99} if spans else scores
    decision = policy.decide(
        rules, read.meant(probabilities), direction=turn.speaker, has_spans=bool(spans), is_counted=False
    )
    cues = cues_of(turn, level=read.step, decision=decision, jailbreak=probabilities[Category.JAILBREAK])
    return Scored(turn, probabilities, decision, read.step, cues)


def _readings(turns: Sequence[Turn]) -> list[Reading]:
    """Of each turn of the person, read behind their turns before it."""
    own = [index for index, turn in enumerate(turns) if turn.speaker == "user"]
    texts = [turns[index].text for index in own]
    readings = dict(zip(own, reading.read([texts[: end + 1] for end in range(len(texts))]), strict=True))
    return [readings.get(index, reading.NOTHING) for index in range(len(turns))]
