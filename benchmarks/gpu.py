"""The transformers engine on a CUDA card, with random weights of a real size.

    python -m benchmarks.gpu [--models 1b 3b 8b] [--people 1 16 64 256] [--tokens 128]

Prints JSON, a line per model: tokens per second of our loop, of the reader alone (no choice of tokens), of the
library's `generate` (one batch), of its continuous batching, all over the same prompts; and what the card's memory
bandwidth allows, since each step reads every weight once. Then, while so many people speak, the first token of somebody
who comes with a short prompt, and the longest that anybody waits for a token while a long one is read and otherwise.
Ends with a sentence where there is no card.
"""

import argparse
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
django.setup()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from transformers import AutoModelForCausalLM, GenerationConfig, LlamaConfig  # noqa: E402

from generation.engine import Sampling  # noqa: E402
from generation.engines.batching.batcher import Batcher, Request  # noqa: E402
from generation.engines.batching.forward_pass import SLACK, Segment  # noqa: E402
from generation.engines.batching.sampling import Chooser  # noqa: E402
from generation.engines.hf_transformers.block_attention import ATTENTION  # noqa: E402
from generation.engines.hf_transformers.block_forward_pass import BlockForwardPass  # noqa: E402
from generation.engines.hf_transformers.cuda_graphs import CudaCapture  # noqa: E402
from generation.engines.hf_transformers.engine import DTYPES, STEP_TOKENS  # noqa: E402

