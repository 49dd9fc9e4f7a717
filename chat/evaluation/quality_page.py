"""A page of the measures of `reply_evaluation` that needs no other file: tables, plots and replies side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from chat.evaluation import reply_faults
from chat.evaluation.reply_evaluation import Report
from chat.evaluation.shares import Share

_TITLES = {
    "choose4": "among 4 lines",
    "choose10": "among 10 lines",
    "echo": "echo",
    "repeat": "repeat",
    "wrong_language": "wrong language",
    "speaks_for_user": "speaks for the user",
    "empty": "empty",
    "withheld": "withheld",
}
_REPLIES = 20  # turns whose replies are shown
# Of a plot, in its own units.
_WIDTH, _LABELS, _VALUES = 400, 120, 48
_BAR, _GAP = 12, 10


@dataclass(frozen=True)
class Bar:
    kind: str
    y: int
    width: float
    text: str
    low: float = 0.0  # where the interval begins and ends; equal if there is none
    high: float = 0.0

    @property
    def middle(self) -> float:
        return self.y + _BAR / 2

    @property
    def text_x(self) -> float:
        return max(self.width, self.high) + 4


@dataclass(frozen=True)
class Group:
    label: str
    y: float
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Plot:
    title: str
    groups: Sequence[Group]
    height: int
    left: int = _LABELS
    width: int = _WIDTH
    bar: int = _BAR


def page(reports: Mapping[str, Report]) -> str:
    """The page as HTML. Everything that a model or a file wrote is escaped."""
    shares = {kind: report.shares for kind, report in reports.items()}
    plots = [
        _plot("Picks the true reply", _rows(shares, ["choose4", "choose10"])),
        _plot("Bits per byte of the true reply", [("", _bits(reports))]),
        _plot("Faults of generated replies", _rows(shares, list(reply_faults.FAULTS))),
        _plot("Planted facts that are not given back", _forgotten(reports)),
    ]
    return render_to_string(
        "chat/quality_page.html",
        {
            "style": _style(),
            "kinds": list(reports),
            "plots": plots,
            "rows": [(name, [one[name] for one in shares.values()]) for name in shares["bare"]],
            "bits": [report.comparisons for report in reports.values()],
            "turns": _replies(reports),
        },
    )


def _style() -> SafeString:
    css = [(settings.BASE_DIR / "static" / "css" / name).read_text("utf-8") for name in ("tokens.css", "quality.css")]
    return format_html("<style>{}</style>", mark_safe("\n".join(css)))  # noqa: S308 (our own files)


# Kind, value from 0 to 1, its interval, and the value as it is written.
Cell = tuple[str, float | None, tuple[float, float] | None, str]
Row = tuple[str, list[Cell]]


def _rows(shares: Mapping[str, Mapping[str, Share]], names: Sequence[str]) -> list[Row]:
    return [(_TITLES[name], [_cell(kind, one[name]) for kind, one in shares.items()]) for name in names]


def _forgotten(reports: Mapping[str, Report]) -> list[Row]:
    distances = next(iter(reports.values())).forgotten
    return [
        (f"{distance} turns later", [_cell(kind, report.forgotten[distance]) for kind, report in reports.items()])
        for distance in distances
    ]


def _cell(kind: str, share: Share) -> Cell:
    value = share.value
    return kind, value, share.interval, "—" if value is None else f"{value:.1%}"


def _bits(reports: Mapping[str, Report]) -> list[Cell]:
    bits = {kind: report.comparisons.bits_per_byte for kind, report in reports.items()}
    highest = max(bits.values())
    return [(kind, value / highest, None, f"{value:.3f}") for kind, value in bits.items()]


def _plot(title: str, rows: Sequence[Row]) -> Plot:
    """Horizontal bars, a group for each row. The value 1 is as wide as the room between labels and values."""
    room = _WIDTH - _LABELS - _VALUES
    groups: list[Group] = []
    y = 0
    for label, cells in rows:
        bars = []
        for kind, value, interval, text in cells:
            low, high = interval if interval and value is not None else (0.0, 0.0)
            bars.append(Bar(kind, y, room * (value or 0), text, room * low, room * high))
            y += _BAR + 2
        groups.append(Group(label, (bars[0].y + y) / 2, bars))
        y += _GAP
    return Plot(title, groups, y)


def _replies(reports: Mapping[str, Report]) -> list[dict[str, object]]:
    """The first turns with the replies of every kind and their faults."""
    rows = zip(*(report.replies for report in reports.values()), strict=True)
    return [
        {
            "name": replies[0].sheet.name,
            "message": replies[0].asked[-1].text,
            "replies": [
                (kind, reply.text, [_TITLES[name] for name in reply_faults.faults(reply)])
                for kind, reply in zip(reports, replies, strict=True)
            ],
        }
        for replies, _ in zip(rows, range(_REPLIES), strict=False)
    ]
