"""This room's part of a person's data: their keys, stored as digests, and the answers being written."""

from typing import Any

from django.db import transaction

from accounts.models import User
from api import jobs, keys


def export(user: User) -> list[dict[str, Any]]:
    fields = ("label", "prefix", "scopes", "messages_per_day", "tokens_per_day")
    return list(keys.owned_by(user).values(*fields, "created_at", "last_used_at", "revoked_at"))


def erase(user: User) -> None:
    keys.owned_by(user).delete()
    user_id = user.pk
    transaction.on_commit(lambda: jobs.forget_all_of(user_id), robust=True)
