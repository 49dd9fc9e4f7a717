"""Replies side by side through the router, against the library's plain `generate`, one after another.

    python manage.py migrate && python -m benchmarks.generation [--tokens 48] [--streams 1 8 16]

Prints JSON. Every stream is a chat of its own with one of four personas, two turns long: the first
turn reads the whole prompt, the second continues it, as people do. `interleaved` says that every
stream had spoken before the first one ended. Both sides run in this process, in the same minutes.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
django.setup()

import torch  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

from generation import catalogue, router  # noqa: E402
from generation.engines.base import EngineInfo, Prompt, Sampling  # noqa: E402
from generation.engines.hf_transformers import DTYPE, best_device  # noqa: E402
from persona_site import services  # noqa: E402

PERSONAS = (
    "Ada has kept the lighthouse on the western shore for thirty years. She speaks slowly, dislikes hurry, and "
    "measures every storm against the one of her first winter. ",
    "Bert mends nets in the harbour. He knows every boat by its engine, tells the same three jokes, and is proud of "
    "his daughter, who went to sea before she was twenty. ",
    "Cleo sells apples at the market. She remembers what each of her customers likes best, and asks after their "
    "children by name; on Sundays she paints the hills behind her house. ",
    "Dora teaches the piano to children who would rather be outside. She is patient, a little deaf, and certain that "
    "everybody can learn one beautiful thing. ",
)
QUESTIONS = ("What did you do this morning?", "And what do you wish for tomorrow?")


@dataclass
class Spoken:
    text: str = ""
    times: list[float] = field(default_factory=list)
    cached: int = 0
    started: float = 0.0


def prompt_text(stream: int, turn: int, before: str) -> str:
    name = ("Ada", "Bert", "Cleo", "Dora")[stream % 4]
    head = f"{PERSONAS[stream % 4] * 3}\n\nVisitor {stream}: Good day, {name}.\n{name}: Good day to you.\n"
    return f"{head}{before}Visitor {stream}: {QUESTIONS[turn]}\n{name}:"


def through_router(streams: int, tokens: int) -> dict[str, Any]:
    before = [""] * streams
    turns = []
    for turn in range(len(QUESTIONS)):
        spoken = [Spoken() for _ in range(streams)]
        prompts = [prompt_text(index, turn, before[index]) for index in range(streams)]

        def say(index: int, spoken: list[Spoken] = spoken, prompts: list[str] = prompts) -> None:
            mine = spoken[index]
            mine.started = time.perf_counter()
            for token in router.stream(_build(prompts[index], index, tokens), lambda: False, lambda info, why: None):
                mine.text += token.text
                if token.usage is None:
                    mine.times.append(time.perf_counter())
                else:
                    mine.cached = token.usage.cached_tokens

        began = time.perf_counter()
        threads = [threading.Thread(target=say, args=(index,)) for index in range(streams)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        turns.append(_figures(spoken, time.perf_counter() - began))
        for index in range(streams):
            before[index] = prompts[index].split("\n\n", 1)[1] + spoken[index].text + "\n"
            before[index] = before[index].split("Good day to you.\n", 1)[1]
    return {"streams": streams, "first_turn": turns[0], "second_turn": turns[1]}


def _build(text: str, seed: int, tokens: int) -> Callable[..., tuple[Prompt, Sampling]]:
    def build(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        return Prompt(form="transcript", text=text), Sampling(max_tokens=tokens, seed=seed)

    return build


def _figures(spoken: list[Spoken], seconds: float) -> dict[str, Any]:
    total = sum(len(one.times) for one in spoken)
    first = sorted(one.times[0] - one.started for one in spoken if one.times)
    gaps = [b - a for one in spoken for a, b in zip(one.times, one.times[1:], strict=False)]
    return {
        "tokens_per_s": round(total / seconds, 1),
        "first_token_s": {"median": round(statistics.median(first), 3), "max": round(first[-1], 3)},
        "between_tokens_ms": round(1000 * statistics.median(gaps)) if gaps else None,
        "interleaved": max(one.times[0] for one in spoken) < min(one.times[-1] for one in spoken),
        "cached_tokens": sum(one.cached for one in spoken),
    }


def plain_generate(streams: int, tokens: int) -> dict[str, Any]:
    """The same first turns with the library alone, one after another."""
    folder = catalogue.folder(catalogue.active().name)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    device = best_device()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=DTYPE).to(device).eval()
    total, began, waits = 0, time.perf_counter(), []
    for index in range(streams):
        ids = tokenizer(prompt_text(index, 0, ""), return_tensors="pt").input_ids.to(device)
        waits.append(time.perf_counter() - began)  # what this person waited for those before
        torch.manual_seed(index)
        with torch.inference_mode():
            said = model.generate(ids, do_sample=True, max_new_tokens=tokens)
        total += said.shape[1] - ids.shape[1]
    seconds = time.perf_counter() - began
    return {
        "streams": streams,
        "tokens_per_s": round(total / seconds, 1),
        "last_one_waited_s": round(waits[-1], 1),
        "interleaved": False,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 8, 16])
    parser.add_argument("--plain", type=int, default=4, help="replies for plain generate; 0 leaves it out")
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    list(router.stream(_build("Hello", 0, 2), lambda: False, lambda info, why: None))  # loads the engine
    result = {
        "model": catalogue.active().name,
        "device": best_device(),
        "dtype": str(DTYPE),
        "torch_threads": torch.get_num_threads(),
        "cores": len(os.sched_getaffinity(0)),
        "machine": platform.processor() or platform.machine(),
        "load_before": round(load_before, 1),
        "router": [through_router(streams, options.tokens) for streams in options.streams],
    }
    if options.plain:
        result["generate_one_after_another"] = plain_generate(options.plain, options.tokens)
    json.dump(result, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    with services.running_for(["benchmark"]):
        main()
