"""The curve of a training as two lines in an SVG drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 400, 140


@dataclass(frozen=True)
class Drawing:
    """`points` attributes of polylines, and the values at the top and at the bottom."""

    learnt: str
    held_out: str
    highest: float
    lowest: float


def drawn(points: Sequence[Sequence[float]]) -> Drawing:
    """The drawing of at least two measurements [step, learnt, held out]. The first was made before learning."""
    values = [value for _, *both in points for value in both]
    lowest, highest = min(values), max(values)
    last = points[-1][0] or 1

    def line(column: int, rows: Sequence[Sequence[float]]) -> str:
        height = highest - lowest or 1
        return " ".join(f"{WIDTH * row[0] / last:.1f},{HEIGHT * (highest - row[column]) / height:.1f}" for row in rows)

    return Drawing(learnt=line(1, points[1:]), held_out=line(2, points), highest=highest, lowest=lowest)
