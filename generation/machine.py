"""What a machine has, and which models would run on it.

The rule for a model's size: its weights, and a quarter of their size for the conversations' caches and the server's own
work, must fit into the memory that the site and the system leave. The numbers are the bytes of a parameter:

- 4 bits, as servers such as llama.cpp and Ollama use mostly (Q4_K_M): 0.61, since Llama 3.1 8B takes 4.58 GiB for 8.03
  billion parameters (github.com/ggml-org/llama.cpp, tools/quantize/README.md);
- this site's own CPU engine: 1 while it runs (8 bits), but 4 while it prepares a model, which is exported from 32-bit
  floats (catalogue/openvino_export.py), so 4 decides;
- this site's own engine on a card: 2 (bfloat16).

The site took up to 2.4 GB with 32 people at once (docs/performance.md). 4 GB are left for
it and the system.
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil
from django.utils.translation import gettext, ngettext

_MB = 1024**2
_GB_MB = 1024
_SITE_MB = 4 * _GB_MB
_FOR_WEIGHTS = 0.8  # of the memory; the rest is a quarter of the weights
_FOUR_BITS, _PREPARED, _BFLOAT16 = 0.61, 4.0, 2.0  # bytes of a parameter
_NVIDIA_S = 10
# The limit of a container (docs.kernel.org/admin-guide/cgroup-v2.html): "max" or a number of bytes.
_CGROUP = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Card:
    name: str
    memory_mb: int


@dataclass(frozen=True)
class Machine:
    name: str
    cores: int
    memory_mb: int
    free_mb: int
    cards: tuple[Card, ...] = ()

    @property
    def memory(self) -> str:
        return _gb(self.memory_mb)

    @property
    def free(self) -> str:
        return _gb(self.free_mb)

    @property
    def sentences(self) -> list[str]:
        """What the machine can run, in words for the owner."""
        return _sentences(self)


def this() -> Machine:
    """The machine that this process runs on. A container's limit counts as its memory."""
    memory = psutil.virtual_memory()
    total = min([memory.total, *_container_limit()])
    return Machine(
        name=platform.node(),
        cores=len(os.sched_getaffinity(0)),
        memory_mb=total // _MB,
        free_mb=min(memory.available, total) // _MB,
        cards=cards(),
    )


def as_json(machine: Machine) -> dict[str, Any]:
    return asdict(machine)


def of_json(value: dict[str, Any]) -> Machine:
    return Machine(**{**value, "cards": tuple(Card(**card) for card in value["cards"])})


@cache
def cards() -> tuple[Card, ...]:
    """The NVIDIA cards, as their driver lists them. Asked once per process, because it can take seconds."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    query = [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    with suppress(OSError, subprocess.SubprocessError):
        lines = subprocess.run(query, capture_output=True, text=True, timeout=_NVIDIA_S, check=True).stdout.splitlines()
        return tuple(_cards_of(lines))
    return ()


def _cards_of(lines: list[str]) -> Iterator[Card]:
    for line in lines:
        name, _, memory = line.rpartition(",")
        if name.strip() and memory.strip().isdecimal():
            yield Card(name.strip(), int(memory))


def _container_limit() -> list[int]:
    try:
        limit = _CGROUP.read_text().strip()
    except OSError:
        return []
    return [int(limit)] if limit.isdecimal() else []


def _sentences(machine: Machine) -> list[str]:
    words = [*_of_memory(machine), *map(_of_card, machine.cards)]
    return words if machine.cards else [*words, _of_cores(machine)]


def _of_memory(machine: Machine) -> Iterator[str]:
    room_mb = machine.memory_mb - _SITE_MB
    four_bits, prepared = _largest(room_mb, _FOUR_BITS), _largest(room_mb, _PREPARED)
    if not four_bits:
        yield gettext(
            "With %(memory)s of memory this machine has no room for a larger model beside the site. A server "
            "elsewhere can help."
        ) % {"memory": machine.memory}
        return
    yield gettext(
        "With %(memory)s of memory this machine can run models up to about %(four_bits)s parameters in 4 bits, on a "
        "server such as Ollama or llama.cpp."
    ) % {"memory": machine.memory, "four_bits": four_bits}
    if prepared:
        yield gettext(
            "A file or folder that the site itself converts can have about %(prepared)s parameters, because "
            "the conversion needs 4 bytes for each."
        ) % {"prepared": prepared}


def _of_cores(machine: Machine) -> str:
    return ngettext(
        "Without a card, on %(cores)s processor core, each word takes at least as long as reading the whole model "
        "from memory. So a model of ten times the size writes about ten times as slowly. Try a model before you "
        "switch to it.",
        "Without a card, on %(cores)s processor cores, each word takes at least as long as reading the whole model "
        "from memory. So a model of ten times the size writes about ten times as slowly. Try a model before you "
        "switch to it.",
        machine.cores,
    ) % {"cores": machine.cores}


def _of_card(card: Card) -> str:
    four_bits, own = _largest(card.memory_mb, _FOUR_BITS), _largest(card.memory_mb, _BFLOAT16)
    return gettext(
        "The card %(name)s has %(card)s. That is enough for up to about %(four_bits)s parameters in 4 "
        "bits on a server, or %(own)s in 16 bits on the site’s own engine."
    ) % {"name": card.name, "card": _gb(card.memory_mb), "four_bits": four_bits, "own": own}


def _largest(room_mb: int, bytes_each: float) -> str:
    """The most parameters that fit, such as "25 billion". Empty if fewer than 100 million do."""
    millions = max(0.0, room_mb) * _MB * _FOR_WEIGHTS / bytes_each / 10**6
    if millions < 100:
        return ""
    if millions < 1000:
        return gettext("%(millions)s million") % {"millions": 100 * int(millions // 100)}
    billions = millions / 1000
    return (
        gettext("%(billions)s billion") % {"billions": f"{billions:.1f}"}
        if billions < 10
        else gettext("%(billions)s billion") % {"billions": f"{billions:.0f}"}
    )


def _gb(mb: int) -> str:
    return f"{mb / _GB_MB:.0f} GB"
