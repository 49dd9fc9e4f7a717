"""The filter's scores of a conversation over time, as the lines of a plot."""

from dataclasses import dataclass
from datetime import datetime

from moderation.models import Assessment, Case
from moderation.plain_words import category_in_words

WIDTH, HEIGHT = 640, 140
MOST_LINES = 3
MOST_POINTS = 200


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    at: datetime
    score: float


@dataclass(frozen=True)
class Line:
    name: str
    points: tuple[Point, ...]

    @property
    def path(self) -> str:
        """The `points` of an SVG polyline."""
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


@dataclass(frozen=True)
class Plot:
    lines: tuple[Line, ...]
    first: datetime
    last: datetime
    width: int = WIDTH
    height: int = HEIGHT


def plot_of(case: Case) -> Plot | None:
    """The case's gravest categories in the newest assessments of the conversation. None with fewer than two scores.

    An ordinary text leaves no assessment, so the plot shows only texts that the filter noticed.
    """
    newest = Assessment.objects.filter(conversation_id=case.conversation_id).order_by("-created_at")[:MOST_POINTS]
    rows = [(row.created_at, row.probabilities) for row in reversed(newest)]
    if len(rows) < 2:
        return None
    first, last = rows[0][0], rows[-1][0]
    span = (last - first).total_seconds() or 1.0
    lines = []
    for category in case.categories[:MOST_LINES]:
        scores = [(at, float(probabilities.get(category, 0))) for at, probabilities in rows]
        points = tuple(
            Point((at - first).total_seconds() / span * WIDTH, (1 - score) * HEIGHT, at, score) for at, score in scores
        )
        lines.append(Line(category_in_words(category), points))
    return Plot(tuple(lines), first, last)
