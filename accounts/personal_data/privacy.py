"""What the site keeps of a person: for what, on which ground, for how long, and who sees it (compliance GD1, GD3, IT1).

Each room registers its rows in `AppConfig.ready()`. The public page shows them, and `purge` enforces them: a row whose
data ends by itself says how. So what the page promises and what is deleted cannot differ.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Words:
    """A row of the page in one language."""

    what: str
    purpose: str
    basis: str  # an article of the GDPR
    kept: str
    seen_by: str


@dataclass(frozen=True)
class Row:
    key: str
    texts: dict[str, Words]  # by the values of `accounts.interface.languages.current`
    purge: Callable[[], object] | None = None  # deletes what is older than the row says


_rows: dict[str, Row] = {}


def register(rows: Iterable[Row]) -> None:
    _rows.update({row.key: row for row in rows})


def rows() -> list[Row]:
    """In the order of their registration."""
    return list(_rows.values())


def purge() -> None:
    """Deletes everything that has been kept long enough. A row that fails is logged, and the others go on."""
    for row in rows():
        if row.purge is not None:
            try:
                row.purge()
            except Exception as error:
                logger.exception("privacy.not_purged", extra={"row": row.key, "error": type(error).__name__})
