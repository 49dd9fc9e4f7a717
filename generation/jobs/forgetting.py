"""Has every generation worker forget what its engines remember of earlier prompts (compliance M2, GD5).

Between replies an engine keeps the keys and values of earlier prompts, and the fine-tunes that were used with them.
When somebody deletes words or a fine-tune, `ask` raises a counter. A worker sees it at its next heartbeat.
"""

from persona_site.redis import connection

_REQUESTS = "generation:forget"


def ask() -> None:
    """Call it after the deletion is committed."""
    connection().incr(_REQUESTS)


def times_asked() -> int:
    """How often `ask` was called. The number tells a worker whether there was a deletion since its last heartbeat."""
    return int(connection().get(_REQUESTS) or 0)
