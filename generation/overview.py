"""The engine room for the operator: the rows, the reports of all workers, and the day's costs."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import redis
from django.utils.translation import gettext, gettext_noop

from generation.jobs import waiting_room as waiting_room
from generation.jobs import worker
from generation.models import EngineEntry
from generation.routing import failovers, spending


@dataclass(frozen=True)
class Report:
    """One worker's report on one engine."""

    worker: str
    model: str
    device: str
    ok: bool
    detail: str
    since: datetime | None
    breaker: str
    tokens_per_second: float
    first_token_ms: int | None
    speaking: int
    reply_tokens_per_second: float | None  # of the latest reply


@dataclass(frozen=True)
class Budget:
    what: str
    spent: Decimal | int
    limit: Decimal | int
    unit: str

    @property
    def percent(self) -> int:
        return min(100, int(100 * self.spent / self.limit)) if self.limit else 100


@dataclass(frozen=True)
class Engine:
    entry: EngineEntry
    state: str  # off, budget, unreported, down, spared, ready; docs/operations.md explains each
    state_in_words: str
    reports: list[Report]
    spent: spending.Spent
    budgets: list[Budget]

    @property
    def tokens_per_second(self) -> float:
        return round(sum(report.tokens_per_second for report in self.reports), 1)

    @property
    def reply_tokens_per_second(self) -> float | None:
        """Of the latest reply, at the slowest worker."""
        speeds = [report.reply_tokens_per_second for report in self.reports]
        return min((speed for speed in speeds if speed is not None), default=None)

    @property
    def speaking(self) -> int:
        return sum(report.speaking for report in self.reports)

    @property
    def first_token_ms(self) -> int | None:
        """The slowest worker's, because somebody waits that long."""
        return max((r.first_token_ms for r in self.reports if r.first_token_ms is not None), default=None)


_STATES = {
    "off": gettext_noop("Switched off"),
    "budget": gettext_noop("Today's budget is used up"),
    "unreported": gettext_noop("No worker has reported it yet"),
    "down": gettext_noop("Down"),
    "spared": gettext_noop("Spared after failures"),
    "ready": gettext_noop("Ready"),
}


def engines() -> list[Engine]:
    """Every engine, in the order in which replies try them."""
    beats = _beats()
    return [_engine(entry, beats) for entry in EngineEntry.objects.all()]


def waiting() -> int | None:
    """The number of replies that wait for a worker; None while Redis is unavailable."""
    try:
        return sum(waiting_room.sizes().values())
    except redis.RedisError:
        return None


def failures() -> list[failovers.Failure]:
    try:
        return failovers.recent()
    except redis.RedisError:
        return []


def _beats() -> list[dict[str, Any]]:
    try:
        return worker.beats()
    except redis.RedisError:
        return []


def _engine(entry: EngineEntry, beats: list[dict[str, Any]]) -> Engine:
    reports = [
        _report(beat["worker"], report) for beat in beats for report in beat["engines"] if report["name"] == entry.name
    ]
    state = _state(entry, reports)
    spent = spending.of(entry)
    return Engine(entry, state, gettext(_STATES[state]), reports, spent, _budgets(entry, spent))


def _report(name: str, report: dict[str, Any]) -> Report:
    since = datetime.fromisoformat(report["since"]) if report["since"] else None
    fields = ("model", "device", "ok", "detail", "breaker", "tokens_per_second", "first_token_ms", "speaking")
    speed = report.get("reply_tokens_per_second")  # a worker of the release before does not report it
    return Report(worker=name, since=since, reply_tokens_per_second=speed, **{field: report[field] for field in fields})


def _state(entry: EngineEntry, reports: list[Report]) -> str:
    if not entry.is_enabled:
        return "off"
    if spending.used_up(entry, account=""):
        return "budget"
    if not reports:
        return "unreported"
    if not any(report.ok for report in reports):
        return "down"
    return "ready" if any(report.breaker == "closed" for report in reports) else "spared"


def _budgets(entry: EngineEntry, spent: spending.Spent) -> list[Budget]:
    budgets = []
    if entry.tokens_per_day is not None:
        budgets.append(Budget(gettext("Tokens today"), spent.tokens, entry.tokens_per_day, gettext("tokens")))
    if entry.money_per_day is not None:
        budgets.append(Budget(gettext("Money today"), round(spent.money, 4), entry.money_per_day, entry.currency))
    return budgets
