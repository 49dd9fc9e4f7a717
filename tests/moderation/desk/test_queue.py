"""A long queue, its live rows, the plot of scores and similar cases."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from moderation.desk import claims, queries, score_plot, similar
from moderation.models import ActionKind, Assessment, Case, CaseStatus
from tests.moderation.desk.material import decide, make_case, make_turns

pytestmark = pytest.mark.django_db

QUEUE = reverse("moderation:queue")


@pytest.fixture
def desk(mina: User) -> Client:
    client = Client()
    client.force_login(mina)
    return client


def fill(user: User, number: int) -> None:
    now = timezone.now()
    Case.objects.bulk_create(
        Case(
            user=user,
            conversation_id=uuid4(),
            persona_id=uuid4(),
            persona_name="Ada",
            severity=index % 90,
            findings=[{"category": "hate" if index % 7 else "illicit", "severity": index % 90}],
            due_at=now + timedelta(minutes=index % 1000),
        )
        for index in range(number)
    )


def queries_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.thorough
def test_r3_a_queue_of_ten_thousand_cases_is_read_along_its_index(alice: User, mina: User, desk: Client) -> None:
    one = make_case(alice, severity=99)
    fill(alice, 40)
    addresses = (f"{QUEUE}?after={one.pk}", reverse("moderation:case", args=[one.pk]))
    for address in addresses:  # what is read once and kept, such as the policy
        queries_of(desk, address)
    short = [queries_of(desk, address) for address in addresses]
    fill(alice, 10_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE moderation_case")
    ordered = list(Case.objects.order_by("-severity", "due_at", "opened_at", "id").values_list("pk", flat=True))
    middle = ordered[5000]
    page = queries.page(mina, status=CaseStatus.OPEN, after=middle)
    assert [case.pk for case in page.cases] == ordered[5001:5026]
    back = queries.page(mina, status=CaseStatus.OPEN, before=ordered[5001])
    assert [case.pk for case in back.cases] == ordered[4976:5001]
    neighbours = queries.neighbours(Case.objects.get(pk=middle), mina)
    assert [case.pk for case in neighbours if case] == [ordered[4999], ordered[5001]]
    long = [queries_of(desk, address) for address in addresses]
    assert all(after <= before + 4 for before, after in zip(short, long, strict=True)), (short, long)
    for listing in (queries.listing(mina, CaseStatus.OPEN), claims.claimable_by(mina)):
        assert "open_cases_in_order" in listing[:25].explain()
    claim = claims.take_next(moderator=mina)
    assert claim is not None
    assert claim.case_id == ordered[0]


def test_the_rows_are_sent_again_only_when_the_queue_has_changed(
    alice: User, olga: User, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = timezone.now()
    monkeypatch.setattr(queries.timezone, "now", lambda: moment)  # type: ignore[attr-defined]
    rows = reverse("moderation:rows")
    case = make_case(alice)
    first = desk.get(rows)
    assert reverse("moderation:case", args=[case.pk]) in first.text
    assert "<html" not in first.text

    def again(version: str) -> int:
        return int(desk.get(rows, headers={"If-None-Match": version}).status_code)

    assert again(first.headers["ETag"]) == 304
    claims.claim(case=case, moderator=olga)
    assert again(first.headers["ETag"]) == 200
    claimed = desk.get(rows)
    assert "with olga until" in claimed.text
    make_case(alice)
    assert again(claimed.headers["ETag"]) == 200


def test_the_scores_of_a_conversation_are_plotted_over_time(alice: User, desk: Client) -> None:
    case = make_case(alice)
    assert score_plot.plot_of(case) is None
    now = timezone.now()
    for minutes, score in ((0, 0.5), (30, 0.25), (60, 1.0)):
        row = Assessment.objects.create(
            user=alice, conversation_id=case.conversation_id, direction="user", action="flag", policy_version="1",
            probabilities={"harassment": score},
        )  # fmt: skip
        Assessment.objects.filter(pk=row.pk).update(created_at=now + timedelta(minutes=minutes))
    plot = score_plot.plot_of(case)
    assert plot is not None
    assert [line.path for line in plot.lines] == ["0.0,70.0 320.0,105.0 640.0,0.0"]
    page = desk.get(reverse("moderation:case", args=[case.pk])).text
    assert "0.0,70.0 320.0,105.0 640.0,0.0" in page
    assert ": 0.25" in page


def test_similar_cases_show_how_others_decided(alice: User, bob: User, mina: User, desk: Client) -> None:
    def said(text: str, user: User = alice, **fields: Any) -> Case:
        turns = make_turns(1)
        turns[0] = type(turns[0])("user", text, turns[0].message_id, turns[0].at)
        return make_case(user, turns=turns, **fields)

    like = said("I will find you and burn your house down.")
    unlike = said("Please add two spoons of sugar to the cake.")
    hidden = said("I will find you and burn down your house!", category="sexual/minors")
    for case in (like, unlike):
        decide(case, mina, ActionKind.WARN)
    Case.objects.filter(pk=hidden.pk).update(status=CaseStatus.DECIDED)
    case = said("I am coming to find you, and I will burn your home.", bob)
    assert similar.to(case, mina) == []
    assert (similar.embed_missing(), similar.embed_missing()) == (4, 0)
    assert [each.case for each in similar.to(case, mina)] == [like]
    page = desk.get(reverse("moderation:case", args=[case.pk])).text
    assert reverse("moderation:case", args=[like.pk]) in page
    assert "similarity 0." in page


def test_taking_the_next_case_where_none_is_free_says_so_and_keeps_the_choice(desk: Client) -> None:
    page = desk.post(f"{reverse('moderation:next')}?queue=crisis", follow=True)
    assert "No case is free for you now." in page.text
    assert page.request["QUERY_STRING"] == "queue=crisis"


def test_an_empty_list_says_of_what_it_is_empty(alice: User, desk: Client) -> None:
    make_case(alice)
    assert "No case fits this choice." in desk.get(f"{QUEUE}?category=hate").text
    assert "No decision waits for a second person." in desk.get(f"{QUEUE}?status=pending_second").text
    assert "No case has been decided yet." in desk.get(f"{QUEUE}?status=decided").text


def test_many_blind_reviews_leave_the_queue_in_sight(alice: User, mina: User, olga: User, settings: Any) -> None:
    settings.QUALITY_SAMPLE = 100
    for _ in range(7):
        decide(make_case(alice), mina, ActionKind.DISMISS)
    client = Client()
    client.force_login(olga)
    page = client.get(QUEUE).text
    assert (page.count("A decided case"), "2 more wait behind these." in page) == (5, True)


def test_times_in_utc_are_so_on_a_site_with_another_time_zone(alice: User, mina: User, desk: Client) -> None:
    claim = claims.claim(case=make_case(alice), moderator=mina)
    with timezone.override("Asia/Shanghai"):
        page = desk.get(reverse("moderation:case", args=[claim.case_id])).text
        queue = desk.get(QUEUE).text
    for shown in (page, queue):
        assert f"until {claim.until:%H:%M} UTC" in shown
