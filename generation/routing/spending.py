"""The cost of engines: tokens and money per engine, account and day, and the budgets that limit them.

Days are in UTC. A budget is checked before a reply begins, so replies under way may still exceed it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import F, Q, Sum
from django.utils import timezone

from generation.engine import Usage
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
    prompt = usage.prompt_tokens + usage.dropped_prompt_tokens
    completion = usage.completion_tokens + usage.dropped_completion_tokens
    key: dict[str, Any] = {"engine": entry.name, "account": account, "day": today(), "currency": entry.currency}
    increments = {
        "replies": F("replies") + 1,
        "prompt_tokens": F("prompt_tokens") + prompt,
        "completion_tokens": F("completion_tokens") + completion,
        "estimated_tokens": F("estimated_tokens") + (prompt + completion if usage.is_estimated else 0),
        "money": F("money") + _price(entry, prompt, completion),
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
    return next((budget.name for budget in _budgets(entry, account) if budget.left <= 0), "")


def affordable(entry: EngineEntry, account: str, *, prompt_tokens: int, completion_tokens: int, most: int) -> int:
    """How many replies of this size the engine's budgets still allow this account today; 1 to `most`."""
    money = _price(entry, prompt_tokens, completion_tokens)
    costs = [
        (budget, money if budget.is_money else Decimal(prompt_tokens + completion_tokens))
        for budget in _budgets(entry, account)
    ]
    return max(1, min([most, *(int(budget.left / cost) for budget, cost in costs if cost)]))


@dataclass(frozen=True)
class _Budget:
    name: str
    left: Decimal
    is_money: bool = False


def _budgets(entry: EngineEntry, account: str) -> Iterator[_Budget]:
    """The engine's budgets for this account, with what is left of them today."""
    if entry.tokens_per_day is not None or entry.money_per_day is not None:
        spent = of(entry)
        if entry.tokens_per_day is not None:
            yield _Budget("tokens per day", Decimal(entry.tokens_per_day - spent.tokens))
        if entry.money_per_day is not None:
            yield _Budget("money per day", entry.money_per_day - spent.money, is_money=True)
    if account and entry.tokens_per_person is not None:
        yield _Budget("tokens per person and day", Decimal(entry.tokens_per_person - of(entry, account).tokens))


def _price(entry: EngineEntry, prompt_tokens: int, completion_tokens: int) -> Decimal:
    return (entry.prompt_price * prompt_tokens + entry.completion_price * completion_tokens) / _MILLION


def forget_old() -> int:
    """Deletes rows older than SPEND_RETENTION. Returns the number of deleted rows."""
    retention: timedelta = settings.SPEND_RETENTION
    deleted, _ = EngineSpend.objects.filter(day__lt=today() - retention).delete()
    return deleted
