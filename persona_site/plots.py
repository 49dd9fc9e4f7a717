"""Small plots of a number by day, drawn on the server as bars of an SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 560, 96
_GAP = 0.28  # of a day's width


@dataclass(frozen=True)
class Bar:
    x: str  # all in the drawing's units, written with a point whatever the language
    y: str
    width: str
    height: str
    day: date
    count: int


@dataclass(frozen=True)
class Plot:
    key: str
    title: str
    bars: tuple[Bar, ...]
    total: int
    most: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def first(self) -> date:
        return self.bars[0].day

    @property
    def last(self) -> date:
        return self.bars[-1].day


def by_day(key: str, title: str, counts: Sequence[tuple[date, int]]) -> Plot:
    """A bar for each day, in the order given. The highest one has the height of the plot."""
    most = max((count for _, count in counts), default=0)
    step = WIDTH / max(1, len(counts))
    bars = []
    for index, (day, count) in enumerate(counts):
        height = max(1.0, HEIGHT * count / most) if count else 0.0
        x, width = index * step + step * _GAP / 2, step * (1 - _GAP)
        bars.append(Bar(f"{x:.1f}", f"{HEIGHT - height:.1f}", f"{width:.1f}", f"{height:.1f}", day, count))
    return Plot(key, title, tuple(bars), sum(count for _, count in counts), most)
