"""Work side by side, and what is said about its progress."""

from types import SimpleNamespace

import pytest

from chat.evaluation import progress
from chat.evaluation.progress import Progress, side_by_side


def test_results_come_in_order_and_the_last_line_is_always_said():
    lines: list[str] = []
    tell = Progress(lines.append).of("bare")
    doubled = side_by_side(lambda n: 2 * n, range(5), workers=3, tell=tell, what="numbers doubled")
    assert doubled == [0, 2, 4, 6, 8]
    assert lines == [" 0:00  bare: 5 of 5 numbers doubled"]


def test_a_line_is_said_after_some_seconds(monkeypatch):
    times = iter([0, 4, 6, 7, 100])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(times)))
    lines: list[str] = []
    tell = Progress(lines.append).of("bare")
    for done in range(1, 4):
        tell("turns", done, 9)
    tell("turns", 9, 9)
    assert lines == [" 0:06  bare: 2 of 9 turns", " 1:40  bare: 9 of 9 turns"]


def test_the_first_error_is_raised():
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda n: 1 // n, [1, 0, 2], workers=2, tell=lambda *_: None, what="numbers")
