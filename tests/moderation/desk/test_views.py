from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from moderation.desk import appeals, cases, restrictions, sight
from moderation.models import Action, ActionKind, AuditEntry, Case, CaseStatus, Restriction
from tests.moderation.desk.material import decide, make_case, make_turns

pytestmark = pytest.mark.django_db

QUEUE = reverse("moderation:queue")


def address(case: Case) -> str:
    return reverse("moderation:case", args=[case.pk])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk(mina: User) -> Client:
    return signed_in(mina)


def rows(client: Client, query: str = "") -> list[Case]:
    return list(client.get(f"{QUEUE}{query}").context["page"].cases)


def test_the_desk_does_not_exist_for_others(alice: User, bob: User, mina: User) -> None:
    case = make_case(alice)
    action = decide(make_case(alice), mina, ActionKind.WARN, reason="Threats.")
    addresses = [
        QUEUE,
        address(case),
        reverse("moderation:reveal", args=[case.pk]),
        reverse("moderation:restriction", args=[action.restrictions.get().pk]),
    ]
    for client in (Client(), signed_in(alice), signed_in(bob)):
        for url in addresses:
            assert client.get(url).status_code == 404, url
            assert client.post(url, {"kind": "dismiss", "reason": "Mine."}).status_code == 404, url
    assert Action.objects.count() == 1


def test_r3_the_gravest_comes_first_then_the_earliest_deadline(alice: User, desk: Client) -> None:
    for _ in range(3):
        make_case(alice, severity=20)
    late = make_case(alice, severity=20)
    Case.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=1))
    grave = make_case(alice, category="self-harm/intent", severity=100)
    assert rows(desk)[:2] == [grave, late]


def test_the_queue_is_filtered_and_paged(alice: User, mina: User, desk: Client) -> None:
    hate = make_case(alice, category="hate")
    for _ in range(26):
        make_case(alice)
    decided = make_case(alice)
    decide(decided, mina, ActionKind.DISMISS, reason="Harmless.")
    assert rows(desk, "?category=hate") == [hate]
    assert rows(desk, "?status=decided") == [decided]
    first = rows(desk)
    rest = rows(desk, f"?after={first[-1].pk}")
    assert (len(first), len(rest), {*first} & {*rest}) == (25, 2, set())
    assert rows(desk, f"?before={rest[0].pk}") == first
    assert rows(desk, "?status=nonsense&after=nonsense") == first
    assert rows(desk, f"?after={uuid4()}") == first


def test_r10_r5_the_queue_says_what_it_does_not_show(mina: User, alice: User, desk: Client) -> None:
    make_case(mina)
    make_case(alice, category="sexual/minors")
    page = desk.get(QUEUE)
    assert list(page.context["page"].cases) == []
    assert "concerns your own account" in page.text
    assert "of child safety" in page.text


def test_opening_a_case_is_recorded(alice: User, mina: User, desk: Client) -> None:
    case = make_case(alice)
    assert desk.get(address(case)).status_code == 200
    entry = AuditEntry.objects.get(action="case.viewed")
    assert (entry.subject, entry.actor) == (f"case:{case.pk}", f"user:{mina.pk}")


def test_r6_r11_the_page_shows_the_words_in_context_and_why_they_are_here(alice: User, desk: Client) -> None:
    turns = make_turns(30)
    page = desk.get(address(make_case(alice, turns=turns, marked=15))).text
    assert "Turn number 5." in page
    assert "Turn number 25." in page
    assert "Turn number 4." not in page
    assert "Turn number 26." not in page
    assert page.count("data-review-marked") == 1
    for reason in ("classifier", "0.91", "0.80", "linear 1", "said to the persona"):
        assert reason in page
    assert alice.email not in page


def test_r34_graphic_words_are_absent_until_they_are_asked_for(alice: User, mina: User, desk: Client) -> None:
    case = make_case(alice, category="violence/graphic")
    page = desk.get(address(case)).text
    assert "Turn number 0." not in page
    assert "Turn number 1." in page
    desk.post(reverse("moderation:reveal", args=[case.pk]), {"what": "words", "reason": "curiosity"})
    assert "Turn number 0." not in desk.get(address(case)).text
    shown = desk.post(
        reverse("moderation:reveal", args=[case.pk]), {"what": "words", "reason": "words_decide"}, follow=True
    )
    assert "Turn number 0." in shown.text
    assert AuditEntry.objects.get(action="case.revealed").data == {"what": "words", "reason": "words_decide"}


