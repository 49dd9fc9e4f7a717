"""The transformers engine on a CUDA card, with random weights of a real size: tokens per second by replies at once.

    python -m benchmarks.gpu --people 1 16 64 256 [--layers 16 --hidden 2048]

Prints JSON: our loop, the library's `generate` (one batch, same prompts), and what the card's memory bandwidth allows
for the model's bytes, since each step reads every weight once. Ends with a sentence where there is no card.
"""

import argparse
import json
import os
import sys
import threading
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
django.setup()

import torch  # noqa: E402
from transformers import AutoModelForCausalLM, LlamaConfig  # noqa: E402

from generation.engines.base import Sampling  # noqa: E402
from generation.engines.batcher import Batcher, Request  # noqa: E402
from generation.engines.hf_transformers import DTYPE  # noqa: E402
from generation.engines.packed import ATTENTION, PackedReader  # noqa: E402
from generation.engines.sampling import Chooser  # noqa: E402

_VOCABULARY = 32_000
_PROMPT_TOKENS = 330


def make(layers: int, hidden: int) -> Any:
    config = LlamaConfig(
        hidden_size=hidden, intermediate_size=4 * hidden, num_hidden_layers=layers, vocab_size=_VOCABULARY,
        num_attention_heads=hidden // 64, num_key_value_heads=hidden // 256,
    )  # fmt: skip
    with torch.device("cuda"):
        return AutoModelForCausalLM.from_config(config, dtype=DTYPE, attn_implementation=ATTENTION).eval()


def ours(model: Any, people: int, tokens: int) -> float:
    batcher = Batcher(PackedReader(model, capacity=262_144), concurrent=people, step_tokens=2048)
    shared = list(range(_PROMPT_TOKENS - 8))
    requests = []
    for person in range(people):
        prompt = [*shared, *range(1000 + person, 1008 + person)]
        chooser = Chooser(Sampling(seed=person), prompt, frozenset())
        requests.append(Request(prompt=prompt, chooser=chooser, max_tokens=tokens, ends=frozenset()))
    began = time.perf_counter()
    for request in requests:
        batcher.submit(request)
    threads = [threading.Thread(target=_hear, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    batcher.close()
    return people * tokens / seconds


def _hear(request: Request) -> None:
    while request.steps.get().token is not None:
        pass


def library(model: Any, people: int, tokens: int) -> float:
    ids = torch.randint(_VOCABULARY, (people, _PROMPT_TOKENS), device="cuda")
    model.set_attn_implementation("sdpa")
    began = time.perf_counter()
    with torch.inference_mode():
        model.generate(ids, do_sample=True, max_new_tokens=tokens, min_new_tokens=tokens, pad_token_id=0)
    torch.cuda.synchronize()
    seconds = time.perf_counter() - began
    model.set_attn_implementation(ATTENTION)
    return people * tokens / seconds


def bandwidth() -> float:
    """Bytes per second that the card reads, measured by copying a gigabyte."""
    source = torch.empty(2**28, dtype=torch.float32, device="cuda")
    target = torch.empty_like(source)
    target.copy_(source)
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(10):
        target.copy_(source)
    torch.cuda.synchronize()
    return 10 * 2 * source.nbytes / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 16, 64, 256])
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--layers", type=int, default=16)
    parser.add_argument("--hidden", type=int, default=2048)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("There is no CUDA card here; nothing was measured.")
    model = make(options.layers, options.hidden)
    size = sum(weight.nbytes for weight in model.parameters())
    steps = bandwidth() / size
    runs = [
        {
            "people": people,
            "ours": round(ours(model, people, options.tokens), 1),
            "generate": round(library(model, people, options.tokens), 1),
            "bandwidth_limit": round(people * steps, 1),
        }
        for people in options.people
    ]
    card = torch.cuda.get_device_name()
    json.dump({"card": card, "dtype": str(DTYPE), "model_mb": size // 2**20, "tokens_per_second": runs}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
