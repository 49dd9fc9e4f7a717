"""Which engines there are: the rows of EngineEntry, read anew every second, so that no change needs a restart.

Who wins, the environment or the admin: a row that ENGINES and OPENAI_* made is written from them again at every
start, and each host reads it as its own environment says, until somebody saves it in the admin; from then on the
row alone counts, everywhere. The switch is the admin's always.
"""

import random
import threading
import time
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from generation.engines.base import EngineUnavailable
from generation.engines.registry import REMOTE
from generation.models import EngineEntry
from persona_site import env

_FRESH_S = 1.0
_BETWEEN = 10  # from the order of one engine of ENGINES to the next, so that others fit in

_lock = threading.Lock()
_rows: list[EngineEntry] = []
_read_at: float | None = None


def entries() -> list[EngineEntry]:
    """All engines, also those that are switched off, as of at most a second ago."""
    global _rows, _read_at
    with _lock:
        if _read_at is None or time.monotonic() - _read_at > _FRESH_S:
            _rows, _read_at = _of_this_host(EngineEntry.objects.all()), time.monotonic()
        return list(_rows)


def _of_this_host(rows: Iterable[EngineEntry]) -> list[EngineEntry]:
    """Rows that follow the environment follow that of each host: one with a card and one without may differ."""
    mine = []
    for row in rows:
        if row.follows_environment:
            if row.name not in settings.ENGINES:
                continue
            for field, value in _written(row.name).items():
                setattr(row, field, value)
        mine.append(row)
    return sorted(mine, key=lambda row: (row.order, row.name))


def named(name: str) -> EngineEntry:
    """Raises EngineUnavailable where there is none."""
    entry = next((each for each in entries() if each.name == name), None)
    if entry is None:
        raise EngineUnavailable(f"There is no engine {name!r} any more.")
    return entry


def enabled() -> list[EngineEntry]:
    return [entry for entry in entries() if entry.is_enabled]


def candidates() -> list[EngineEntry]:
    """The engines in the order in which one reply tries them: by order; within one order drawn by weight."""
    # Efraimidis and Spirakis 2006: sorting by u^(1/w) draws without replacement in proportion to w.
    return sorted(enabled(), key=lambda entry: (entry.order, -(random.random() ** (1 / entry.weight))))  # noqa: S311


def options(entry: EngineEntry) -> dict[str, Any]:
    """What a row's engine is loaded with; with other values it is loaded anew. Raises EngineUnavailable, keyless."""
    if not entry.is_remote:
        return {}
    key = env.secret(entry.key_variable) if entry.key_variable else ""
    if entry.key_variable and not key:
        raise EngineUnavailable(f"There is no key: {entry.key_variable} is empty where the worker runs.")
    return {
        "base_url": entry.base_url,
        "api_key": key,
        "model": entry.model,
        "context_length": entry.context_length,
        "prompt_form": entry.prompt_form,
        "first_token_s": entry.first_token_seconds,
        "between_tokens_s": entry.between_tokens_seconds,
    }


def forget(**_: Any) -> None:
    """Reads the rows anew at the next look."""
    global _read_at
    with _lock:
        _read_at = None


post_save.connect(forget, sender=EngineEntry)
post_delete.connect(forget, sender=EngineEntry)


@transaction.atomic
def follow_environment() -> None:
    """Writes the rows that follow ENGINES and OPENAI_*; rows that were saved in the admin are left alone.

    Rows of engines that this host does not name stay: another host may.
    """
    for kind in settings.ENGINES:
        row, is_new = EngineEntry.objects.get_or_create(
            name=kind, defaults={**_written(kind), "follows_environment": True}
        )
        if not is_new and row.follows_environment:
            EngineEntry.objects.filter(pk=row.pk, follows_environment=True).update(**_written(kind))
    forget()


def _written(kind: str) -> dict[str, Any]:
    """What this host's environment says of an engine that ENGINES names."""
    order = (settings.ENGINES.index(kind) + 1) * _BETWEEN
    return {"kind": kind, "order": order, **(_remote_of_environment() if kind in REMOTE else {})}


def _remote_of_environment() -> dict[str, Any]:
    return {
        "base_url": settings.OPENAI_BASE_URL,
        "model": settings.OPENAI_MODEL,
        "context_length": settings.OPENAI_CONTEXT_TOKENS,
        "prompt_form": settings.OPENAI_PROMPT_FORM,
        "key_variable": "OPENAI_API_KEY" if settings.OPENAI_API_KEY else "",
    }
