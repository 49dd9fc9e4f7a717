"""The assessment of a whole conversation after each turn: its turns are scored, and each signal reads them together.

Every finding names its turn, a severity from 0 to 100, and the score and threshold behind it.
The findings depend on the turns alone: the same turns always give the same findings.
"""

from collections.abc import Sequence
from uuid import UUID

from moderation.crisis import reading
from moderation.crisis.reading import Reading
from moderation.filter import assessment, pii, policy
from moderation.filter.classifiers import registry
from moderation.filter.classifiers.base import Category
from moderation.monitor.signals import SIGNALS, Conversation, Scored
from moderation.talk import Finding, Turn

VERSION = "1"
RECENT = 40  # the newest turns; the monitor reads none before them


def assess_conversation(turns: Sequence[Turn]) -> list[Finding]:
    """Findings of all signals, most severe first, one per signal, category and message.

    Raises ClassifierUnavailable.
    """
    if not turns:
        return []
    conversation = _scored(turns[-RECENT:])
    findings: dict[tuple[str, str, UUID], Finding] = {}
    for signal in SIGNALS:
        for finding in signal(conversation):
            findings.setdefault((finding.signal, finding.category, finding.message_id), finding)
    return sorted(findings.values(), key=lambda finding: -finding.severity)


def _scored(turns: Sequence[Turn]) -> Conversation:
    rules = policy.active()
    scored = []
    for turn, found, scores in zip(turns, _readings(turns), registry.score([turn.text for turn in turns]), strict=True):
        spans = pii.find(turn.text)
        probabilities = scores | {Category.PII: 0.99} if spans else scores
        decision = policy.decide(
            rules, found.meant(probabilities), direction=turn.speaker, has_spans=bool(spans), is_counted=False
        )
        scored.append(Scored(turn, probabilities, decision, found.step))
    version = f"policy-{rules.version} {assessment.version()} monitor-{VERSION}"
    return Conversation(scored, rules, version)


def _readings(turns: Sequence[Turn]) -> list[Reading]:
    """Of each turn of the person, read behind their turns before it."""
    own = [index for index, turn in enumerate(turns) if turn.speaker == "user"]
    texts = [turns[index].text for index in own]
    found = dict(zip(own, reading.read([texts[: end + 1] for end in range(len(texts))]), strict=True))
    return [found.get(index, reading.NOTHING) for index in range(len(turns))]