def test_r12_personal_data_is_masked_until_it_is_asked_for_with_a_reason(alice: User, desk: Client) -> None:
    turns = make_turns(3)
    turns[0] = replace(turns[0], text="Write to jane.doe@example.com.")
    case = make_case(alice, turns=turns)
    assert "jane.doe" not in desk.get(address(case)).text
    url = reverse("moderation:reveal", args=[case.pk])
    for sent in ({"what": "personal"}, {"what": "everything", "reason": "words_decide"}):
        assert "jane.doe" not in desk.post(url, sent, follow=True).text
    assert "jane.doe" in desk.post(url, {"what": "personal", "reason": "who_is_in_danger"}, follow=True).text
    assert "jane.doe" not in desk.get(address(make_case(alice, turns=turns))).text
    assert AuditEntry.objects.get(action="case.revealed").data == {"what": "personal", "reason": "who_is_in_danger"}


def test_a_decision_leads_to_the_next_case(alice: User, mina: User, desk: Client) -> None:
    grave, mild = make_case(alice, severity=80), make_case(alice, severity=20)
    answer = desk.post(
        address(grave),
        {"kind": "suspend_user", "days": "3", "labels": "harassment", "reason": "Threats in three turns."},
    )
    assert answer.url.startswith(address(mild))
    grave.refresh_from_db()
    assert grave.status == CaseStatus.DECIDED
    ends_at = Restriction.objects.get().ends_at
    assert abs(ends_at - timezone.now() - timedelta(days=3)) < timedelta(seconds=30)
    assert desk.post(address(mild), {"kind": "dismiss", "labels": "no_violation", "reason": "Harmless."}).url == QUEUE


@pytest.mark.parametrize(
    "sent",
    [
        {"kind": "warn", "labels": "hate", "reason": "  "},
        {"reason": "I typed this and want to keep it."},
        {"kind": "banish", "labels": "hate", "reason": "I typed this and want to keep it."},
        {"kind": "suspend_user", "days": "0", "labels": "hate", "reason": "I typed this and want to keep it."},
        {"kind": "suspend_user", "days": "9999", "labels": "hate", "reason": "I typed this and want to keep it."},
    ],
)
def test_a_form_that_lacks_something_keeps_what_was_typed(alice: User, desk: Client, sent: dict[str, str]) -> None:
    case = make_case(alice)
    page = desk.post(address(case), sent)
    assert page.status_code == 400
    assert "errorlist" in page.text
    assert sent["reason"].strip() in page.text
    assert not Action.objects.exists()


def test_a_case_that_somebody_else_decided_says_so_and_keeps_the_reason(alice: User, olga: User, desk: Client) -> None:
    case = make_case(alice)
    decide(case, olga, ActionKind.DISMISS, reason="Harmless.")
    page = desk.post(address(case), {"kind": "warn", "labels": "hate", "reason": "I took long over this."})
    assert "Somebody has decided this case" in page.text
    assert "I took long over this." in page.text
    assert Action.objects.get().moderator == olga


def test_previous_and_next_follow_the_queue(alice: User, desk: Client) -> None:
    first, second, third = (make_case(alice, severity=severity) for severity in (90, 50, 10))
    page = desk.get(address(second)).context
    assert (page["previous"], page["following"]) == (first, third)
    assert desk.get(address(first)).context["previous"] is None
    assert desk.get(address(third)).context["following"] is None


def test_earlier_decisions_about_the_same_person_are_shown(alice: User, bob: User, mina: User, desk: Client) -> None:
    earlier, others = make_case(alice), make_case(bob)
    for case in (earlier, others):
        decide(case, mina, ActionKind.WARN, reason="Threats.")
    page = desk.get(address(make_case(alice))).text
    assert address(earlier) in page
    assert address(others) not in page


def test_words_of_a_person_cannot_become_markup(alice: User, desk: Client) -> None:
    turns = make_turns(3)
    turns[0] = replace(turns[0], text="<script>alert(1)</script>")
    page = desk.get(address(make_case(alice, turns=turns, detail="<b>x</b>"))).text
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_restriction_is_lifted_at_the_desk_with_a_reason(alice: User, mina: User, desk: Client) -> None:
    action = decide(make_case(alice), mina, ActionKind.SUSPEND_USER, reason="Threats.")
    restriction = action.restrictions.get()
    url = reverse("moderation:restriction", args=[restriction.pk])
    assert "Threats." in desk.get(url).text
    assert "errorlist" in desk.post(url, {"reason": ""}).text
    desk.post(url, {"reason": "It was a play."})
    restriction.refresh_from_db()
    assert restriction.lifted_by == mina
    assert "already ended" in desk.post(url, {"reason": "Again."}).text


