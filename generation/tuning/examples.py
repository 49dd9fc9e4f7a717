"""Tokens to train on, and which of them are targets. Stored as JSON lines."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Example:
    """One text as tokens. The loss is computed for tokens within `targets`, pairs of start and end."""

    ids: list[int]
    targets: list[tuple[int, int]]
    target_bytes: int  # of the targets' text in UTF-8

    def positions(self) -> list[int]:
        """The positions of the tokens to predict. The first token of a text has nothing before it."""
        return [at for start, end in self.targets for at in range(max(start, 1), end)]


def write(path: Path, examples: Iterable[Example]) -> None:
    path.write_text("".join(json.dumps(asdict(example)) + "\n" for example in examples))


def read(path: Path) -> list[Example]:
    """Raises OSError or ValueError."""
    rows = (json.loads(line) for line in path.read_text().splitlines())
    return [Example(row["ids"], [(start, end) for start, end in row["targets"]], row["target_bytes"]) for row in rows]


def encoded(tokenizer: Callable[..., Mapping[str, Any]], pieces: Iterable[tuple[str, bool]], *, limit: int) -> Example:
    """The tokens of a text in pieces, of which those marked True are targets. Tokens after `limit` are left out.

    The text is tokenized as a whole, as an engine does, and a token belongs to the piece where it begins.
    """
    text, marked = "", []
    for piece, is_target in pieces:
        if is_target:
            marked.append((len(text), len(text) + len(piece)))
        text += piece
    encoding = tokenizer(text, return_offsets_mapping=True, truncation=True, max_length=limit)
    starts = [start if end > start else -1 for start, end in encoding["offset_mapping"]]  # -1: a token without text
    targets = []
    for first, last in marked:
        inside = [at for at, start in enumerate(starts) if first <= start < last]
        if inside:
            targets.append((inside[0], inside[-1] + 1))
    end = max((end for _, end in encoding["offset_mapping"]), default=0)
    size = sum(len(text[first : min(last, end)].encode()) for first, last in marked if first < end)
    return Example(encoding["input_ids"], targets, size)
