"""The laws that the site keeps: their scope, its reason, and what follows from it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.legal import laws
from accounts.models import LawScope, Scope, User
from chat.conversation import disclosure
from moderation.filter import policy
from moderation.models import AuditEntry, Policy
from personas import access
from tests import factories

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _own_policy() -> Iterator[None]:
    """A policy that an earlier test has changed is not remembered."""
    policy.forget()
    yield
    policy.forget()


def decide(olga: User, law: str, scope: Scope, reason: str = "We serve nobody there.") -> None:
    laws.decide(law=law, scope=scope, reason=reason, owner=olga)


def test_ca1_a_law_leaves_the_scope_only_with_a_stored_reason_of_the_owner(olga: User, mina: User) -> None:
    assert laws.is_in_scope("us-ca")
    with pytest.raises(laws.ScopeRefused):
        decide(olga, "us-ca", Scope.OUT, "  ")
    with pytest.raises(PermissionDenied):
        decide(mina, "us-ca", Scope.OUT)
    with pytest.raises(IntegrityError), transaction.atomic():
        LawScope.objects.create(law="us-ca", scope=Scope.OUT, reason="")
    assert laws.is_in_scope("us-ca")
    decide(olga, "us-ca", Scope.OUT)
    assert not laws.is_in_scope("us-ca")
    row = LawScope.objects.get()
    assert (row.reason, row.decided_by) == ("We serve nobody there.", olga)
    entry = AuditEntry.objects.get(action="law.scope_changed")
    assert (entry.subject, entry.data["to"]) == ("law:us-ca", "out_of_scope")
    decide(olga, "us-ca", Scope.IN, "We do now.")
    assert laws.is_in_scope("us-ca")


def test_ca1_the_page_shows_every_law_and_the_owner_decides_there(client: Client, olga: User, mina: User) -> None:
    client.force_login(olga)
    client.post("/moderation/laws/", {"law": "us-wa", "scope": "out_of_scope", "reason": "Not in force yet."})
    page = client.get("/moderation/laws/").text
    assert all(str(law.title).replace("&", "&amp;") in page for law in laws.LAWS.values())
    assert "Not in force yet." in page
    client.force_login(mina)
    client.post("/moderation/laws/", {"law": "us-ny", "scope": "out_of_scope", "reason": "No."})
    assert laws.is_in_scope("us-ny")
    assert "Record the decision" not in client.get("/moderation/laws/").text


def test_ny1_the_law_applies_by_itself_where_personas_remember(client: Client, alice: User) -> None:
    """Personas remember earlier talks unless a person switches it off, and no row puts the law in scope."""
    persona = factories.make_persona(owner=alice)
    client.force_login(alice)
    assert "remember" in client.get(f"/personas/{persona.pk}/memory/").text
    assert laws.is_in_scope("us-ny")
    assert not LawScope.objects.exists()


def test_cn1_h3_reminders_follow_the_strictest_law_in_scope(olga: User, alice: User, settings) -> None:
    settings.MINIMUM_AGE = 16
    young = factories.make_user("young", born=timezone.localdate() - timedelta(days=17 * 366))
    Policy.objects.update(break_notice_hours=3)
    assert (disclosure.interval(alice), disclosure.interval(young)) == (2 * HOUR, HOUR)
    decide(olga, "cn", Scope.OUT)
    assert disclosure.interval(alice) == 3 * HOUR
    decide(olga, "us-wa", Scope.OUT)
    assert disclosure.interval(young) == 3 * HOUR


def test_cn1_people_of_a_country_that_is_not_served_neither_sign_up_nor_talk(
    client: Client, olga: User, alice: User
) -> None:
    persona = factories.make_persona(owner=alice)
    alice.country = "CN"
    alice.save()
    assert access.refusal(alice, persona) is None
    with pytest.raises(laws.ScopeRefused):  # nothing tells who lives in Oregon
        decide(olga, "us-or", Scope.NOT_SERVED)
    decide(olga, "cn", Scope.NOT_SERVED)
    refusal = access.refusal(alice, persona)
    assert refusal is not None
    assert refusal.code == "not_served"
    fields = {
        "email": "li@example.test",
        "password1": factories.PASSWORD,
        "password2": factories.PASSWORD,
        "birth_date": "1970-05-17",
        "agreement": "on",
    }
    for language, status in (("zh-CN,zh;q=0.9", 451), ("zh-TW", 302)):
        answer = client.post("/account/signup/", fields, headers={"Accept-Language": language})
        assert answer.status_code == status
        assert User.objects.filter(email="li@example.test").exists() == (status == 302)


def test_cn12_elders_are_protected_only_where_the_owner_switches_it_on(olga: User) -> None:
    elder = factories.make_user("elder", born=timezone.localdate() - timedelta(days=61 * 366))
    mother = factories.make_persona(owner=elder, name="Vera", relation="my mother")
    poet = factories.make_persona(owner=elder, name="Ada")
    assert not laws.is_in_scope(laws.ELDERS)
    assert access.refusal(elder, mother) is None
    decide(olga, laws.ELDERS, Scope.IN, "The authority asked for it.")
    refusal = access.refusal(elder, mother)
    assert refusal is not None
    assert refusal.code == "not_for_elders"
    assert access.refusal(elder, poet) is None
    assert "claims nothing" in str(laws.LAWS[laws.ELDERS].asks)