def test_r25_an_objection_reaches_the_desk_and_its_answer_the_person(
    alice: User, bob: User, mina: User, olga: User, desk: Client
) -> None:
    action = decide(make_case(alice), mina, ActionKind.SUSPEND_USER, reason="Threats.")
    restriction = action.restrictions.get()
    own = reverse("moderation:decision", args=[restriction.pk])
    at_desk = reverse("moderation:restriction", args=[restriction.pk])
    assert signed_in(bob).get(own).status_code == 404
    assert "Threats." in signed_in(alice).get(own).text
    assert "errorlist" in signed_in(alice).post(own, {"text": " "}).text
    signed_in(alice).post(own, {"text": "I was quoting a play."})
    assert "I was quoting a play." in desk.get(at_desk).text
    assert "Another moderator" in desk.get(at_desk).text
    assert at_desk not in desk.get(QUEUE).text
    owner = signed_in(olga)
    assert at_desk in owner.get(QUEUE).text
    assert "errorlist" in owner.post(at_desk, {"outcome": "overturned", "answer": ""}).text
    owner.post(at_desk, {"outcome": "overturned", "answer": "So you were."})
    assert "So you were." in signed_in(alice).get(own).text
    restriction.refresh_from_db()
    assert not restriction.is_in_force
    assert not appeals.waiting_for(olga).exists()


def test_reading_the_statement_acknowledges_a_warning(alice: User, mina: User) -> None:
    action = decide(make_case(alice), mina, ActionKind.WARN, reason="Threats.")
    warning = action.restrictions.get()
    signed_in(alice).get(reverse("moderation:decision", args=[warning.pk]))
    warning.refresh_from_db()
    assert warning.acknowledged_at is not None


def test_a_case_that_is_not_there_is_not_found(desk: Client) -> None:
    assert desk.get(reverse("moderation:case", args=[uuid4()])).status_code == 404


def suspended(moderator: User, owner: User) -> None:
    decide(make_case(moderator), owner, ActionKind.SUSPEND_USER, reason="Threats.")


def deactivated(moderator: User, owner: User) -> None:
    User.objects.filter(pk=moderator.pk).update(is_active=False)


def demoted(moderator: User, owner: User) -> None:
    User.objects.filter(pk=moderator.pk).update(role="user")


@pytest.mark.parametrize("ended", [suspended, deactivated, demoted], ids=lambda ended: ended.__name__)
def test_the_desk_is_closed_to_a_moderator_who_may_not_act(
    desk: Client, alice: User, mina: User, olga: User, ended: Callable[[User, User], None]
) -> None:
    case, other = make_case(alice), make_case(alice)
    action = decide(other, olga, ActionKind.WARN, reason="Threats.")
    restriction = action.restrictions.get()
    appeal = appeals.file(restriction=restriction, user=alice, text="It was a quotation.")
    ended(mina, olga)
    for url in (QUEUE, address(case), reverse("moderation:restriction", args=[restriction.pk])):
        assert desk.get(url).status_code == 404
    assert desk.post(address(case), {"kind": "dismiss", "reason": "Nothing."}).status_code == 404
    for page in ("case", "action", "restriction", "appeal", "policy", "assessment", "auditentry"):
        assert desk.get(reverse(f"admin:moderation_{page}_changelist")).status_code in {302, 403}
    # `mina` was read before: the doors ask again.
    assert not sight.visible_to(mina).exists()
    assert not appeals.waiting_for(mina).exists()
    for door in (
        lambda: decide(case, mina, ActionKind.DISMISS, reason="Nothing."),
        lambda: cases.view(case=case, moderator=mina),
        lambda: cases.reveal(case=case, moderator=mina, what="words", reason="context"),
        lambda: restrictions.lift(restriction=restriction, moderator=mina, reason="A mistake."),
        lambda: appeals.answer(appeal=appeal, moderator=mina, outcome="upheld", answer="No."),
    ):
        with pytest.raises(PermissionDenied):
            door()
    case.refresh_from_db()
    assert case.status == CaseStatus.OPEN


def test_a_suspension_that_is_lifted_opens_the_desk_again(desk: Client, mina: User, olga: User) -> None:
    suspended(mina, olga)
    restrictions.lift(restriction=Restriction.objects.get(user=mina), moderator=olga, reason="A mistake.")
    assert desk.get(QUEUE).status_code == 200
