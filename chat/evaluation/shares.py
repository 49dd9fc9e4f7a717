"""A share of cases, with the interval that a small number of cases leaves open."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

_Z = 1.96  # of the normal distribution, for an interval that holds the true share in 95 % of measurements


@dataclass(frozen=True)
class Share:
    count: int
    of: int

    @property
    def value(self) -> float | None:
        """From 0 to 1; None without cases."""
        return round(self.count / self.of, 4) if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """The score interval (Wilson 1927), which stays within 0 and 1 for few cases too."""
        if not self.of:
            return 0.0, 1.0
        share, weight = self.count / self.of, _Z**2 / self.of
        middle = share + weight / 2
        reach = _Z * sqrt(share * (1 - share) / self.of + weight / (4 * self.of))
        return max(0.0, (middle - reach) / (1 + weight)), min(1.0, (middle + reach) / (1 + weight))

    def __add__(self, other: "Share") -> "Share":
        return Share(self.count + other.count, self.of + other.of)

    def __str__(self) -> str:
        if not self.of:
            return "no cases"
        low, high = self.interval
        return f"{self.count} of {self.of}, {self.count / self.of:.1%} ({low:.1%} to {high:.1%})"


def share_of(values: Iterable[bool]) -> Share:
    cases = list(values)
    return Share(sum(cases), len(cases))
