"""The curve of a training as a picture."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from generation.tuning.job import Point


def draw(points: Sequence[Point], path: Path, *, title: str, unit: str = "bits per byte") -> None:
    """Writes a PNG with the losses over the steps."""
    figure = Figure(figsize=(7, 4), dpi=110, layout="constrained")
    axes = figure.subplots()
    steps = [point.step for point in points]
    axes.plot(steps[1:], [point.train for point in points[1:]], label="learnt from", color="#9a8f80")
    axes.plot(steps, [point.held_out for point in points], label="held out", color="#7a3b2e", marker="o", markersize=3)
    axes.set(title=title, xlabel="steps", ylabel=unit)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