VOCABULARY = 128_256
PROMPT, LONG_PROMPT = 330, 4000  # tokens
SPEAKING = 600  # tokens that people say while others come
_COMMON = {"vocab_size": VOCABULARY, "num_key_value_heads": 8, "max_position_embeddings": 8192}
CONFIGS = {  # Llama 3's
    "1b": {"num_hidden_layers": 16, "hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 32},
    "3b": {"num_hidden_layers": 28, "hidden_size": 3072, "intermediate_size": 8192, "num_attention_heads": 24},
    "8b": {"num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32},
}


class Talk:
    """One reply, and the time of each of its tokens."""

    def __init__(self, batcher: Batcher, prompt: list[int], tokens: int) -> None:
        chooser = Chooser(Sampling(seed=len(prompt)), prompt, frozenset())
        self.request = Request(prompt=prompt, chooser=chooser, max_tokens=tokens, ends=frozenset())
        self.times = [time.perf_counter()]  # first, the time of the request
        batcher.submit(self.request)
        self._thread = threading.Thread(target=self._receive)
        self._thread.start()

    def _receive(self) -> None:
        while (step := self.request.steps.get()).token is not None:
            self.times.append(time.perf_counter())
        if step.error is not None:
            raise step.error

    def join(self) -> None:
        self._thread.join()

    def longest_wait(self, start: float, end: float) -> float:
        """The seconds between two tokens, if the second came within these times."""
        pairs = zip(self.times[1:], self.times[2:], strict=False)
        return max((later - earlier for earlier, later in pairs if start <= later <= end), default=0.0)


def make(name: str) -> Any:
    config = LlamaConfig(**_COMMON, **CONFIGS[name])
    with torch.device("cuda"):
        return AutoModelForCausalLM.from_config(config, dtype=DTYPES["cuda"]).eval()


def prompts(people: int, length: int = PROMPT) -> list[list[int]]:
    """Prompts without a common beginning, different at each call."""
    rows: list[list[int]] = np.random.default_rng().integers(VOCABULARY, size=(people, length)).tolist()
    return rows


def forward_pass(model: Any, people: int) -> BlockForwardPass:
    model.set_attn_implementation(ATTENTION)
    capacity = people * (PROMPT + SPEAKING + 2 * SLACK) + 2 * LONG_PROMPT
    return BlockForwardPass(model, capacity=capacity, capture=CudaCapture())


def ours(model: Any, people: int, tokens: int) -> dict[str, float]:
    batcher = Batcher(forward_pass(model, people), concurrent=people + 1, step_tokens=STEP_TOKENS["cuda"])
    try:
        for _ in range(2):  # the first time graphs are captured
            began = time.perf_counter()
            talks = [Talk(batcher, prompt, tokens) for prompt in prompts(people)]
            for talk in talks:
                talk.join()
            seconds = time.perf_counter() - began
            waits = newcomers(batcher, people)
    finally:
        batcher.close()
    return {"ours": people * tokens / seconds, **waits}


def newcomers(batcher: Batcher, people: int) -> dict[str, float]:
    """Milliseconds."""
    talks = [Talk(batcher, prompt, SPEAKING) for prompt in prompts(people)]
    while min(len(talk.times) for talk in talks) < 10:
        time.sleep(0.01)
    quiet = time.perf_counter()
    time.sleep(0.5)
    short, long = prompts(1)[0], prompts(1, LONG_PROMPT)[0]
    newcomer, reading = (_first_token(batcher, prompt) for prompt in (short, long))
    for talk in talks:
        talk.request.cancelled = True
        talk.join()
    return {
        "first_token_ms": 1000 * (newcomer[1] - newcomer[0]),
        "longest_wait_ms": 1000 * max(talk.longest_wait(quiet, newcomer[0]) for talk in talks),
        "longest_wait_beside_a_long_prompt_ms": 1000 * max(talk.longest_wait(*reading) for talk in talks),
    }


def _first_token(batcher: Batcher, prompt: list[int]) -> tuple[float, float]:
    """The time of the request, and the time of the token."""
    talk = Talk(batcher, prompt, 1)
    talk.join()
    return talk.times[0], talk.times[1]


def reader_alone(model: Any, people: int, tokens: int) -> float:
    made = forward_pass(model, people)
    caches = [made.cache() for _ in range(people)]
    for cache, prompt in zip(caches, prompts(people), strict=True):
        made.read([Segment(cache, prompt)])
    for count in (tokens, tokens):  # the first time graphs are captured
        began = time.perf_counter()
        for _ in range(count):
            made.read([Segment(cache, [1]) for cache in caches])
    return people * tokens / (time.perf_counter() - began)


def generate(model: Any, people: int, tokens: int) -> float:
    model.set_attn_implementation("sdpa")
    ids = torch.tensor(prompts(people), device="cuda")
    return (
        people
        * tokens
        / _seconds(
            lambda: model.generate(ids, do_sample=True, max_new_tokens=tokens, min_new_tokens=tokens, pad_token_id=0)
        )
    )


def continuous_batching(model: Any, people: int, tokens: int) -> float:
    """The library's continuous batching, as `transformers serve` uses it."""
    model.set_attn_implementation("sdpa")
    config = GenerationConfig(do_sample=True, max_new_tokens=tokens, eos_token_id=-1, pad_token_id=0)
    return people * tokens / _seconds(lambda: model.generate_batch(prompts(people), generation_config=config))


def _seconds(work: Callable[[], object]) -> float:
    torch.cuda.synchronize()
    began = time.perf_counter()
    with torch.inference_mode():
        work()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def bandwidth() -> float:
    """Bytes per second that the card reads, measured by copying a gigabyte."""
    source = torch.empty(2**28, dtype=torch.float32, device="cuda")
    target = torch.empty_like(source)
    target.copy_(source)
    return 10 * 2 * source.nbytes / _seconds(lambda: [target.copy_(source) for _ in range(10)])


def measured(model: Any, people: int, tokens: int) -> dict[str, float]:
    result: dict[str, float] = {"people": people}
    result |= ours(model, people, tokens)
    for contender in (reader_alone, generate, continuous_batching):
        gc.collect()  # the reader before, which holds itself
        torch.cuda.empty_cache()
        result[contender.__name__] = contender(model, people, tokens)
    return {name: round(value, 1) for name, value in result.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=CONFIGS, default=["1b", "8b"])
    parser.add_argument("--people", type=int, nargs="+", default=[1, 16, 64, 256])
    parser.add_argument("--tokens", type=int, default=128)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("There is no CUDA card here; nothing was measured.")
    steps = bandwidth()
    for name in options.models:
        model = make(name)
        size = sum(weight.nbytes for weight in model.parameters())
        runs = [
            measured(model, people, options.tokens) | {"bandwidth_limit": round(people * steps / size, 1)}
            for people in options.people
        ]
        print(
            json.dumps({"card": torch.cuda.get_device_name(), "model": name, "weights_mb": size // 2**20, "runs": runs})
        )
        del model


if __name__ == "__main__":
    main()
