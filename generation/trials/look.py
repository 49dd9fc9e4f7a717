"""Looks for model servers on the machine that generates, at the usual ports of four programs. Loopback only.

A generation worker looks, because the address must be right for it, and not for a web server on another machine. The
result is kept in Redis for an hour.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter

from generation.models import EngineEntry
from generation.trials import servers
from generation.trials.servers import ServedModel
from persona_site.redis import connection

_KEY = "generation:look"
_KEPT = timedelta(hours=1)
_OVERDUE = timedelta(seconds=20)  # two requests to each server, and the worker's way to them


@dataclass(frozen=True)
class Place:
    """Where a program listens unless it is told otherwise."""

    program: str
    port: int
    sizes_path: str = ""  # of a list that says the models' sizes

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"


PLACES = (Place("Ollama", 11434, "/api/tags"), Place("llama.cpp", 8080), Place("LM Studio", 1234), Place("vLLM", 8000))


@dataclass(frozen=True)
class Finding:
    program: str
    base_url: str
    models: tuple[ServedModel, ...] = ()
    fault: str = ""  # why it has no models
    is_silent: bool = False  # nothing listens there


@dataclass(frozen=True)
class Look:
    asked_at: datetime
    findings: tuple[Finding, ...] | None = None  # None while a worker looks
    own_port: str = ""  # the program whose usual port is this site's own, so it was not asked

    @property
    def is_under_way(self) -> bool:
        return self.findings is None and not self.is_overdue

    @property
    def is_overdue(self) -> bool:
        return self.findings is None and datetime.now(UTC) - self.asked_at > _OVERDUE

    @property
    def answering(self) -> list[Finding]:
        return [finding for finding in self.findings or () if not finding.is_silent]

    @property
    def silent(self) -> list[str]:
        """The programs of which nothing listens at the usual port."""
        return [finding.program for finding in self.findings or () if finding.is_silent]


_LOOK = TypeAdapter(Look)


def begin() -> None:
    """Notes that a look is owed. The caller queues it."""
    _keep(Look(datetime.now(UTC)))


def latest() -> Look | None:
    value = connection().get(_KEY)
    return _LOOK.validate_json(value) if value is not None else None


def perform() -> None:
    """Asks all places at once, and keeps the result."""
    others = [place for place in PLACES if not servers.is_this_site(place.root)]
    skipped = [place.program for place in PLACES if place not in others]
    findings = asyncio.run(_ask_all(others))
    _keep(Look(datetime.now(UTC), tuple(findings), own_port=skipped[0] if skipped else ""))


async def _ask_all(places: Sequence[Place]) -> list[Finding]:
    return list(await asyncio.gather(*map(_ask, places)))


async def _ask(place: Place) -> Finding:
    entry = EngineEntry(kind="openai", base_url=f"{place.root}/v1")
    sizes_url = place.root + place.sizes_path if place.sizes_path else ""
    try:
        models = await servers.list_models(entry, sizes_url=sizes_url)
    except servers.NobodyAnswers:
        return Finding(place.program, entry.base_url, is_silent=True)
    except servers.ServerFault as fault:
        return Finding(place.program, entry.base_url, fault=str(fault))
    return Finding(place.program, entry.base_url, tuple(models))


def _keep(look: Look) -> None:
    connection().set(_KEY, _LOOK.dump_json(look), ex=_KEPT)
