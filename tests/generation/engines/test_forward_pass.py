"""All forward passes over many sequences, compared with the library's own pass over each sequence."""

from collections.abc import Callable

import pytest
import torch
from transformers import AutoModelForCausalLM

from generation.catalogue import installation, model_rows, packaged
from generation.engines.batching.forward_pass import ForwardPass, Segment
from generation.engines.hf_transformers import block_attention, packed_attention
from generation.engines.hf_transformers.block_forward_pass import BlockForwardPass
from generation.engines.hf_transformers.packed_attention import PackedForwardPass
from generation.engines.openvino import paged_attention
from generation.engines.openvino.paged_attention import PagedForwardPass

pytestmark = pytest.mark.model

LONG = list(range(1000, 1075))  # three blocks of 32, the last one begun
# How the CPU engine computes on a processor that does not multiply bytes, so that a pass can be compared closely.
FLOATS = paged_attention.OPTIONS | {"DYNAMIC_QUANTIZATION_GROUP_SIZE": "0", "KV_CACHE_PRECISION": "f32"}
Make = Callable[[int], ForwardPass]


@pytest.fixture(scope="module")
def library(installed_model: packaged.CatalogueModel) -> torch.nn.Module:
    folder = model_rows.folder(installed_model.name)
    model: torch.nn.Module = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return model


@pytest.fixture(params=["packed", "blocks", "paged"])
def make(
    request: pytest.FixtureRequest, installed_model: packaged.CatalogueModel, monkeypatch: pytest.MonkeyPatch
) -> Make:
    """A factory of forward passes with a given capacity in tokens."""
    folder = model_rows.folder(installed_model.name)
    if request.param == "paged":
        monkeypatch.setattr(paged_attention, "OPTIONS", FLOATS)
        return lambda capacity: PagedForwardPass(installation.exported(folder), capacity=capacity)
    attention, forward_pass = {
        "packed": (packed_attention.ATTENTION, PackedForwardPass),
        "blocks": (block_attention.ATTENTION, BlockForwardPass),
    }[request.param]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention).eval()
    return lambda capacity: forward_pass(model, capacity=capacity)


def last_logits(library: torch.nn.Module, ids: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = library(torch.tensor([ids])).logits[0, -1]
    return logits


def is_close(actual: object, expected: torch.Tensor, forward_pass: ForwardPass) -> bool:
    """The paged model's weights are rounded to 8 bits."""
    logits = torch.as_tensor(actual)
    if isinstance(forward_pass, PackedForwardPass | BlockForwardPass):
        return torch.allclose(logits, expected, atol=2e-3)
    return float(torch.corrcoef(torch.stack([logits, expected]))[0, 1]) > 0.995


def test_uneven_parts_of_several_sequences_give_what_each_gives_alone(make: Make, library: torch.nn.Module) -> None:
    forward_pass = make(1024)
    prompts = [LONG, [504, 3575, 282, 4649, 314], list(range(2000, 2017))]
    caches = [forward_pass.cache() for _ in prompts]
    for start, end in [(0, 3), (3, -1), (-1, None)]:  # as prompts are read and replies are written
        parts = [Segment(cache, ids[start:end]) for cache, ids in zip(caches, prompts, strict=True)]
        logits = forward_pass.read(parts)
    assert [cache.tokens for cache in caches] == prompts
    for row, ids in zip(logits, prompts, strict=True):
        assert is_close(row, last_logits(library, ids), forward_pass)


def test_only_the_positions_that_are_asked_for_come_back(make: Make) -> None:
    forward_pass = make(1024)
    every = forward_pass.read([Segment(forward_pass.cache(), LONG)], list(range(len(LONG))))
    few = forward_pass.read([Segment(forward_pass.cache(), LONG)], [0, 40, len(LONG) - 1])
    assert torch.allclose(torch.as_tensor(few), torch.as_tensor(every[[0, 40, -1]]), atol=2e-3)


def test_sequences_with_a_common_beginning_do_not_write_over_each_other(make: Make) -> None:
    forward_pass = make(1024)
    first = forward_pass.cache()
    forward_pass.read([Segment(first, LONG)])
    second, third = first.beginning(70), first.beginning(70)  # within the third block
    follow = {id(first): [5, 6, 7], id(second): [8, 9, 10], id(third): [11, 12]}
    together = forward_pass.read([Segment(cache, follow[id(cache)]) for cache in (first, second, third)])
    for row, ids in zip(together, [[*LONG, 5, 6, 7], [*LONG[:70], 8, 9, 10], [*LONG[:70], 11, 12]], strict=True):
        alone = forward_pass.read([Segment(forward_pass.cache(), ids)])[0]
        assert torch.allclose(torch.as_tensor(row), torch.as_tensor(alone), atol=2e-2)


def test_one_that_was_cut_goes_on_from_there(make: Make) -> None:
    forward_pass = make(1024)
    cut, kept = forward_pass.cache(), forward_pass.cache()
    forward_pass.read([Segment(cut, LONG)])
    shared = cut.beginning(len(LONG))
    cut.cut(40)
    assert cut.tokens == LONG[:40]
    row = forward_pass.read([Segment(cut, [7, 8])])[0]
    alone = forward_pass.read([Segment(kept, [*LONG[:40], 7, 8])])[0]
    assert torch.allclose(torch.as_tensor(row), torch.as_tensor(alone), atol=2e-2)
    still = forward_pass.read([Segment(shared, [3])])[0]  # what another holds is as it was
    assert torch.allclose(
        torch.as_tensor(still),
        torch.as_tensor(forward_pass.read([Segment(forward_pass.cache(), [*LONG, 3])])[0]),
        atol=2e-2,
    )


def test_room_is_taken_and_given_back(make: Make) -> None:
    forward_pass = make(1024)
    assert forward_pass.free == 1024
    cache = forward_pass.cache()
    forward_pass.read([Segment(cache, LONG)])
    assert forward_pass.free <= 1024 - len(LONG)
    shared = cache.beginning(64)
    cache.release()
    assert forward_pass.free <= 1024 - 64
    shared.release()
    assert forward_pass.free == 1024
