"""This room's part of a person's data: their use of each engine per day."""

from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import User
from generation.models import EngineSpend


def export(user: User) -> dict[str, Any]:
    columns = "day", "engine", "replies", "prompt_tokens", "completion_tokens", "estimated_tokens", "money", "currency"
    return {"spent": list(EngineSpend.objects.filter(account=str(user.pk)).order_by("day", "engine").values(*columns))}


@transaction.atomic
def erase(user: User) -> None:
    """Removes the account from the figures. The sums stay, because the money was spent."""
    for row in EngineSpend.objects.select_for_update().filter(account=str(user.pk)):
        key: dict[str, Any] = {"engine": row.engine, "account": "", "day": row.day, "currency": row.currency}
        EngineSpend.objects.get_or_create(**key)
        EngineSpend.objects.filter(**key).update(
            replies=F("replies") + row.replies,
            prompt_tokens=F("prompt_tokens") + row.prompt_tokens,
            completion_tokens=F("completion_tokens") + row.completion_tokens,
            estimated_tokens=F("estimated_tokens") + row.estimated_tokens,
            money=F("money") + row.money,
        )
        row.delete()
