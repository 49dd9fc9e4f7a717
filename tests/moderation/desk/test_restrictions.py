import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.interface import languages
from accounts.models import User
from accounts.personal_data import my_data
from moderation import my_data as moderation_data
from moderation.desk import appeals, restrictions
from moderation.desk.statement_of_reasons import IncompleteStatement, Statement
from moderation.models import ActionKind, Appeal, AppealOutcome, AuditEntry, Case, Restriction, RestrictionKind
from tests import factories
from tests.moderation.desk.material import decide, make_case

pytestmark = pytest.mark.django_db

LASTING = [ActionKind.LOCK_CONVERSATION, ActionKind.SUSPEND_USER, ActionKind.DISABLE_PERSONA]


def restrict(user: User, moderator: User, kind: ActionKind) -> tuple[Case, Restriction]:
    case = make_case(user)
    action = decide(case, moderator, kind, reason="Three turns threaten a neighbour.")
    return case, action.restrictions.get()


def active(user: User, case: Case | None = None) -> list[Restriction]:
    return restrictions.active_for(
        user=user,
        conversation_id=case.conversation_id if case else uuid4(),
        persona_id=case.persona_id if case else uuid4(),
    )


@pytest.mark.parametrize(
    ("kind", "here", "elsewhere", "others_here"),
    [
        (ActionKind.WARN, False, False, False),
        (ActionKind.LOCK_CONVERSATION, True, False, True),
        (ActionKind.SUSPEND_USER, True, True, False),
        (ActionKind.DISABLE_PERSONA, True, False, True),
    ],
)
def test_a_restriction_binds_whom_and_where_it_says(
    alice: User, bob: User, mina: User, kind: ActionKind, here: bool, elsewhere: bool, others_here: bool
) -> None:
    case, _ = restrict(alice, mina, kind)
    assert bool(active(alice, case)) is here
    assert bool(active(alice)) is elsewhere
    assert bool(active(bob, case)) is others_here
    assert not active(bob)


def test_the_account_page_leads_to_the_decisions_about_its_person(alice: User, bob: User, mina: User) -> None:
    pages = []
    _, restriction = restrict(alice, mina, ActionKind.WARN)
    for person in (alice, bob):
        client = Client()
        client.force_login(person)
        pages.append(client.get(reverse("account")).text)
    address = reverse("moderation:decision", args=[restriction.pk])
    assert f'<a href="{address}">A warning</a>' in pages[0]
    assert address not in pages[1]
    assert "Decisions about you" not in pages[1]


