"""Personal data in the words of a file: found while the file is read, and masked before words are stored.

Telephone numbers, addresses, cards and the like are mostly those of third persons, who have not agreed to be in a
persona. So all are masked, except those that the owner of the draft chose to keep. What is found, and what is not, says
`moderation.filter.pii`.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop
from msgspec.structs import replace

from moderation.filter import pii
from personas.importers.base import Utterance

MOST_VALUES = 200  # different values of one file that are listed; all others are masked too
_SHOWN = 100  # characters of a value
# A search takes 50 µs, and a chat of 1 GB has millions of messages. Two quick looks save nearly all of it. All personal
# data has a character of the first, and of the second six digits, a house number before a capital, an @, the sign of a
# Chinese house number, an IP address, or capitals with digits.
_HINT = re.compile(r"[\d@＠\[(]")
_POSSIBLE = re.compile(
    r"\d(?:[\s().\-‐–—·/]*\d){5}|\d[A-Za-z]?,? [A-Z]|[@＠号]|[\[(]\s?at\s?[\])]"
    r"|\d\.\d{1,3}\.\d{1,3}\.\d|[0-9A-Fa-f]:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]|[A-Z]{2} ?\d\d"
)

NAMES = {
    "email": gettext_noop("e-mail address"),
    "phone": gettext_noop("telephone number"),
    "card": gettext_noop("card number"),
    "account": gettext_noop("account number"),
    "id": gettext_noop("identity number"),
    "ip": gettext_noop("network address"),
    "address": gettext_noop("street address"),
}


@dataclass(frozen=True)
class Found:
    """A value of personal data, and how often a file has it."""

    kind: str  # a key of NAMES
    value: str
    count: int

    @property
    def name(self) -> str:
        return gettext(NAMES[self.kind])


class Finder:
    """Collects the personal data of utterances that pass."""

    def __init__(self) -> None:
        self._values: Counter[tuple[str, str]] = Counter()

    def watch(self, utterances: Iterable[Utterance]) -> Iterator[Utterance]:
        for utterance in utterances:
            for span in _spans(utterance.text):
                value = (span.kind, utterance.text[span.start : span.end][:_SHOWN])
                if value in self._values or len(self._values) < MOST_VALUES:
                    self._values[value] += 1
            yield utterance

    def rows(self) -> list[list[str | int]]:
        """Rows of kind, value and count, as `DraftFile.personal` has them."""
        return [[kind, value, count] for (kind, value), count in self._values.most_common()]


def merged(rows: Iterable[list[str | int]]) -> list[Found]:
    """The values of several files, by kind and then the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for kind, value, count in rows:
        counts[str(kind), str(value)] += int(count)
    found = [Found(kind, value, count) for (kind, value), count in counts.items() if kind in NAMES]
    return sorted(found, key=lambda each: (list(NAMES).index(each.kind), -each.count, each.value))


def mask(utterance: Utterance, unmasked: Collection[str]) -> Utterance:
    """The utterance with a label in place of personal data. `unmasked` are values that stay."""
    spans = [span for span in _spans(utterance.text) if utterance.text[span.start : span.end][:_SHOWN] not in unmasked]
    return replace(utterance, text=pii.mask(utterance.text, spans)) if spans else utterance


def _spans(text: str) -> tuple[pii.Span, ...]:
    return pii.find(text) if _HINT.search(text) and _POSSIBLE.search(text) else ()
