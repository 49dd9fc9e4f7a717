"""What the library's own batching keeps of prompts."""

import threading
from types import SimpleNamespace

import pytest

from generation.engine import Engine, Prompt, Sampling
from generation.engines.batching import steps
from generation.engines.hf_transformers.continuous_batching import ContinuousBatchingEngine


def test_m2_gd5_nothing_of_a_prompt_is_kept_for_later_ones(continuous_engine: Engine) -> None:
    prompt = Prompt(form="transcript", text="My dog is called Bruno. " * 20)
    list(continuous_engine.stream(prompt, Sampling(max_tokens=2, temperature=0.0), lambda: False))
    allocators = continuous_engine._manager.batch_processor.cache.cache_allocators.values()  # type: ignore[attr-defined]
    assert allocators
    assert not any(allocator.ledger.hash_to_block or allocator.ledger.cached_blocks for allocator in allocators)


def test_an_engine_whose_pass_hangs_is_closed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "LONGEST_PASS_S", 0.01)
    pass_ends = threading.Event()
    engine = ContinuousBatchingEngine.__new__(ContinuousBatchingEngine)
    engine._manager = SimpleNamespace(stop=lambda block, timeout=None: pass_ends.wait(timeout))
    engine._delivery = threading.Thread(target=pass_ends.wait, daemon=True)
    engine._delivery.start()
    closing = threading.Thread(target=engine.close, daemon=True)
    closing.start()
    closing.join(20)
    has_ended = not closing.is_alive()
    pass_ends.set()
    assert has_ended