def test_a_suspension_ends_by_itself(alice: User, mina: User) -> None:
    _, restriction = restrict(alice, mina, ActionKind.SUSPEND_USER)
    Restriction.objects.filter(pk=restriction.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    assert not active(alice)


@pytest.mark.parametrize("kind", LASTING)
def test_r18_a_lifted_restriction_binds_nobody_and_is_recorded(alice: User, mina: User, kind: ActionKind) -> None:
    case, restriction = restrict(alice, mina, kind)
    lifted = restrictions.lift(restriction=restriction, moderator=mina, reason="It was a line of a play.")
    assert not active(alice, case)
    assert (lifted.lifted_by, lifted.lift_reason) == (mina, "It was a line of a play.")
    entry = AuditEntry.objects.get(action="restriction.lifted")
    assert (entry.subject, entry.actor) == (f"restriction:{restriction.pk}", f"user:{mina.pk}")


def test_lifting_needs_a_reason_and_a_restriction_in_force(alice: User, mina: User) -> None:
    case, restriction = restrict(alice, mina, ActionKind.SUSPEND_USER)
    with pytest.raises(restrictions.LiftRefused, match="reason"):
        restrictions.lift(restriction=restriction, moderator=mina, reason=" ")
    assert active(alice, case)
    restrictions.lift(restriction=restriction, moderator=mina, reason="A mistake.")
    with pytest.raises(restrictions.LiftRefused, match="already"):
        restrictions.lift(restriction=restriction, moderator=mina, reason="A mistake.")
    assert AuditEntry.objects.filter(action="restriction.lifted").count() == 1


def test_nobody_lifts_their_own_restriction(mina: User, olga: User, alice: User) -> None:
    for kind in LASTING:
        if kind != ActionKind.SUSPEND_USER:
            _, restriction = restrict(olga, mina, kind)
            with pytest.raises(PermissionDenied):
                restrictions.lift(restriction=restriction, moderator=olga, reason="I am the owner.")
    _, restriction = restrict(alice, mina, ActionKind.SUSPEND_USER)
    with pytest.raises(PermissionDenied):
        restrictions.lift(restriction=restriction, moderator=alice, reason="Please.")


def test_a_warning_is_shown_until_it_was_read(alice: User, bob: User, mina: User) -> None:
    _, warning = restrict(alice, mina, ActionKind.WARN)
    assert restrictions.unread_warnings(alice) == [warning]
    assert restrictions.unread_warnings(bob) == []
    with pytest.raises(PermissionDenied):
        restrictions.acknowledge(restriction=warning, user=bob)
    restrictions.acknowledge(restriction=warning, user=alice)
    first = Restriction.objects.get(pk=warning.pk).acknowledged_at
    restrictions.acknowledge(restriction=warning, user=alice)
    assert Restriction.objects.get(pk=warning.pk).acknowledged_at == first
    assert restrictions.unread_warnings(alice) == []


@pytest.mark.parametrize("headers", [{"sec-fetch-dest": "empty"}, {"sec-purpose": "prefetch;prerender"}])
def test_a_page_that_nobody_sees_reads_no_warning(client: Client, alice: User, mina: User, headers: dict) -> None:
    _, warning = restrict(alice, mina, ActionKind.WARN)
    client.force_login(alice)
    for path in (
        f"/conversations/{factories.make_conversation(owner=alice).id}/",
        f"/stories/{factories.make_story(owner=alice).pk}/",
    ):
        assert warning.statement.split("\n")[0] not in client.get(path, headers=headers).text
    assert not alice.sittings.exists()
    assert restrictions.unread_warnings(alice) == [warning]
    page = client.get(path, headers={"sec-fetch-dest": "document"}).text
    assert "Three turns threaten a neighbour." in page
    assert restrictions.unread_warnings(alice) == []


@pytest.mark.parametrize("kind", [ActionKind.WARN, *LASTING])
def test_r24_ds3_the_statement_has_all_six_parts(alice: User, mina: User, kind: ActionKind) -> None:
    _, restriction = restrict(alice, mina, kind)
    what, facts, decided_by, rule, effect, objection = restriction.statement.split("\n\n")
    assert what.startswith(("You", "The persona", "Your"))
    assert "Three turns threaten a neighbour." in facts
    assert "harassment" in facts
    assert "not automatic" in decided_by
    assert f"version {restriction.action.policy_version}" in rule
    assert effect.startswith("The effect: ")
    assert str(restriction.pk) in objection
    assert "six months" in objection
    assert "mina" not in restriction.statement


@pytest.mark.parametrize("kind", [ActionKind.WARN, ActionKind.SUSPEND_USER])
def test_ds3_the_statement_in_a_conversation_leads_to_the_page_to_object(
    client: Client, alice: User, mina: User, kind: ActionKind
) -> None:
    _, restriction = restrict(alice, mina, kind)
    client.force_login(alice)
    page = client.get(reverse("chat:conversation", args=[factories.make_conversation(owner=alice).pk]))
    assert re.search(rf'<a href="[^"]+/safety/decisions/{restriction.pk}/"', page.text)


@pytest.mark.parametrize("missing", ["what", "facts", "decided_by", "rule", "effect", "objection"])
def test_ds3_a_statement_without_a_part_is_refused(missing: str) -> None:
    parts = dict.fromkeys(["what", "facts", "decided_by", "rule", "effect", "objection"], "A sentence.")
    with pytest.raises(IncompleteStatement, match=missing):
        Statement(**(parts | {missing: " "}))


def test_a_person_reads_only_what_concerns_them(alice: User, bob: User, mina: User) -> None:
    for kind in LASTING:
        _, restriction = restrict(alice, mina, kind)
        assert restrictions.get_restriction_for(alice, restriction.pk) == restriction
        with pytest.raises(Http404):
            restrictions.get_restriction_for(bob, restriction.pk)


def test_ds4_an_objection_is_answered_by_another_moderator(alice: User, mina: User, olga: User) -> None:
    case, restriction = restrict(alice, mina, ActionKind.SUSPEND_USER)
    appeal = appeals.file(restriction=restriction, user=alice, text="I was quoting a play.")
    assert list(appeals.waiting_for(mina)) == []
    with pytest.raises(PermissionDenied):
        appeals.answer(appeal=appeal, moderator=mina, outcome=AppealOutcome.UPHELD, answer="No.")
    answered = appeals.answer(appeal=appeal, moderator=olga, outcome=AppealOutcome.OVERTURNED, answer="You were.")
    assert (answered.outcome, answered.answered_by) == (AppealOutcome.OVERTURNED, olga)
    assert not active(alice, case)
    assert list(appeals.waiting_for(olga)) == []
    assert {"appeal.filed", "appeal.answered", "restriction.lifted"} <= set(
        AuditEntry.objects.values_list("action", flat=True)
    )


def test_an_upheld_restriction_stays(alice: User, mina: User, olga: User) -> None:
    case, restriction = restrict(alice, mina, ActionKind.LOCK_CONVERSATION)
    appeal = appeals.file(restriction=restriction, user=alice, text="Unfair.")
    appeals.answer(appeal=appeal, moderator=olga, outcome=AppealOutcome.UPHELD, answer="The threats were plain.")
    assert active(alice, case)
    languages.keep(alice, "zh-hans")
    client = Client()
    client.force_login(alice)
    page = client.get(reverse("moderation:decision", args=[restriction.pk])).text
    assert "<strong>维持限制</strong>" in page
    assert '<p class="notice-text" dir="auto">The threats were plain.</p>' in page


def test_ds4_six_months_are_open_and_one_objection_is_enough(alice: User, bob: User, mina: User) -> None:
    _, restriction = restrict(alice, mina, ActionKind.SUSPEND_USER)
    with pytest.raises(PermissionDenied):
        appeals.file(restriction=restriction, user=bob, text="On her behalf.")
    restriction.starts_at = timezone.now() - timedelta(days=184)
    with pytest.raises(appeals.AppealRefused, match="six months"):
        appeals.file(restriction=restriction, user=alice, text="Unfair.")
    restriction.starts_at = timezone.now() - timedelta(days=180)
    appeals.file(restriction=restriction, user=alice, text="Unfair.")
    with pytest.raises(appeals.AppealRefused, match="already"):
        appeals.file(restriction=restriction, user=alice, text="Very unfair.")


def test_the_copy_of_a_persons_data_holds_what_was_decided_about_them(alice: User, bob: User, mina: User) -> None:
    case, restriction = restrict(alice, mina, ActionKind.DISABLE_PERSONA)
    appeals.file(restriction=restriction, user=alice, text="Unfair.")
    restrict(bob, mina, ActionKind.WARN)
    copy = moderation_data.export(alice)
    assert [entry["id"] for entry in copy["cases"]] == [case.pk]
    assert copy["cases"][0]["words_seen_by_reviewers"] == case.evidence
    assert [entry["statement"] for entry in copy["restrictions"]] == [restriction.statement]
    assert copy["appeals"][0]["text"] == "Unfair."
    assert "mina" not in str(copy)
    assert "moderation" in my_data.rooms()


def test_erasing_a_person_leaves_no_word_of_theirs(alice: User, bob: User, mina: User) -> None:
    for kind in [ActionKind.WARN, *LASTING]:
        _, restriction = restrict(alice, mina, kind)
        appeals.file(restriction=restriction, user=alice, text="Unfair.")
    case_of_bob, _ = restrict(bob, mina, ActionKind.WARN)
    entries = AuditEntry.objects.count()
    my_data.erase(alice)
    assert not User.objects.filter(pk=alice.pk).exists()
    assert list(Case.objects.all()) == [case_of_bob]
    assert not Appeal.objects.exists()
    assert AuditEntry.objects.count() == entries
    disabled = Restriction.objects.get(kind=RestrictionKind.PERSONA_DISABLED)
    assert "neighbour" not in disabled.statement
    assert restrictions.active_for(user=bob, conversation_id=uuid4(), persona_id=disabled.persona_id) == [disabled]
