"""The larger network, for English texts of which a smaller one is in doubt.

It is all-mpnet-base-v2 (Song et al. 2020), fine-tuned for the crisis ladder and for the filter at once: one body, and a
head for each (`english_training`, docs/decisions/0024). Both judges of a process share it. A text that one of them has
read costs the other nothing.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from moderation.networks import four_bits
from moderation.networks.bert import Bert, Matrix, Row
from moderation.remembered import Remembered
from persona_site.loading import loaded_once

WEIGHTS = Path(__file__).resolve().parent.parent / "data" / "english.safetensors"
CRISIS, FILTER = "crisis", "filter"  # the heads
BEGIN, END = 0, 2  # the numbers of <s> and </s>
ATTENTION_HEADS = 12
UNREADABLE = (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError)
_REMEMBERED = 512  # rows


class EnglishNetwork:
    """Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Raises one of UNREADABLE."""
        described = about(path)
        with safe_open(path, framework="numpy") as stored:
            arrays: dict[str, Any] = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a mapping)
        self.tokenizer = Tokenizer.from_str(described["tokenizer"])
        self.version: str = described["version"]
        self.labels: dict[str, list[str]] = described["labels"]
        self._heads = {head: (arrays.pop(f"{head}.weight"), arrays.pop(f"{head}.bias")) for head in (CRISIS, FILTER)}
        self._bert = Bert(four_bits.unpacked(arrays), heads=ATTENTION_HEADS)
        self._means: Remembered[Matrix] = Remembered(_REMEMBERED)
        for head, (weight, bias) in self._heads.items():
            labels = len(self.labels[head])
            if weight.shape != (labels, self._bert.width) or bias.shape != (labels,):
                raise ValueError(f"the head {head} does not fit the network")

    def logits(self, rows: Sequence[Row], head: str) -> Matrix:
        """float32 [rows, labels of the head]."""
        weight, bias = self._heads[head]
        return np.asarray(self._read(rows) @ weight.T + bias, dtype=np.float32)

    def _read(self, rows: Sequence[Row]) -> Matrix:
        """float32 [rows, width]."""
        keys = [self._means.key(map(str, (row.first, *row.tokens))) for row in rows]
        found = {key: mean for key in keys if (mean := self._means.get(key)) is not None}
        new = {key: row for key, row in zip(keys, rows, strict=True) if key not in found}
        if new:
            for key, mean in zip(new, self._bert.means(list(new.values())), strict=True):
                found[key] = mean
                self._means.put(key, mean)
        return np.stack([found[key] for key in keys]) if keys else np.empty((0, self._bert.width), np.float32)

    def forget(self) -> None:
        """Empty the cache, for measurements."""
        self._means.clear()


@loaded_once
def of(path: Path) -> EnglishNetwork:
    """The one instance of this process. Raises one of UNREADABLE."""
    return EnglishNetwork(path)


def about(path: Path) -> dict[str, Any]:
    """What a file of weights says of itself: "version", "tokenizer", and the "labels" of each head in their order.

    Raises one of UNREADABLE.
    """
    with safe_open(path, framework="numpy") as stored:
        described: dict[str, Any] = json.loads(stored.metadata()["about"])
    return described


def save(
    path: Path,
    arrays: Mapping[str, npt.NDArray[Any]],
    *,
    tokenizer: Tokenizer,
    labels: Mapping[str, Sequence[str]],
) -> str:
    """Writes what `EnglishNetwork` reads. Returns its version.

    `arrays`: the weights of BERT, as `four_bits.packed` gives them, and "HEAD.weight" and "HEAD.bias" of each head.
    `labels`: what each head tells apart, in its order.
    """
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(arrays[name]).tobytes() for name in sorted(arrays)))
    version = f"1.{digest.hexdigest()[:8]}"
    described = {"version": version, "labels": labels, "tokenizer": tokenizer.to_str()}
    # One key, because the format keeps several in no fixed order. The same weights must give the same bytes.
    save_file(dict(arrays), path, {"about": json.dumps(described)})
    return version
