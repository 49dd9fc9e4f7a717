"""What a machine can run follows from its memory by the rule in the module."""

import os
from pathlib import Path

import pytest

from generation import machine
from generation.machine import Card, Machine

GB = 1024


def words(memory_gb: int, *cards: Card, cores: int = 2) -> str:
    return " ".join(Machine("host", cores, memory_gb * GB, 5 * GB, cards).sentences)


def test_memory_says_how_large_a_model_may_be() -> None:
    """(23 - 4) GiB x 0.8 / 0.61 bytes = 26.8 billion; / 4 bytes = 4.1 billion."""
    text = words(23)
    assert "With 23 GB of memory this machine can run models up to about 27 billion parameters in 4 bits" in text
    assert "can have about 4.1 billion parameters" in text
    assert "Without a card, on 2 processor cores, each word" in text


@pytest.mark.parametrize("memory", [1, 4])
def test_a_small_machine_is_told_so(memory: int) -> None:
    assert "has no room for a larger model" in words(memory)


def test_a_middling_machine_gets_millions() -> None:
    text = words(8, cores=1)  # (8 - 4) GiB x 0.8 / 4 bytes
    assert "can have about 800 million parameters" in text
    assert "Without a card, on 1 processor core, each word" in text


def test_a_card_has_its_own_sentence() -> None:
    text = words(23, Card("NVIDIA A10", 24 * GB))
    assert "The card NVIDIA A10 has 24 GB." in text
    assert "34 billion parameters in 4 bits on a server, or 10 billion in 16 bits" in text
    assert "Without a card" not in text


def test_this_machine_is_measured() -> None:
    here = machine.this()
    assert here.cores == len(os.sched_getaffinity(0))
    assert 0 < here.free_mb <= here.memory_mb
    assert machine.of_json(machine.as_json(here)) == here


@pytest.mark.parametrize(("limit", "memory_mb"), [("536870912", 512), ("max", None), ("", None)])
def test_the_limit_of_a_container_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str, memory_mb: int | None
) -> None:
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    monkeypatch.setattr(machine, "_CGROUP", tmp_path / "memory.max")
    assert (machine.this().memory_mb == 512) == (memory_mb == 512)


@pytest.mark.parametrize(
    ("script", "cards"),
    [
        ("echo 'NVIDIA H200, 143771'; echo 'NVIDIA L4, 23034'", ("NVIDIA H200", "NVIDIA L4")),
        ("echo 'NVIDIA H200, [N/A]'", ()),
        ("echo 'No devices were found'; exit 6", ()),
    ],
)
def test_the_driver_lists_the_cards(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, cards: tuple[str, ...]
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    machine.cards.cache_clear()
    assert tuple(card.name for card in machine.cards()) == cards
    machine.cards.cache_clear()
