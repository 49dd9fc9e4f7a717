"""The latest failures of engines and the engines that took over, for the operators. A bounded list in Redis.

It holds names, codes, counts and the engine's own reason, which never quotes a prompt.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

import redis

from persona_site.redis import connection

logger = logging.getLogger(__name__)

_KEY = "generation:failovers"
_KEPT = 100


@dataclass(frozen=True)
class Failure:
    engine: str
    code: str
    detail: str
    said: int  # tokens of the reply that all engines together had generated
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    taken_over_by: str = ""  # empty: no engine was left

    @property
    def when(self) -> datetime:
        return datetime.fromisoformat(self.at)


def record(failures: Iterable[Failure]) -> None:
    entries = [json.dumps(asdict(failure)) for failure in failures]
    if not entries:
        return
    try:
        with connection().pipeline() as pipe:
            pipe.lpush(_KEY, *entries)
            pipe.ltrim(_KEY, 0, _KEPT - 1)
            pipe.execute()
    except redis.RedisError as error:
        # The failures are in the log. The reply continues.
        logger.warning("generation.failover_not_kept", extra={"error": type(error).__name__})


def recent(count: int = 20) -> list[Failure]:
    """The latest failures, the newest first."""
    return [Failure(**json.loads(entry)) for entry in connection().lrange(_KEY, 0, count - 1)]
