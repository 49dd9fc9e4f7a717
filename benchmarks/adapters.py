"""Two fine-tuned personas at the same time, against two untuned ones, on the CPU engine.

`python -m benchmarks.adapters ADAPTER ADAPTER`: two folders of adapters for the active model. Rounds with and without
alternate, so that other load on the machine falls on both.
"""

import argparse
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
django.setup()

from generation.catalogue import model_rows, packaged  # noqa: E402
from generation.engine import Adapter, Prompt, Sampling  # noqa: E402
from generation.engines.openvino.engine import OpenVINOEngine  # noqa: E402

_TOKENS = 80
_TEXT = "{} writes letters from the country.\n\nFriend: What did you do today?\n{}:"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapters", nargs=2, type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    model = packaged.PACKAGED[packaged.DEFAULT]
    weights = model_rows.folder(model.name).name
    adapters = [Adapter(f"{n}", weights, str(folder)) for n, folder in enumerate(arguments.adapters)]
    engine = OpenVINOEngine(model)

    def say(name: str, adapter: Adapter | None) -> int:
        prompt = Prompt("transcript", text=_TEXT.format(name, name), adapter=adapter)
        sampling = Sampling(temperature=1.0, max_tokens=_TOKENS)
        return sum(token.usage is None for token in engine.stream(prompt, sampling, lambda: False))

    def speed(pair: list[Adapter | None]) -> float:
        began = time.monotonic()
        with ThreadPoolExecutor(2) as people:
            count = sum(people.map(say, ("Jane", "George"), pair))
        return count / (time.monotonic() - began)

    speed([*adapters])  # makes the second graph
    rounds = [(speed([None, None]), speed([*adapters])) for _ in range(arguments.rounds)]
    plain, adapted = (statistics.median(column) for column in zip(*rounds, strict=True))
    share = statistics.median(after / before for before, after in rounds)
    print(f"untuned {plain:.1f} tokens/s, fine-tuned {adapted:.1f}, {share:.2f} of it; load {os.getloadavg()[0]:.1f}")
    engine.close()


if __name__ == "__main__":
    main()
