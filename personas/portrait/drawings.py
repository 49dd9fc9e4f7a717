"""The plots of a portrait as SVG drawings: columns over time, and words to the left and right of a middle line."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from text.lists import joined

Rows = Sequence[Sequence[str | float]]  # label and value

WIDTH, HEIGHT = 360, 96
ROW = 22
_MOST_TICKS = 5


@dataclass(frozen=True)
class Bar:
    """Attributes of a rectangle, and what it stands for."""

    x: str
    y: str
    width: str
    height: str
    title: str


@dataclass(frozen=True)
class Tick:
    """A label under a plot. `anchor` is its SVG text-anchor: labels at the ends stay inside the plot."""

    x: str
    text: str
    anchor: str


@dataclass(frozen=True)
class Columns:
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    summary: str


def columns(rows: Rows, *, unit: str) -> Columns | None:
    """One column for each row. None without a value."""
    values = [float(value) for _, value in rows]
    highest = max(values, default=0.0)
    if highest <= 0:
        return None
    step = WIDTH / len(rows)
    bars = tuple(
        Bar(
            f"{number * step:.2f}",
            f"{HEIGHT - _height(value, highest):.2f}",
            f"{max(step * 0.82, 0.6):.2f}",
            f"{_height(value, highest):.2f}",
            f"{label}: {value:,.0f} {unit}",
        )
        for number, ((label, _), value) in enumerate(zip(rows, values, strict=True))
    )
    every = -(-len(rows) // _MOST_TICKS)
    ticks = tuple(
        Tick(f"{(number + 0.41) * step:.2f}", str(label), _anchor(number, len(rows)))
        for number, (label, _) in list(enumerate(rows))[::every]
    )
    most = str(rows[values.index(highest)][0])
    summary = gettext(
        "%(count)s columns from %(first)s to %(last)s. The highest is %(most)s, with %(highest)s %(unit)s."
    ) % {
        "count": len(rows),
        "first": rows[0][0],
        "last": rows[-1][0],
        "most": most,
        "highest": f"{highest:,.0f}",
        "unit": unit,
    }
    return Columns(bars, ticks, summary)


def _anchor(number: int, count: int) -> str:
    return "start" if number == 0 else "end" if number > 0.9 * count else "middle"


def _height(value: float, highest: float) -> float:
    """A column that stands for something can always be seen."""
    return max(HEIGHT * value / highest, 1.5) if value else 0.0


@dataclass(frozen=True)
class Shift:
    """A word's bar. `anchor` is the SVG text-anchor of its label, which stands on the other side of the middle."""

    bar: Bar
    word: str
    anchor: str
    label_x: str
    label_y: str
    is_more: bool


@dataclass(frozen=True)
class Shifts:
    rows: tuple[Shift, ...]
    height: int
    summary: str


def shifts(rows: Rows) -> Shifts | None:
    """Bars to the right for words that are used more than by people in general, to the left for those used less.

    The values are powers of two. None without rows.
    """
    if not rows:
        return None
    reach = max(abs(float(value)) for _, value in rows) or 1.0
    middle = WIDTH / 2
    drawn = []
    for number, (word, value) in enumerate(rows):
        power = float(value)
        width = (middle - 4) * abs(power) / reach
        is_more = power >= 0
        bar = Bar(
            f"{middle if is_more else middle - width:.2f}",
            str(number * ROW + 4),
            f"{width:.2f}",
            str(ROW - 8),
            gettext("%(word)s: %(times)s as often as people in general") % {"word": word, "times": _times(power)},
        )
        label_x = f"{middle - 6 if is_more else middle + 6:.2f}"
        anchor = "end" if is_more else "start"
        drawn.append(Shift(bar, str(word), anchor, label_x, str(number * ROW + ROW // 2 + 5), is_more))
    more = [str(word) for word, value in rows if float(value) >= 0]
    return Shifts(
        tuple(drawn),
        len(rows) * ROW,
        gettext("Used more than by people in general: %(words)s.") % {"words": joined(more[:6]) or gettext("nothing")},
    )


def _times(power: float) -> str:
    number = f"{2**power:,.0f}" if power >= 3 else f"{2**power:.1f}"
    return gettext("%(count)s times") % {"count": number}
