"""Plots of the measurements of benchmarks/generation.py."""

from pathlib import Path
from typing import Any


def speed(result: dict[str, Any], path: Path) -> None:
    """Tokens per second and first token by number of people, a line for each contender."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), constrained_layout=True)
    runs = [run for run in result["runs"] if run["turns"] == result["runs"][0]["turns"]]
    for name in dict.fromkeys(run["contender"] for run in runs):
        mine = [run for run in runs if run["contender"] == name]
        people = [run["people"] for run in mine]
        left.plot(people, [run["tokens_per_second"] for run in mine], marker="o", label=name)
        firsts = [(run["first_token_ms"]["later turns"] or {}).get("median") for run in mine]
        right.plot(people, firsts, marker="o", label=name)
    left.set_ylabel("tokens per second, all replies")
    right.set_ylabel("first token from turn two on, median, ms")
    right.set_yscale("log")
    for axes in (left, right):
        axes.set_xlabel("people at once")
        axes.set_ylim(bottom=None if axes is right else 0)
        axes.grid(alpha=0.3)
    left.legend()
    figure.suptitle(f"{result['model']} on {result['machine']}")
    figure.savefig(path)
