"""The evidence of a case: a window of turns around each finding, as a reviewer may see it.

Personal data that the detector knows is masked, and turns of graphic categories are covered, until the reviewer asks
for them. `moderation.desk.cases.reveal` audits each request. Not masked: names of people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from moderation.categories import Category
from moderation.filter import pii
from moderation.models import Case
from moderation.talk import Finding, Turn

TURNS_EACH_SIDE = 10

GRAPHIC = frozenset(
    {
        Category.SEXUAL,
        Category.SEXUAL_MINORS,
        Category.VIOLENCE_GRAPHIC,
        Category.SELF_HARM_INSTRUCTIONS,
    }
)


@dataclass(frozen=True)
class EvidenceTurn:
    """A turn as a reviewer sees it. `text` is empty while it is covered."""

    message_id: str
    speaker: str
    text: str
    at: datetime
    findings: tuple[dict[str, Any], ...]
    is_covered: bool = False
    name: str = ""  # of the persona that says it, where that is stored


def window(turns: Sequence[Turn], findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The turns within TURNS_EACH_SIDE of a finding, in the order of the conversation, each once.

    An earlier turn on which a finding rests comes with one turn on each side. For a finding without a stored turn, the
    window is around the newest turn.
    """
    positions = {turn.message_id: position for position, turn in enumerate(turns)}
    window_positions: set[int] = set()
    for finding in findings:
        centre = positions.get(finding.message_id, len(turns) - 1)
        window_positions.update(_around(centre, TURNS_EACH_SIDE, len(turns)))
        for support in (positions[message_id] for message_id in finding.supports if message_id in positions):
            window_positions.update(_around(support, 1, len(turns)))
    return [_stored(turns[position]) for position in sorted(window_positions)]


def _around(centre: int, each_side: int, end: int) -> range:
    return range(max(0, centre - each_side), min(end, centre + each_side + 1))


def merged(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Both windows in order of time, each turn once. A turn in both keeps its old words."""
    turns = {turn["message_id"]: turn for turn in [*new, *old]}
    return sorted(turns.values(), key=lambda turn: datetime.fromisoformat(turn["at"]))


def shown(case: Case, *, revealed: Iterable[str] = ()) -> list[EvidenceTurn]:
    """The evidence as a reviewer may see it. `revealed` holds the reviewer's requests: `words`, `personal`."""
    revealed = frozenset(revealed)
    turns = []
    for stored in case.evidence:
        findings = tuple(finding for finding in case.findings if finding["message_id"] == stored["message_id"])
        is_covered = "words" not in revealed and any(finding["category"] in GRAPHIC for finding in findings)
        text = "" if is_covered else stored["text"]
        turns.append(
            EvidenceTurn(
                message_id=stored["message_id"],
                speaker=stored["speaker"],
                text=text if "personal" in revealed else _masked(text),
                at=datetime.fromisoformat(stored["at"]),
                findings=findings,
                is_covered=is_covered,
                name=stored.get("name", ""),
            )
        )
    return turns


def has_personal_data(case: Case) -> bool:
    return any(pii.find(turn["text"]) for turn in case.evidence)


def _masked(text: str) -> str:
    return pii.mask(text, pii.find(text))


def _stored(turn: Turn) -> dict[str, Any]:
    ids = {"message_id": str(turn.message_id), "persona_id": str(turn.persona_id) if turn.persona_id else None}
    return {**asdict(turn), **ids, "at": turn.at.isoformat()}
