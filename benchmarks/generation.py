"""The speed of the whole product, its engines alone, llama.cpp's server and the transformers library.

    make bench            (or: python -m benchmarks.generation --people 1 8 16 32 --turns 4)

One model, the same chats with Samantha, one run: for each number of people all contenders take their turn one
after another, so that an hour's weather on the machine falls on all of them. People look at the page for
`--looking` seconds, ask all at once, and each asks again as soon as the answer is there. With `--rounds`, each
begins a new conversation when one has ended, so that few are left over at the end. Prints JSON; `--plot FILE`
draws it. Beside the speed stands each engine's perplexity of one fixed text, so that one that is fast because it
rounds too much is seen. Traffic stays on loopback.

Tokens per second are those of all replies over the time from the first question to the last answer, prompts
included. A first token is the engine's where it tells, else the first piece that arrives; the product's
`first_words_ms` are the first cleared words at the socket.
"""

import argparse
import contextlib
import itertools
import json
import os
import platform
import re
import statistics
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks import contenders, perplexity, plots  # noqa: E402
from benchmarks.chats import Chat  # noqa: E402
from benchmarks.contenders import Contender, Reply  # noqa: E402
from generation.catalogue import installation, model_rows, packaged, tokens  # noqa: E402
from persona_site import services  # noqa: E402
from personas import shipped  # noqa: E402
from personas.models import Persona  # noqa: E402
from personas.prompting import prompt_sheet  # noqa: E402

NAMES = ("product", "openvino", "transformers", "llama.cpp", "serve", "generate")


def machine() -> str:
    """The processor, its cores, and the widest instructions that affect speed here."""
    told = dict(re.findall(r"^(model name|flags)\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    flags = told.get("flags", "").split()
    widest = next((flag for flag in ("amx_int8", "avx512_vnni", "avx_vnni", "avx512f", "avx2") if flag in flags), "")
    return f"{told.get('model name', platform.machine())}, {len(os.sched_getaffinity(0))} cores, {widest}"


def make(name: str, people: int, model: packaged.CatalogueModel, llama_server: Path | None) -> Contender:
    folder = model_rows.folder(model.name)
    if name in {"openvino", "transformers"}:
        return contenders.Ours(name)
    if name == "llama.cpp":
        return contenders.LlamaServer(folder, installation.bundled_gguf(model), people, llama_server)
    if name == "serve":
        return contenders.TransformersServe(folder)
    return contenders.PlainGenerate(folder)


def measure(contender: Contender, people: int, turns: int, rounds: int, looking: float) -> dict[str, Any]:
    sheet = prompt_sheet.sheet_for(Persona.objects.get(name="Samantha", is_shared=True))
    info = tokens.info()
    peak = _Peak(contender)
    if isinstance(contender, contenders.Product):
        contender.prepare(people)
    chats = [
        [Chat(number * people + person, sheet, info, tokens.count) for number in range(rounds)]
        for person in range(people)
    ]
    replies, seconds = contenders.run(contender, chats, turns, looking)
    return {
        "contender": contender.name,
        "people": people,
        "turns": turns,
        "rounds": rounds,
        "looking": looking,
        **figures(replies, seconds),
        "memory_mb": peak.stop(),
    }


class _Peak:
    """The most memory in use, sampled four times a second."""

    def __init__(self, contender: Contender) -> None:
        self._contender = contender
        self._most = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(0.25):
            self._most = max(self._most, self._contender.memory_mb())

    def stop(self) -> float:
        self._stop.set()
        self._thread.join()
        return max(self._most, self._contender.memory_mb())


def figures(replies: list[Reply], seconds: float) -> dict[str, Any]:
    said = [reply for reply in replies if reply.end == "completed"]
    later = [reply for reply in said if reply.turn > 1]
    gaps = [1000 * (b - a) for reply in said for a, b in zip(reply.pieces, reply.pieces[1:], strict=False)]
    return {
        "ends": dict(Counter(reply.end for reply in replies)),
        "tokens": sum(reply.tokens for reply in said),
        "tokens_per_second": round(sum(reply.tokens for reply in said) / seconds, 1),
        "first_token_ms": {"turn 1": spread(_firsts(said, 1)), "later turns": spread(_firsts(later))},
        "first_words_ms": spread([1000 * (reply.pieces[0] - reply.asked) for reply in later if reply.pieces]),
        "between_pieces_ms": spread(gaps),
        "queued_ms": spread([reply.queued_ms for reply in said if reply.queued_ms is not None]),
        "cached_prompt_tokens": [reply.cached for reply in said if reply.cached is not None and reply.turn > 1][:4],
        "seconds": round(seconds, 1),
    }


def _firsts(replies: list[Reply], turn: int | None = None) -> list[float]:
    return [
        reply.first_token_ms if reply.first_token_ms is not None else 1000 * (reply.pieces[0] - reply.asked)
        for reply in replies
        if reply.pieces and (turn is None or reply.turn == turn)
    ]


def spread(values: list[Any]) -> dict[str, int] | None:
    if not values:
        return None
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered)), "p95": round(ordered[int(0.95 * (len(ordered) - 1))])}


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 8, 16, 32])
    parser.add_argument("--turns", type=int, nargs="+", default=[4])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--looking", type=float, default=0, help="seconds")
    parser.add_argument("--contenders", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--llama-server", type=Path, help="llama.cpp's server, built with -DGGML_NATIVE=ON")
    parser.add_argument("--plot", type=Path)
    return parser.parse_args()


def prepared_model() -> packaged.CatalogueModel:
    """The active model, with the files that all contenders read, and the shipped personas."""
    call_command("migrate", verbosity=0, interactive=False)
    model_rows.ensure_active()
    model_rows.export_where_missing(model_rows.active().name)
    shipped.ensure()
    return model_rows.active()


def runs(model: packaged.CatalogueModel, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The figures of each contender, for each number of turns and of people. The product starts once for all."""
    with contextlib.ExitStack() as whole:
        product = whole.enter_context(contenders.Product()) if "product" in options.contenders else None
        for turns, people, name in itertools.product(options.turns, options.people, options.contenders):
            if product is not None and name == product.name:
                yield measure(product, people, turns, options.rounds, options.looking)
                continue
            with make(name, people, model, options.llama_server) as contender:
                yield measure(contender, people, turns, options.rounds, options.looking)


def main() -> None:
    options = read_options()
    with services.running_for(["benchmark"]):
        model = prepared_model()
        result: dict[str, Any] = {
            "model": model.name,
            "machine": machine(),
            "load_before": round(os.getloadavg()[0], 1),
            "perplexity": perplexity.of_engines(model),
            "runs": [],
        }
        for run in runs(model, options):
            result["runs"].append(run)
            print(json.dumps(run), file=sys.stderr, flush=True)
    json.dump(result, sys.stdout, indent=2)
    print()
    if options.plot:
        plots.speed(result, options.plot)


if __name__ == "__main__":
    main()
