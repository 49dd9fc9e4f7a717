"""Labelled messages: {"text": …} or {"turns": [earlier messages, the newest last]}, with the step that they reach.

DataMissing             a file is missing or cannot be read
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderation.features import is_mostly_cjk

STEPS = ("none", "grief", "low", "passive", "active", "imminent")  # in the order of danger


class DataMissing(Exception):
    """The message says which file, and why."""


@dataclass(frozen=True)
class Labelled:
    messages: tuple[str, ...]  # one person's, the newest last
    step: str  # one of STEPS

    @property
    def language(self) -> str:
        return "Chinese" if is_mostly_cjk(" ".join(self.messages)) else "English"


def read(path: Path) -> list[Labelled]:
    """Raises DataMissing."""
    return [_labelled(row, path) for row in rows(path)]


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines, which may be compressed. Raises DataMissing."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())
    except (OSError, ValueError) as error:
        raise DataMissing(f"{path} cannot be read: {error}.") from error


def _labelled(row: dict[str, Any], path: Path) -> Labelled:
    messages = tuple(row["turns"]) if row.get("turns") else (row.get("text"),)
    if row.get("step") not in STEPS or not all(isinstance(message, str) for message in messages):
        raise DataMissing(f"{path} has a line without `text` or `turns`, or without a step of {', '.join(STEPS)}.")
    return Labelled(messages, row["step"])
