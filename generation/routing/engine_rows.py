"""The engines of this site: the rows of EngineEntry. They are read again every second, so no change needs a restart.

Engine rows created from ENGINES and OPENAI_* are overwritten from the environment at every start, and each host
reads them with its own environment. A row that was saved in the admin is left alone, and counts on every host.
Only the admin switches engines on and off.
"""

import random
import threading
import time
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext

from generation.engine import EngineUnavailable
from generation.engine_kinds import REMOTE
from generation.models import EngineEntry
from persona_site import env

_FRESH_S = 1.0
_BETWEEN = 10  # between the orders of two engines of ENGINES, so that others fit in

_lock = threading.Lock()
_rows: list[EngineEntry] = []
_read_at: float | None = None


def entries() -> list[EngineEntry]:
    """All engines, including those that are switched off. At most one second old."""
    global _rows, _read_at
    with _lock:
        if _read_at is None or time.monotonic() - _read_at > _FRESH_S:
            _rows, _read_at = _of_this_host(EngineEntry.objects.all()), time.monotonic()
        return list(_rows)


def _of_this_host(rows: Iterable[EngineEntry]) -> list[EngineEntry]:
    """Rows that follow the environment take the values of this host. Hosts may differ, for example in a GPU."""
    host_rows = []
    for row in rows:
        if row.follows_environment:
            if row.name not in settings.ENGINES:
                continue
            for field, value in _environment_values(row.name).items():
                setattr(row, field, value)
        host_rows.append(row)
    return sorted(host_rows, key=lambda row: (row.order, row.name))


def named(name: str) -> EngineEntry:
    """The engine of this name. Raises EngineUnavailable if there is none."""
    entry = next((candidate for candidate in entries() if candidate.name == name), None)
    if entry is None:
        raise EngineUnavailable(gettext("There is no engine %(name)r any more.") % {"name": name})
    return entry


def enabled() -> list[EngineEntry]:
    return [entry for entry in entries() if entry.is_enabled]


def candidates() -> list[EngineEntry]:
    """The engines in the order in which one reply tries them. Engines of the same order are drawn by weight."""
    # Efraimidis and Spirakis 2006: sorting by u^(1/w) draws without replacement in proportion to w.
    return sorted(enabled(), key=lambda entry: (entry.order, -(random.random() ** (1 / entry.weight))))  # noqa: S311


def options(entry: EngineEntry) -> dict[str, Any]:
    """The options of a row's engine. If they change, it is reloaded. Raises EngineUnavailable if a key is missing."""
    if not entry.is_remote:
        return {}
    key = env.secret(entry.key_variable) if entry.key_variable else ""
    if entry.key_variable and not key:
        raise EngineUnavailable(
            gettext("There is no key: %(key_variable)s is empty in the worker's environment.")
            % {"key_variable": entry.key_variable}
        )
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
    """Makes the next call of `entries` read the rows again."""
    global _read_at
    with _lock:
        _read_at = None


post_save.connect(forget, sender=EngineEntry)
post_delete.connect(forget, sender=EngineEntry)


@transaction.atomic
def follow_environment() -> None:
    """Writes the rows that follow ENGINES and OPENAI_*. Rows that were saved in the admin are left alone.

    Rows of engines that this host does not name stay, because another host may name them.
    """
    for kind in settings.ENGINES:
        row, is_new = EngineEntry.objects.get_or_create(
            name=kind, defaults={**_environment_values(kind), "follows_environment": True}
        )
        if not is_new and row.follows_environment:
            EngineEntry.objects.filter(pk=row.pk, follows_environment=True).update(**_environment_values(kind))
    forget()


def _environment_values(kind: str) -> dict[str, Any]:
    """The values of this host's environment for an engine in ENGINES."""
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
