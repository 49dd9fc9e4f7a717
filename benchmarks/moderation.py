"""How long the filter takes: one check at the gate, one message, and a file of lines. Prints JSON.

    DJANGO_SETTINGS_MODULE=persona_site.settings python -m benchmarks.moderation [--lines 300]

Threads are left as the environment sets them; OPENBLAS_NUM_THREADS=1 gives the figures of one core.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable

import django

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=300, help="lines of the batch (default: 300)")
    lines = parser.parse_args().lines
    django.setup()
    from moderation import assessment
    from moderation.classifiers import registry
    from moderation.gate import cleared

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
    found = {
        "load_ms": round(load_ms),
        "gate_check": summary(checks),
        "message": summary(messages),
        "batch_texts_per_second": round(len(many) / batch_ms * 1000, 1),
        "load_average": os.getloadavg()[0],
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
