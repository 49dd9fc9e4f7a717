"""What the library's own batching keeps of prompts."""

from generation.engines.base import Engine, Prompt, Sampling


def test_m2_gd5_nothing_of_a_prompt_is_kept_for_later_ones(continuous_engine: Engine) -> None:
    prompt = Prompt(form="transcript", text="My dog is called Bruno. " * 20)
    list(continuous_engine.stream(prompt, Sampling(max_tokens=2, temperature=0.0), lambda: False))
    allocators = continuous_engine._manager.batch_processor.cache.cache_allocators.values()  # type: ignore[attr-defined]
    assert allocators
    assert not any(allocator.ledger.hash_to_block or allocator.ledger.cached_blocks for allocator in allocators)
