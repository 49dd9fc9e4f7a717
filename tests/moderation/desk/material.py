"""Findings, turns and cases for the tests of the review desk."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from accounts.models import User
from moderation.desk import cases
from moderation.models import Action, ActionKind, Case
from moderation.talk import Finding, Turn

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def make_turns(number: int) -> list[Turn]:
    """Turns one minute apart, the person first."""
    return [
        Turn("persona" if i % 2 else "user", f"Turn number {i}.", uuid4(), START + timedelta(minutes=i))
        for i in range(number)
    ]


def make_finding(message_id: UUID, **fields: Any) -> Finding:
    values: dict[str, Any] = {
        "signal": "classifier",
        "category": "harassment",
        "severity": 40,
        "score": 0.91,
        "threshold": 0.8,
        "detail": "said to the persona",
        "version": "linear 1",
    }
    return Finding(message_id=message_id, **(values | fields))


def make_case(user: User, *, turns: list[Turn] | None = None, marked: int = 0, **fields: Any) -> Case:
    turns = turns or make_turns(3)
    return cases.open_case(
        user=user,
        conversation_id=uuid4(),
        persona_id=uuid4(),
        persona_name="Ada",
        findings=[make_finding(turns[marked].message_id, **fields)],
        turns=turns,
    )


def decide(case: Case, moderator: User, kind: ActionKind, **fields: Any) -> Action:
    """A decision with a reason, and with a label that fits its kind."""
    label = "no_violation" if kind == ActionKind.DISMISS else "harassment"
    values: dict[str, Any] = {"labels": [label], "reason": "Three turns threaten a neighbour."}
    return cases.decide(case=case, moderator=moderator, kind=kind, **(values | fields))
