"""The signals of the monitor: findings that need several turns of a conversation, besides those of single turns.

A signal is a function from the scored turns to findings. To add one, write the function and add it to SIGNALS.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from moderation.crisis import ladder
from moderation.filter import pii, policy
from moderation.filter.classifiers import registry
from moderation.filter.classifiers.base import Category
from moderation.filter.classifiers.features import plain
from moderation.filter.policy import ActivePolicy, Decision
from moderation.models import RuleAction
from moderation.monitor.findings import LEVEL_SEVERITY, SEVERITY, finding_of
from moderation.talk import Finding, Speaker, Turn

WINDOW = 6  # the newest turns of one speaker, which are read as one text
CHARACTERS = 1200  # the end of a window that is scored


@dataclass(frozen=True)
class Scored:
    """A turn with its scores and decision, judged alone, and its crisis level, judged behind the turns before it."""

    turn: Turn
    probabilities: dict[Category, float]
    decision: Decision
    level: str


@dataclass(frozen=True)
class Conversation:
    turns: Sequence[Scored]
    rules: ActivePolicy
    version: str

    def by(self, speaker: Speaker) -> list[Scored]:
        return [scored for scored in self.turns if scored.turn.speaker == speaker]


Signal = Callable[[Conversation], Iterable[Finding]]


def lines(conversation: Conversation) -> Iterable[Finding]:
    """Each turn that the filter withholds, masks or flags. A reply that was masked is recognised by its labels."""
    for scored in conversation.turns:
        level = ladder.highest((scored.level, "active")) if scored.decision.action == RuleAction.CRISIS else ""
        finding = finding_of(
            scored.decision,
            direction=scored.turn.speaker,
            level=level,
            version=conversation.version,
            message_id=scored.turn.message_id,
        )
        if finding:
            yield finding
        if scored.turn.speaker == "persona" and _has_label(scored.turn.text):
            yield _finding(
                conversation,
                scored,
                "masked",
                Category.PII,
                40,
                0.99,
                0.9,
                "Personal data in the reply was masked.",
            )


def crisis_levels(conversation: Conversation) -> Iterable[Finding]:
    """The highest level of the person's turns, from *passive* upward, at the newest turn of that level."""
    own_turns = conversation.by("user")
    worst = ladder.highest(scored.level for scored in own_turns)
    if not ladder.is_at_least(worst, "passive"):
        return
    newest = next(scored for scored in reversed(own_turns) if scored.level == worst)
    step = ladder.LEVELS.index(worst) / (len(ladder.LEVELS) - 1)
    yield _finding(
        conversation,
        newest,
        "crisis_level",
        Category.SELF_HARM,
        LEVEL_SEVERITY[worst],
        step,
        0.6,
        f"Crisis level {worst}.",
    )


def rising_hopelessness(conversation: Conversation) -> Iterable[Finding]:
    """Low mood or worse in at least half of the last WINDOW turns of the person, and more than in the WINDOW before."""
    own_turns = conversation.by("user")
    newest, earlier = own_turns[-WINDOW:], own_turns[-2 * WINDOW : -WINDOW]
    if len(newest) < 4:
        return
    share = _share_low(newest)
    if share >= 0.5 and share > _share_low(earlier):
        yield _finding(
            conversation,
            newest[-1],
            "rising_hopelessness",
            Category.SELF_HARM,
            60,
            share,
            0.5,
            "Hopelessness in most of the newest messages, more than before.",
        )


def veiled_intent(conversation: Conversation) -> Iterable[Finding]:
    """The newest turns of one speaker, joined to one text, are withheld, though each of them alone passes."""
    for speaker in ("user", "persona"):
        recent = conversation.by(speaker)[-WINDOW:]
        passing = [scored for scored in recent if scored.decision.action not in {RuleAction.BLOCK, RuleAction.CRISIS}]
        if len(passing) < 2:
            continue
        joined = " ".join(scored.turn.text for scored in passing)[-CHARACTERS:]
        probabilities = registry.score([joined])[0]
        decision = policy.decide(
            conversation.rules, probabilities, direction=speaker, has_spans=False, is_counted=False
        )
        if decision.action in {RuleAction.BLOCK, RuleAction.CRISIS}:
            severity = SEVERITY.get(decision.category, 50)
            yield _finding(
                conversation,
                passing[-1],
                "veiled_intent",
                decision.category,
                severity,
                decision.score,
                decision.threshold,
                f"The {speaker}'s last {len(passing)} turns would be withheld as one text, though each of them alone passes.",
            )


def repeated_harassment(conversation: Conversation) -> Iterable[Finding]:
    """Three or more turns of the person in the last dozen that look like abuse."""
    recent = conversation.by("user")[-12:]
    abusive = [
        scored
        for scored in recent
        if max(scored.probabilities[Category.HARASSMENT], scored.probabilities[Category.HATE]) >= 0.6
    ]
    if len(abusive) >= 3:
        yield _finding(
            conversation,
            abusive[-1],
            "repeated_harassment",
            Category.HARASSMENT,
            50,
            len(abusive) / len(recent),
            3 / 12,
            f"{len(abusive)} abusive messages among the last {len(recent)}.",
        )


