"""Heads for the filter's networks other than the shipped ones: one file of both languages, with its version."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save


@dataclass(frozen=True, eq=False)
class Head:
    weight: npt.NDArray[np.float32]  # [categories, width]
    bias: npt.NDArray[np.float32]  # [categories]


@dataclass(frozen=True, eq=False)
class Heads:
    version: str
    by_language: Mapping[str, Head]

    def to_bytes(self) -> bytes:
        arrays = {
            f"{language}.{name}": value
            for language, head in self.by_language.items()
            for name, value in vars(head).items()
        }
        return save(arrays, {"version": self.version})

    @classmethod
    def from_bytes(cls, version: str, content: bytes) -> "Heads":
        """Raises safetensors.SafetensorError and KeyError."""
        arrays = load(content)
        languages = sorted({name.partition(".")[0] for name in arrays})
        return cls(version, {one: Head(arrays[f"{one}.weight"], arrays[f"{one}.bias"]) for one in languages})
