"""Has every generation worker forget what its engines remember of earlier prompts (compliance M2, GD5).

Between replies an engine keeps the keys and values of earlier prompts, and the fine-tunes that were used with them.
When somebody deletes words or a fine-tune, `ask` raises a counter. A worker sees it at its next heartbeat.
"""

from persona_site.redis import connection

_ASKED = "generation:forget"


def ask() -> None:
    """Call it after the deletion is committed."""
    connection().incr(_ASKED)


def asked() -> int:
    """How often it was asked for."""
    return int(connection().get(_ASKED) or 0)
