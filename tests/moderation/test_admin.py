from dataclasses import replace
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from moderation.desk import appeals
from moderation.models import Action, ActionKind, Appeal, Assessment, AuditEntry, Case, Policy, Restriction
from tests.moderation.desk.material import decide, make_case, make_turns

pytestmark = pytest.mark.django_db

MODELS = [Action, Appeal, Assessment, AuditEntry, Case, Policy, Restriction]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(model: type, page: str, *args: Any) -> str:
    return reverse(f"admin:moderation_{model.__name__.lower()}_{page}", args=args)


@pytest.fixture
def rows(alice: User, mina: User) -> dict[type, Any]:
    """One row of every model."""
    case = make_case(alice)
    action = decide(case, mina, ActionKind.SUSPEND_USER, reason="Threats.")
    restriction = action.restrictions.get()
    return {
        Case: case,
        Action: action,
        Restriction: restriction,
        Appeal: appeals.file(restriction=restriction, user=alice, text="Unfair."),
        Assessment: Assessment.objects.create(user=alice, direction="user", action="flag"),
        AuditEntry: AuditEntry.objects.first(),
        Policy: Policy.objects.filter(is_active=True).first(),
    }


@pytest.mark.parametrize("model", MODELS)
def test_moderators_and_the_owner_look_and_change_nothing(
    mina: User, olga: User, alice: User, rows: dict[type, Any], model: type
) -> None:
    key = rows[model].pk
    for person in (mina, olga):
        client = signed_in(person)
        assert client.get(url(model, "changelist") + "?q=a").status_code == 200
        assert client.get(url(model, "change", key)).status_code == 200
        assert client.post(url(model, "change", key), {}).status_code == 403
        assert client.post(url(model, "delete", key), {"post": "yes"}).status_code == 403
        assert client.get(url(model, "add")).status_code == 403
    assert signed_in(alice).get(url(model, "changelist")).status_code == 302


def test_every_model_of_the_room_is_there() -> None:
    registered = {model.__name__ for model in admin.site._registry if model._meta.app_label == "moderation"}
    assert registered == {model.__name__ for model in MODELS}


def test_opening_a_case_in_the_admin_is_recorded_and_shows_masked_words(alice: User, mina: User) -> None:
    turns = make_turns(3)
    turns[0] = replace(turns[0], text="Write to me at jane.doe@example.com <b>now</b>.")
    case = make_case(alice, turns=turns)
    page = signed_in(mina).get(url(Case, "change", case.pk)).text
    assert "Turn number 1." in page
    assert "jane.doe" not in page
    assert "<b>now</b>" not in page
    entry = AuditEntry.objects.get(action="case.viewed")
    assert (entry.subject, entry.actor) == (f"case:{case.pk}", f"user:{mina.pk}")


def test_graphic_words_stay_covered_in_the_admin(alice: User, mina: User) -> None:
    case = make_case(alice, category="violence/graphic")
    assert "Turn number 0." not in signed_in(mina).get(url(Case, "change", case.pk)).text


def test_r5_r10_the_admin_hides_what_the_desk_hides(alice: User, mina: User, olga: User) -> None:
    own, restricted = make_case(mina), make_case(alice, category="sexual/minors")
    decide(own, olga, ActionKind.WARN, reason="Threats.")
    client = signed_in(mina)
    for case in (own, restricted):
        assert str(case.pk) not in client.get(url(Case, "changelist")).text
        assert client.get(url(Case, "change", case.pk)).status_code == 302
    assert client.get(url(Restriction, "change", Restriction.objects.get().pk)).status_code == 302
    assert not AuditEntry.objects.filter(action="case.viewed").exists()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_nobody_is_found_or_shown_by_name_or_address(
    rows: dict[type, Any], alice: User, mina: User, model: type
) -> None:
    assert {alice.username, mina.username} == {"alice", "mina"}
    client = signed_in(mina)
    page = client.get(url(model, "changelist"))
    words = page.text + client.get(url(model, "change", rows[model].pk)).text
    for person in (alice, mina):
        assert person.email not in words
        assert f">{person.username}<" not in words.replace(f"<strong>{person.username}</strong>", "")
    registered = admin.site.get_model_admin(model)
    searched, filtered = map(str, registered.search_fields), map(str, registered.list_filter)
    columns = [*searched, *filtered, *map(str, registered.list_display), *registered.get_ordering(page.wsgi_request)]
    assert not [column for column in columns if "email" in column or "username" in column]
    for term in (alice.email, "alice", "example.test"):
        answer = client.get(url(model, "changelist"), {"q": term})
        assert answer.status_code == 200
        if registered.search_fields:
            assert answer.context["cl"].result_count == 0
    for lookup in ("user__email", "user__email__startswith", "case__user__email", "restriction__user__email"):
        answer = client.get(url(model, "changelist"), {lookup: alice.email})
        assert answer.status_code in {302, 400}, lookup
    field = {"app_label": model._meta.app_label, "model_name": model.__name__.lower(), "field_name": "user"}
    assert client.get("/admin/autocomplete/", field | {"term": "alice"}).status_code == 403
