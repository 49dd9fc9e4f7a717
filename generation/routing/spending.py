"""The cost of engines: tokens and money per engine, account and day, and the budgets that limit them.

Days are in UTC. A budget is checked before a reply begins, so replies under way may still exceed it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import F, Q, Sum
from django.utils import timezone

from generation.engines.base import Usage
from generation.models import EngineEntry, EngineSpend

_MILLION = 1_000_000


@dataclass(frozen=True)
class Spent:
    """The cost of a day so far: tokens read and written, and money in the engine's own currency."""

    tokens: int = 0
    money: Decimal = Decimal(0)
    replies: int = 0
    estimated_tokens: int = 0


def today() -> date:
    return timezone.now().date()


def record(*, entry: EngineEntry, account: str, usage: Usage) -> None:
    """Counts the usage of a reply. Called once for each engine that generated, however the reply ended."""
    prompt, completion = usage.prompt_tokens, usage.completion_tokens
    money = (entry.prompt_price * prompt + entry.completion_price * completion) / _MILLION
    key: dict[str, Any] = {"engine": entry.name, "account": account, "day": today(), "currency": entry.currency}
    increments = {
        "replies": F("replies") + 1,
        "prompt_tokens": F("prompt_tokens") + prompt,
        "completion_tokens": F("completion_tokens") + completion,
        "estimated_tokens": F("estimated_tokens") + (prompt + completion if usage.is_estimated else 0),
        "money": F("money") + money,
    }
    sums_of_today = EngineSpend.objects.filter(**key)
    if not sums_of_today.update(**increments):
        EngineSpend.objects.get_or_create(**key)
        sums_of_today.update(**increments)


def of(entry: EngineEntry, account: str | None = None) -> Spent:
    """The cost of an engine today: of all accounts, or of one account."""
    rows = EngineSpend.objects.filter(engine=entry.name, day=today())
    if account is not None:
        rows = rows.filter(account=account)
    sums = rows.aggregate(
        tokens=Sum(F("prompt_tokens") + F("completion_tokens")),
        money=Sum("money", filter=Q(currency=entry.currency)),
        replies=Sum("replies"),
        estimated_tokens=Sum("estimated_tokens"),
    )
    return Spent(**{name: value for name, value in sums.items() if value is not None})


def used_up(entry: EngineEntry, account: str) -> str:
    """The name of the engine's first budget that is used up for this account today; "" if none is."""
    if entry.tokens_per_day is not None or entry.money_per_day is not None:
        spent = of(entry)
        if entry.tokens_per_day is not None and spent.tokens >= entry.tokens_per_day:
            return "tokens per day"
        if entry.money_per_day is not None and spent.money >= entry.money_per_day:
            return "money per day"
    if account and entry.tokens_per_person is not None and of(entry, account).tokens >= entry.tokens_per_person:
        return "tokens per person and day"
    return ""


def forget_old() -> int:
    """Deletes rows older than SPEND_RETENTION. Returns the number of deleted rows."""
    retention: timedelta = settings.SPEND_RETENTION
    deleted, _ = EngineSpend.objects.filter(day__lt=today() - retention).delete()
    return deleted
