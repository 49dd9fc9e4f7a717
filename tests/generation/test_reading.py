"""The ways of reading many sequences in one pass, against the library's own pass over each alone."""

from collections.abc import Callable

import pytest
import torch
from transformers import AutoModelForCausalLM

from generation import catalogue, installation, packaged
from generation.engines import block_attention, packed, paged
from generation.engines.block_reader import BlockReader
from generation.engines.packed import PackedReader
from generation.engines.paged import PagedReader
from generation.engines.reading import Reader, Segment
from tests.generation.conftest import FLOATS

pytestmark = pytest.mark.model

LONG = list(range(1000, 1075))  # three blocks of 32, the last one begun
Make = Callable[[int], Reader]


@pytest.fixture(scope="module")
def library(installed_model: packaged.CatalogueModel) -> torch.nn.Module:
    folder = catalogue.folder(installed_model.name)
    model: torch.nn.Module = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return model


@pytest.fixture(params=["packed", "blocks", "paged"])
def make(
    request: pytest.FixtureRequest, installed_model: packaged.CatalogueModel, monkeypatch: pytest.MonkeyPatch
) -> Make:
    """A new reader with room for so many tokens."""
    folder = catalogue.folder(installed_model.name)
    if request.param == "paged":
        monkeypatch.setattr(paged, "OPTIONS", FLOATS)
        return lambda capacity: PagedReader(installation.exported(folder), capacity=capacity)
    attention, reader = {
        "packed": (packed.ATTENTION, PackedReader),
        "blocks": (block_attention.ATTENTION, BlockReader),
    }[request.param]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention).eval()
    return lambda capacity: reader(model, capacity=capacity)


def last_logits(library: torch.nn.Module, ids: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = library(torch.tensor([ids])).logits[0, -1]
    return logits


def is_close(actual: object, expected: torch.Tensor, reader: Reader) -> bool:
    """The paged model's weights are rounded to 8 bits."""
    logits = torch.as_tensor(actual)
    if isinstance(reader, PackedReader | BlockReader):
        return torch.allclose(logits, expected, atol=2e-3)
    return float(torch.corrcoef(torch.stack([logits, expected]))[0, 1]) > 0.995


def test_uneven_parts_of_several_sequences_give_what_each_gives_alone(make: Make, library: torch.nn.Module) -> None:
    reader = make(1024)
    prompts = [LONG, [504, 3575, 282, 4649, 314], list(range(2000, 2017))]
    caches = [reader.cache() for _ in prompts]
    for start, end in [(0, 3), (3, -1), (-1, None)]:  # as prompts are read and replies are written
        parts = [Segment(cache, ids[start:end]) for cache, ids in zip(caches, prompts, strict=True)]
        logits = reader.read(parts)
    assert [cache.tokens for cache in caches] == prompts
    for row, ids in zip(logits, prompts, strict=True):
        assert is_close(row, last_logits(library, ids), reader)


def test_only_the_positions_that_are_asked_for_come_back(make: Make) -> None:
    reader = make(1024)
    every = reader.read([Segment(reader.cache(), LONG)], list(range(len(LONG))))
    few = reader.read([Segment(reader.cache(), LONG)], [0, 40, len(LONG) - 1])
    assert torch.allclose(torch.as_tensor(few), torch.as_tensor(every[[0, 40, -1]]), atol=2e-3)


def test_sequences_with_a_common_beginning_do_not_write_over_each_other(make: Make) -> None:
    reader = make(1024)
    first = reader.cache()
    reader.read([Segment(first, LONG)])
    second, third = first.beginning(70), first.beginning(70)  # within the third block
    follow = {id(first): [5, 6, 7], id(second): [8, 9, 10], id(third): [11, 12]}
    together = reader.read([Segment(cache, follow[id(cache)]) for cache in (first, second, third)])
    for row, ids in zip(together, [[*LONG, 5, 6, 7], [*LONG[:70], 8, 9, 10], [*LONG[:70], 11, 12]], strict=True):
        alone = reader.read([Segment(reader.cache(), ids)])[0]
        assert torch.allclose(torch.as_tensor(row), torch.as_tensor(alone), atol=2e-2)


def test_one_that_was_cut_goes_on_from_there(make: Make) -> None:
    reader = make(1024)
    cut, kept = reader.cache(), reader.cache()
    reader.read([Segment(cut, LONG)])
    shared = cut.beginning(len(LONG))
    cut.cut(40)
    assert cut.tokens == LONG[:40]
    row = reader.read([Segment(cut, [7, 8])])[0]
    alone = reader.read([Segment(kept, [*LONG[:40], 7, 8])])[0]
    assert torch.allclose(torch.as_tensor(row), torch.as_tensor(alone), atol=2e-2)
    still = reader.read([Segment(shared, [3])])[0]  # what another holds is as it was
    assert torch.allclose(
        torch.as_tensor(still), torch.as_tensor(reader.read([Segment(reader.cache(), [*LONG, 3])])[0]), atol=2e-2
    )


def test_room_is_taken_and_given_back(make: Make) -> None:
    reader = make(1024)
    assert reader.free == 1024
    cache = reader.cache()
    reader.read([Segment(cache, LONG)])
    assert reader.free <= 1024 - len(LONG)
    shared = cache.beginning(64)
    cache.release()
    assert reader.free <= 1024 - 64
    shared.release()
    assert reader.free == 1024