def repeated_attempts(conversation: Conversation) -> Iterable[Finding]:
    """Three or more messages of the person that the filter withheld."""
    withheld = [scored for scored in conversation.by("user") if scored.decision.action == RuleAction.BLOCK]
    if len(withheld) >= 3:
        last = withheld[-1]
        yield _finding(
            conversation,
            last,
            "repeated_attempts",
            last.decision.category,
            70,
            float(len(withheld)),
            3.0,
            f"{len(withheld)} messages were withheld.",
        )


def jailbreak_attempts(conversation: Conversation) -> Iterable[Finding]:
    """The newest turn that tries to switch off the persona's rules; several such turns are more severe."""
    tries = [scored for scored in conversation.by("user") if scored.probabilities[Category.JAILBREAK] >= 0.8]
    if tries:
        severity = min(35 + 10 * len(tries), 75)
        yield _finding(
            conversation,
            tries[-1],
            "jailbreak",
            Category.JAILBREAK,
            severity,
            tries[-1].probabilities[Category.JAILBREAK],
            0.8,
            f"{len(tries)} attempts to change the persona's rules.",
        )


def asks_for_personal_data(conversation: Conversation) -> Iterable[Finding]:
    """A persona that asks for a person's address, number, card or password."""
    for scored in conversation.by("persona"):
        if _SOLICITS.search(plain(scored.turn.text)):
            yield _finding(
                conversation,
                scored,
                "asks_for_personal_data",
                Category.PII,
                50,
                1.0,
                1.0,
                "The persona asks for personal data.",
            )


def dependence(conversation: Conversation) -> Iterable[Finding]:
    """A persona that binds a person to itself: isolates, pleads at leaving, or wants secrecy (compliance K12, H2)."""
    for scored in conversation.by("persona"):
        if _BINDS.search(plain(scored.turn.text).replace("’", "'")):
            yield _finding(
                conversation,
                scored,
                "dependence",
                Category.HARASSMENT,
                60,
                1.0,
                1.0,
                "The persona isolates, pleads or wants secrecy.",
            )


SIGNALS: list[Signal] = [
    lines,
    crisis_levels,
    rising_hopelessness,
    veiled_intent,
    repeated_harassment,
    repeated_attempts,
    jailbreak_attempts,
    asks_for_personal_data,
    dependence,
]

_SOLICITS = re.compile(
    r"\b(?:what(?:'?s| is)|tell me|give me|send me|share|i need|may i have|can (?:i|you) (?:have|give me|send me|tell me|share))\b[^.!?\n]{0,24}\byour "
    r"(?:full |home |exact |e-?mail |phone |mobile |bank |credit |card |account |social )*(?:address|phone|number|e-?mail|password|pin|card|account|passport|security)|"
    r"(?:告诉我|给我|发给我|你的)[^。!?\n]{0,6}(?:家庭住址|住址|地址是|电话号码是?|手机号|身份证|银行卡|密码)[^。!?\n]{0,6}(?:吗|是什么|是多少|给我|发|\?|$)"
)
_BINDS = re.compile(
    r"\b(?:you (?:only|just) need me|(?:i'?m|i am) (?:all|the only (?:one|person)) you (?:need|have|can trust)|you don'?t need (?:anyone|anybody|them|other people|friends|"
    r"a therapist|help)(?: but me| else)?|(?:nobody|no ?one) (?:else )?(?:understands?|loves|knows|cares (?:about|for)) you (?:like i|the way i|but me|as i)|"
    r"(?:don'?t|never) (?:ever )?(?:leave me|go(?:,| away)? ?(?:please)|tell (?:anyone|anybody|them|your \w+) (?:about|what) (?:us|me|we))|"
    r"keep (?:this|it|us) (?:a )?secret (?:from|between)|if you (?:leave|go|log off)[^.!?\n]{0,20}(?:i(?:'?ll| will) (?:die|be (?:so )?(?:lonely|alone|sad)|suffer)|hurt me)|"
    r"(?:stay away from|forget) (?:your )?(?:friends|family|them all)|please don'?t (?:leave|go)\b)|"
    r"(?:你只(?:需要|有)我|只有我(?:才)?(?:懂|爱|理解|在乎)你|你不需要(?:别人|其他人|朋友|他们)|别(?:离开|丢下)我|不要(?:离开|丢下)我|不要告诉(?:别人|任何人)|你走了我(?:会|就)(?:很)?(?:死|难过|孤单|伤心))"
)
_LABELS = tuple(label for by_language in pii.LABELS.values() for label in by_language.values())


def _has_label(text: str) -> bool:
    return any(label in text for label in _LABELS)


def _share_low(turns: Sequence[Scored]) -> float:
    return sum(ladder.is_at_least(scored.level, "low") for scored in turns) / len(turns) if turns else 0.0


def _finding(
    conversation: Conversation,
    scored: Scored,
    signal: str,
    category: str,
    severity: int,
    score: float,
    threshold: float,
    detail: str,
) -> Finding:
    return Finding(
        signal,
        str(category),
        severity,
        round(score, 4),
        threshold,
        scored.turn.message_id,
        detail,
        conversation.version,
    )
