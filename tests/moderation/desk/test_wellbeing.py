from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from moderation.desk import claims, wellbeing
from moderation.models import Case, Claim, ClaimEnd
from tests.moderation.desk.material import make_case

pytestmark = pytest.mark.django_db


def next_case(moderator: User) -> Case | None:
    claim = claims.take_next(moderator=moderator)
    return claim.case if claim else None


def work(moderator: User, case: Case, *, start: timedelta, length: timedelta) -> None:
    """A claim that began `start` ago and was given back after `length`."""
    begin = timezone.now() - start
    Claim.objects.create(
        case=case, moderator=moderator, claimed_at=begin, until=begin + claims.LEASE, ended_at=begin + length,
        end=ClaimEnd.RELEASED,
    )  # fmt: skip


def test_r35_above_the_limit_of_the_day_no_more_of_that_category_is_served(
    alice: User, mina: User, olga: User, settings: Any
) -> None:
    settings.EXPOSURE_LIMIT = 2
    graphic = [make_case(alice, category="violence/graphic", severity=70) for _ in range(3)]
    other = make_case(alice, severity=10)
    for _ in range(2):
        seen = next_case(mina)
        assert seen in graphic
        claims.release(case=seen, moderator=mina)
    Claim.objects.update(claimed_at=timezone.now())
    assert next_case(mina) == other
    claims.release(case=other, moderator=mina)
    with pytest.raises(claims.ClaimRefused, match="limit for one day"):
        claims.claim(case=graphic[0], moderator=mina)
    assert next_case(olga) in graphic
    Claim.objects.update(claimed_at=timezone.now() - timedelta(days=1))
    claims.claim(case=graphic[1], moderator=mina)


def test_r35_long_work_is_followed_by_a_break_in_which_imminent_danger_alone_is_served(
    alice: User, mina: User, settings: Any
) -> None:
    settings.REVIEW_BREAK_AFTER, settings.REVIEW_BREAK = timedelta(minutes=90), timedelta(minutes=15)
    case = make_case(alice)
    work(mina, case, start=timedelta(minutes=95), length=timedelta(minutes=40))
    assert wellbeing.break_until(mina) is None
    work(mina, case, start=timedelta(minutes=50), length=timedelta(minutes=48))
    until = wellbeing.break_until(mina)
    assert until is not None
    assert abs(until - timezone.now() - timedelta(minutes=13)) < timedelta(seconds=5)
    assert next_case(mina) is None
    danger = make_case(alice, category="self-harm/intent", severity=100)
    assert next_case(mina) == danger
    claims.release(case=danger, moderator=mina)
    Claim.objects.filter(case=danger).delete()
    settings.REVIEW_BREAK = timedelta(minutes=1)
    assert wellbeing.break_until(mina) is None


def test_r35_a_gap_as_long_as_a_break_is_one(alice: User, mina: User) -> None:
    case = make_case(alice)
    work(mina, case, start=timedelta(minutes=120), length=timedelta(minutes=60))
    work(mina, case, start=timedelta(minutes=40), length=timedelta(minutes=39))
    assert wellbeing.break_until(mina) is None


def test_r36_what_a_reviewer_opts_out_of_is_not_served_and_told_to_nobody(alice: User, mina: User, olga: User) -> None:
    make_case(alice, category="sexual", severity=90)
    other = make_case(alice, severity=10)
    desk, owner = Client(), Client()
    desk.force_login(mina)
    owner.force_login(olga)
    mine = reverse("moderation:my_desk")
    desk.post(mine, {"act": "opt_out", "categories": ["sexual", "violence/graphic"]})
    assert next_case(mina) == other
    assert "checked" in desk.get(mine).text
    for page in ("moderation:my_desk", "moderation:figures", "moderation:queue"):
        assert "checked" not in owner.get(reverse(page)).text
    claims.release(case=other, moderator=mina)
    desk.post(mine, {"act": "opt_out"})
    assert next_case(mina) != other


def test_r38_a_pause_stops_serving_at_once_and_gives_the_case_back(alice: User, mina: User) -> None:
    case = make_case(alice, category="self-harm/intent", severity=100)
    desk = Client()
    desk.force_login(mina)
    desk.post(reverse("moderation:claim", args=[case.pk]))
    assert claims.of(mina) is not None
    desk.post(reverse("moderation:my_desk"), {"act": "pause", "hours": "24"})
    assert claims.of(mina) is None
    assert next_case(mina) is None
    assert "help lines" in desk.get(reverse("moderation:my_desk")).text
    assert "You pause until" in desk.get(reverse("moderation:queue")).text
    desk.post(reverse("moderation:my_desk"), {"act": "resume"})
    assert next_case(mina) == case
