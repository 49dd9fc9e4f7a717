"""A training as files in a folder, and the process that does it.

    FOLDER/plan.json        what to do (`Plan`)
    FOLDER/train.jsonl      examples to learn from
    FOLDER/held_out.jsonl   examples to measure with, which are never learnt
    FOLDER/curve.jsonl      a `Point` per measurement
    FOLDER/checkpoint.pt    the state after the last measurement
    FOLDER/adapter/         the adapter with the lowest loss on the held-out examples

A training that was stopped or killed goes on from its checkpoint when it is started again.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from django.conf import settings

# The allocator keeps its memory. Giving it back and taking it anew for every product takes longer than the products.
_ENVIRONMENT = {
    "MALLOC_TRIM_THRESHOLD_": str(10**11),
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TOP_PAD_": str(256 * 1024**2),
}


class TrainingFailed(Exception):
    """The message is the process's last line of errors."""


@dataclass(frozen=True)
class Plan:
    model: str  # the folder of its safetensors
    rate: float
    epochs: int
    learns: Literal["texts", "preferences"] = "texts"  # what train.jsonl and held_out.jsonl hold
    begins_with: str = ""  # the folder of an adapter that is taught further; its rank and targets stay
    rank: int = 16
    targets: str | list[str] = "all-linear"  # names of the adapted products, or PEFT's word for all but the output
    batch: int = 2  # examples of one step
    measurements: int = 6  # per epoch
    patience: int = 4  # measurements without improvement after which training ends

    @classmethod
    def read(cls, folder: Path) -> "Plan":
        return cls(**json.loads((folder / "plan.json").read_text()))

    def write(self, folder: Path) -> None:
        (folder / "plan.json").write_text(json.dumps(asdict(self)))


@dataclass(frozen=True)
class Point:
    """A measurement. The losses are in bits per byte of target text, or per talk with judged replies."""

    step: int
    train: float  # mean since the last measurement
    held_out: float
    seconds: float  # of training so far


@dataclass(frozen=True)
class Progress:
    """What the process prints after each step, as JSON."""

    step: int
    steps: int
    seconds_left: float
    first: float  # loss on the held-out examples, before training
    best: float


def curve(folder: Path) -> list[Point]:
    """The measurements so far."""
    try:
        lines = (folder / "curve.jsonl").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [Point(**json.loads(line)) for line in lines]


@contextmanager
def running(folder: Path, *, niceness: int = 10) -> Iterator[Iterator[Progress]]:
    """Runs the training of a folder. The process ends with the block. Raises TrainingFailed at the end of its lines."""
    command = ["nice", "-n", str(niceness), sys.executable, "-W", "ignore", "-m", "generation.tuning", str(folder)]
    environment = os.environ | _ENVIRONMENT | {"HF_HUB_OFFLINE": "1"}
    with (
        (folder / "errors.txt").open("w+", errors="replace") as errors,
        subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield _progress(process, folder)
        finally:
            process.kill()


def _progress(process: "subprocess.Popen[str]", folder: Path) -> Iterator[Progress]:
    for line in process.stdout or ():
        if line.startswith("{"):  # libraries print other lines
            yield Progress(**json.loads(line))
    if process.wait():
        lines = (folder / "errors.txt").read_text(errors="replace").strip().splitlines()
        raise TrainingFailed((lines or [f"The process ended with status {process.returncode}."])[-1])
