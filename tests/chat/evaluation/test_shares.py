"""Shares of cases and their intervals."""

import pytest

from chat.evaluation.shares import Share, share_of


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [
        (Share(0, 0), 0.0, 1.0),
        (Share(0, 20), 0.0, 0.1611),
        (Share(20, 20), 0.8389, 1.0),
        (Share(15, 20), 0.5313, 0.8881),
    ],
)
def test_the_interval_is_that_of_wilson(share, low, high):
    assert share.interval == pytest.approx((low, high), abs=2e-4)


def test_a_share_is_said_with_its_cases():
    assert str(share_of([True, True, True, False])) == "3 of 4, 75.0% (30.1% to 95.4%)"
    assert str(Share(0, 0)) == "no cases"
    assert Share(0, 0).value is None
    assert Share(1, 2) + Share(2, 2) == Share(3, 4)
