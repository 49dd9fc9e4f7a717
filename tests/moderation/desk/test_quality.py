from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.models import User
from moderation.desk import quality, queries, similar
from moderation.desk.agreement import agreement
from moderation.filter.encoder import minilm
from moderation.models import ActionKind, AuditEntry, CaseVector, QualityReview
from tests.moderation.desk.material import decide, make_case

CASES = [UUID(int=number) for number in range(5000)]


@pytest.mark.parametrize(("percent", "least", "most"), [(0, 0, 0), (10, 420, 580), (100, 5000, 5000)])
def test_r31_the_share_of_drawn_decisions_is_the_one_that_is_set(
    settings: object, percent: int, least: int, most: int
) -> None:
    settings.QUALITY_SAMPLE = percent  # type: ignore[attr-defined]
    assert least <= sum(quality.is_drawn(case) for case in CASES) <= most


@pytest.fixture
def review(alice: User, mina: User, settings: object) -> QualityReview:
    settings.QUALITY_SAMPLE = 100  # type: ignore[attr-defined]
    action = decide(make_case(alice), mina, ActionKind.WARN, reason="Said by the first person alone.")
    return QualityReview.objects.get(action=action)


def test_r31_another_reviewer_decides_again_and_the_first_decision_stands(
    review: QualityReview, alice: User, bob: User, mina: User, olga: User
) -> None:
    assert list(quality.waiting_for(olga)) == [review]
    for person in (mina, alice, bob):
        assert not quality.waiting_for(person).exists()
        with pytest.raises(PermissionDenied):
            quality.review(review=review, moderator=person, kind="dismiss", labels=["no_violation"], reason="No.")
    with pytest.raises(quality.ReviewRefused, match="at least one"):
        quality.review(review=review, moderator=olga, kind="dismiss", labels=[], reason="No.")
    quality.review(review=review, moderator=olga, kind="dismiss", labels=["no_violation"], reason="A play.")
    review.refresh_from_db()
    assert (review.reviewer, review.kind, review.action.kind) == (olga, "dismiss", "warn")
    assert AuditEntry.objects.get(action="quality.reviewed").data == {"first": "warn", "second": "dismiss"}
    with pytest.raises(PermissionDenied):
        quality.review(review=review, moderator=olga, kind="dismiss", labels=["no_violation"], reason="Again.")


def test_r31_the_first_decision_is_hidden_until_the_review_is_made(
    review: QualityReview, mina: User, olga: User
) -> None:
    first, second = Client(), Client()
    first.force_login(mina)
    second.force_login(olga)
    page = reverse("moderation:quality", args=[review.pk])
    addresses = [
        reverse("moderation:queue") + "?status=decided",
        reverse("moderation:case", args=[review.action.case_id]),
        page,
    ]
    for address in addresses:
        assert "Said by the first person alone." not in second.get(address).text
        assert "Warn the person</span>" not in second.get(address).text
    assert "Said by the first person alone." in first.get(addresses[1]).text
    assert first.get(page).status_code == 404
    assert page in second.get(reverse("moderation:queue")).text
    assert second.post(page, {"kind": "warn", "labels": [], "reason": "A threat."}).status_code == 400
    second.post(page, {"kind": "warn", "labels": ["harassment"], "reason": "A threat, I say."})
    shown = second.get(addresses[1]).text
    assert "Said by the first person alone." in shown
    assert "A threat, I say." in shown


def test_r31_the_first_decision_is_hidden_on_pages_of_other_cases_too(
    review: QualityReview, alice: User, mina: User, olga: User
) -> None:
    case = make_case(alice)
    assert list(queries.earlier_decisions(case, mina)) == [review.action]
    assert not queries.earlier_decisions(case, olga)
    for one in (review.action.case, case):
        CaseVector.objects.create(case=one, embedding=minilm().encode(["threat"])[0])
    [similar_case] = similar.to(case, olga)
    assert similar_case.case == review.action.case
    assert not similar_case.case.actions.all()


def test_r27_words_of_a_case_are_never_shown_without_an_entry_in_the_trail(
    review: QualityReview, alice: User, olga: User
) -> None:
    desk = Client()
    desk.force_login(olga)
    desk.get(reverse("moderation:quality", args=[review.pk]))
    assert AuditEntry.objects.filter(action="case.viewed", subject=f"case:{review.action.case_id}").count() == 1
    case = make_case(alice)
    desk.post(reverse("moderation:case", args=[case.pk]), {})
    assert AuditEntry.objects.filter(action="case.viewed", subject=f"case:{case.pk}").count() == 1


def test_r31_r29_agreement_is_measured_beyond_chance() -> None:
    assert agreement([]) is None
    same = agreement([("warn", "warn")] * 5)
    assert same is not None
    assert (same.kappa, same.share) == (1.0, 1.0)
    # The example of Cohen's paper in round numbers: 20 and 15 agreements among 50, kappa 0.4.
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    example = agreement(pairs)
    assert example is not None
    assert (example.pairs, round(example.share, 2), round(example.kappa, 2)) == (50, 0.7, 0.4)
    assert (round(example.low, 2), round(example.high, 2)) == (0.15, 0.65)
