"""How far two reviewers agree beyond chance: Cohen's kappa (1960)."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_Z = 1.96  # for an interval of 95 %


@dataclass(frozen=True)
class Agreement:
    pairs: int
    share: float  # of pairs that are the same
    kappa: float  # 1: always the same; 0: as often as chance
    low: float
    high: float


def agreement(pairs: Sequence[tuple[str, str]]) -> Agreement | None:
    """None without pairs. The interval is Cohen's, from the standard error sqrt(po (1 - po) / n) / (1 - pe)."""
    n = len(pairs)
    if not n:
        return None
    observed = sum(first == second for first, second in pairs) / n
    firsts, seconds = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    expected = sum(firsts[name] * seconds[name] for name in firsts) / n**2
    if math.isclose(expected, 1):  # both reviewers gave one and the same answer throughout
        return Agreement(n, observed, 1.0, 1.0, 1.0)
    kappa = (observed - expected) / (1 - expected)
    margin = _Z * math.sqrt(observed * (1 - observed) / n) / (1 - expected)
    return Agreement(n, observed, kappa, max(-1.0, kappa - margin), min(1.0, kappa + margin))
