"""The parts of the forward pass for cards that the common contract does not cover: padding, graphs, cache size.

The tests use tiny models with random weights. Without a card they use fakes of the capture.
"""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma3TextConfig, LlamaConfig

from generation.catalogue import packaged
from generation.engine import EngineUnavailable
from generation.engines.batching.forward_pass import Logits, Segment
from generation.engines.hf_transformers import engine
from generation.engines.hf_transformers.block_attention import ATTENTION, BLOCK
from generation.engines.hf_transformers.block_forward_pass import BlockForwardPass
from generation.engines.hf_transformers.cache_size import CacheShape, tokens_that_fit
from generation.engines.hf_transformers.cuda_graphs import Capture, CudaCapture, Decode
from generation.engines.hf_transformers.engine import TransformersEngine
from tests.generation.engines import tiny_models
from tests.generation.engines.test_batched import say, text

CARD = pytest.mark.skipif(not torch.cuda.is_available(), reason="There is no CUDA card here.")
SIZES = {
    "vocab_size": 300, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 2048,
}  # fmt: skip
CONFIGS = {
    "full": LlamaConfig(**SIZES),
    "sliding": Gemma3TextConfig(
        **SIZES, head_dim=16, sliding_window=40,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
}  # fmt: skip


def network(kind: str = "full", dtype: torch.dtype = torch.float32, device: str = "cpu") -> torch.nn.Module:
    torch.manual_seed(0)
    made = AutoModelForCausalLM.from_config(CONFIGS[kind], dtype=dtype, attn_implementation=ATTENTION)
    return made.eval().to(device)


def spoken(forward_pass: BlockForwardPass, steps: int = 4) -> Logits:
    """Three sequences of uneven length, read and then continued together. Returns the last logits."""
    caches = [forward_pass.cache() for _ in range(3)]
    prompts = [range(90), range(100, 170), [7]]
    forward_pass.read([Segment(cache, list(prompt)) for cache, prompt in zip(caches, prompts, strict=True)])
    for step in range(steps):
        logits = forward_pass.read([Segment(cache, [200 + step + i]) for i, cache in enumerate(caches)])
    return logits


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_decode_pass_gives_what_the_library_gives_for_each_alone(kind: str) -> None:
    model = network(kind)
    together = torch.as_tensor(spoken(BlockForwardPass(model, capacity=1024)))
    model.set_attn_implementation("eager")
    for i, prompt in enumerate([list(range(90)), list(range(100, 170)), [7]]):
        with torch.inference_mode():
            alone = model(torch.tensor([[*prompt, *range(200 + i, 204 + i)]])).logits[0, -1]
        assert torch.allclose(together[i], alone, atol=1e-4)


def test_one_token_beside_a_prompt_reads_the_same_as_among_others() -> None:
    model = network()
    forward_pass = BlockForwardPass(model, capacity=1024)
    first, second = forward_pass.cache(), forward_pass.cache()
    forward_pass.read([Segment(first, list(range(50))), Segment(second, list(range(60)))])
    again = first.beginning(50)
    newcomer = forward_pass.cache()
    mixed = forward_pass.read([Segment(newcomer, list(range(99, 140))), Segment(first, [5]), Segment(second, [6])])
    decoded = forward_pass.read([Segment(again, [5])])
    assert torch.allclose(torch.as_tensor(mixed[1]), torch.as_tensor(decoded[0]), atol=1e-4)
    whole = forward_pass.read([Segment(forward_pass.cache(), list(range(99, 140)))])
    assert torch.allclose(torch.as_tensor(mixed[0]), torch.as_tensor(whole[0]), atol=1e-4)


class EagerCapture:
    """A fake capture. It records the shapes, and its replay runs the pass over its own input, as a graph does."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.replays = 0

    def __call__(self, decode: Decode, like: torch.Tensor) -> Decode:
        self.shapes.append(tuple(like.shape))
        inputs = torch.zeros_like(like)
        decode(inputs)

        def replay(rows: torch.Tensor) -> torch.Tensor:
            self.replays += 1
            inputs.copy_(rows)
            return decode(inputs)

        return replay


def failing(decode: Decode, like: torch.Tensor) -> Decode:
    """A fake capture that fails."""
    raise RuntimeError("operation not permitted when stream is capturing")


def frozen(decode: Decode, like: torch.Tensor) -> Decode:
    """A fake capture whose replay returns the logits of the captured rows, which are padding."""
    logits = decode(torch.zeros_like(like))
    return lambda rows: logits


def test_a_shape_is_captured_once_and_replayed_from_then_on() -> None:
    capture = EagerCapture()
    model = network()
    replayed = spoken(BlockForwardPass(model, capacity=1024, capture=capture), steps=6)
    assert capture.shapes == [(4, 2 + 8)]  # three sequences of at most three blocks
    assert capture.replays == 6  # the first is compared
    eager = spoken(BlockForwardPass(model, capacity=1024), steps=6)
    assert torch.equal(torch.as_tensor(replayed), torch.as_tensor(eager))


@pytest.mark.parametrize(("capture", "error"), [(failing, "RuntimeError"), (frozen, "ReplayDiffers")])
def test_graphs_that_do_not_work_are_told_once_and_done_without(
    capture: Capture, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = network()
    forward_pass = BlockForwardPass(model, capacity=1024, capture=capture)
    with caplog.at_level(logging.WARNING):
        logits = spoken(forward_pass)
        forward_pass.read([Segment(forward_pass.cache(), [1])])  # another shape
    assert torch.equal(torch.as_tensor(logits), torch.as_tensor(spoken(BlockForwardPass(model, capacity=1024))))
    told = [record for record in caplog.records if record.msg == "generation.cuda_graphs_off"]
    assert [record.__dict__["error"] for record in told] == [error]


def test_padding_takes_no_room_and_touches_nobody() -> None:
    model = network()
    last = []
    for capacity in (6 * BLOCK, 1024):  # a full pool says the same as one that is nearly empty
        forward_pass = BlockForwardPass(model, capacity=capacity)
        long, *short = (forward_pass.cache() for _ in range(4))
        forward_pass.read([Segment(long, list(range(90)))])
        for step in range(3):
            forward_pass.read([Segment(cache, [7 + step]) for cache in short])  # padded to four rows of eight blocks
        last.append(torch.as_tensor(forward_pass.read([Segment(cache, [5]) for cache in (long, *short)])))
        assert forward_pass.free == capacity - 6 * BLOCK
    assert torch.equal(*last)


@pytest.mark.parametrize(("kind", "expected"), [("full", 2 * 3 * 2 * 8 * 2), ("sliding", 2 * 3 * 2 * 16 * 2)])
def test_a_token_takes_the_keys_and_values_of_all_layers(kind: str, expected: int) -> None:
    assert CacheShape.of(CONFIGS[kind]).bytes_per_token(torch.bfloat16) == expected
    assert CacheShape.of(CONFIGS[kind]).bytes_per_token(torch.float32) == 2 * expected


def test_a_model_without_shared_key_heads_keeps_one_for_each(tmp_path: Path) -> None:
    tiny_models.gpt2(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32, attn_implementation=ATTENTION).eval()
    assert CacheShape.of(model.config).kv_heads == model.config.num_attention_heads
    assert spoken(BlockForwardPass(model, capacity=1024)).shape == (3, model.config.vocab_size)


def test_the_capacity_is_four_fifths_of_what_is_free() -> None:
    assert tokens_that_fit(10 * 2**30, 32 * 2**10, least=2112) == 8 * 2**30 // (32 * 2**10)


def test_a_card_without_room_for_one_conversation_says_what_is_needed_and_what_is_free() -> None:
    with pytest.raises(EngineUnavailable, match=r"2112 tokens needs 83 MiB .*; 80 MiB are"):
        tokens_that_fit(80 * 2**20, 32 * 2**10, least=2112)


def test_weights_that_a_card_cannot_hold_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def network(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(engine, "_network", network)
    with pytest.raises(EngineUnavailable, match="smollm2-135m do not fit into the card's free memory"):
        TransformersEngine(packaged.PACKAGED["smollm2-135m"], tmp_path)


@CARD
@pytest.mark.parametrize("kind", CONFIGS)
def test_a_card_replays_what_it_computes(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    model = network(kind, torch.bfloat16, "cuda")
    replayed = torch.as_tensor(spoken(BlockForwardPass(model, capacity=1024, capture=CudaCapture())))
    eager = torch.as_tensor(spoken(BlockForwardPass(model, capacity=1024)))
    assert float((replayed - eager).abs().max() / eager.abs().max()) < 2**-5
    assert not caplog.records


@CARD
@pytest.mark.model
def test_the_engine_speaks_on_a_card(
    installed_model: packaged.CatalogueModel, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.CUDA_BLOCKS = True
    engine = TransformersEngine(installed_model)
    assert engine.describe().device == "cuda"
    assert text(say(engine, temperature=0)).strip()
    engine.close()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
