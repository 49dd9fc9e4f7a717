import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Role, User
from accounts.personal_data import my_data
from accounts.sign_in import roles
from moderation.models import AuditEntry
from tests import factories
from tests.moderation.desk.material import decide, make_case


def test_an_owner_may_do_everything_in_the_admin(alice):
    roles.give(alice, Role.OWNER, by=None)
    alice.refresh_from_db()
    assert alice.is_staff
    assert alice.is_superuser


def test_a_moderator_sees_cases_in_the_admin_and_changes_nothing(alice):
    roles.give(alice, "moderator", by=None)
    assert alice.is_staff
    assert not alice.is_superuser
    assert alice.has_perm("moderation.view_case")
    assert not alice.has_perm("moderation.change_case")
    assert not alice.has_perm("personas.view_persona")


def test_taking_a_role_away_takes_its_rights_away(alice):
    roles.give(alice, Role.MODERATOR, by=None)
    roles.give(alice, Role.USER, by=None)
    alice = type(alice).objects.get(pk=alice.pk)
    assert not alice.is_staff
    assert not alice.has_perm("moderation.view_case")


def test_an_unknown_role_changes_nothing(alice):
    with pytest.raises(ValueError, match="emperor"):
        roles.give(alice, "emperor", by=None)
    alice.refresh_from_db()
    assert alice.role == Role.USER


def trail():
    return list(AuditEntry.objects.order_by("id").values_list("action", "subject", "actor", "data"))


def test_each_change_of_rights_is_kept_with_who_made_it(alice, olga):
    roles.give(alice, Role.MODERATOR, by=olga)
    roles.let_review_child_safety(alice, by=olga, may=True)
    roles.let_review_child_safety(alice, by=olga, may=False)
    roles.deactivate(alice, by=olga)
    roles.reactivate(alice, by=None)
    subject, actor, right = f"user:{alice.pk}", f"user:{olga.pk}", {"right": "moderation.review_child_safety"}
    assert trail() == [
        ("account.role_given", subject, actor, {"from": "user", "to": "moderator"}),
        ("account.right_given", subject, actor, right),
        ("account.right_taken", subject, actor, right),
        ("account.deactivated", subject, actor, {}),
        ("account.reactivated", subject, "system", {}),
    ]


def test_a_right_ends_with_the_role_and_the_trail_says_so(mina, olga):
    roles.let_review_child_safety(mina, by=olga, may=True)
    roles.give(mina, Role.USER, by=olga)
    assert [row[0] for row in trail()] == ["account.right_given", "account.right_taken", "account.role_given"]
    assert not User.objects.get(pk=mina.pk).has_perm("moderation.review_child_safety")


def test_a_moderator_who_is_erased_but_kept_in_the_records_loses_every_right_in_the_trail(alice, mina):
    decide(make_case(alice), mina, "dismiss", reason="Nothing.")
    my_data.erase(mina)
    anonymous = User.objects.get(pk=mina.pk)
    assert (anonymous.role, anonymous.is_active, anonymous.is_staff) == (Role.USER, False, False)
    assert [row[0] for row in trail()][-2:] == ["account.role_given", "account.deactivated"]


def test_what_changes_nothing_leaves_no_row(alice, mina, olga):
    roles.reactivate(alice, by=olga)
    roles.let_review_child_safety(mina, by=olga, may=False)
    with pytest.raises(ValueError, match="not a moderator"):
        roles.let_review_child_safety(alice, by=olga, may=True)
    with pytest.raises(ValueError, match="your own"):
        roles.deactivate(olga, by=olga)
    assert not trail()


def test_nobodys_rights_change_while_nobody_keeps_the_trail(alice, monkeypatch):
    monkeypatch.setattr(roles, "_recorders", [])
    with pytest.raises(RuntimeError):
        roles.give(alice, Role.OWNER, by=None)
    alice.refresh_from_db()
    assert alice.role == Role.USER


def test_a_deactivated_person_is_signed_out_and_stays_so(client, alice, olga):
    client.post("/account/login/", {"login": alice.email, "password": factories.PASSWORD})
    roles.deactivate(alice, by=olga)
    assert client.get("/account/").status_code == 302
    roles.reactivate(alice, by=olga)
    assert client.get("/account/").status_code == 302


ACTIONS = {
    "give_role_owner": "account.role_given",
    "deactivate": "account.deactivated",
    "give_child_safety": "account.right_given",
}


@pytest.mark.parametrize("action", ACTIONS)
def test_the_admin_changes_rights_through_the_doors(mina, olga, action):
    client = Client()
    client.force_login(olga)
    client.post("/admin/accounts/user/", {"action": action, "_selected_action": [mina.pk]})
    assert [(row[0], row[2]) for row in trail()] == [(ACTIONS[action], f"user:{olga.pk}")]


def test_the_admins_form_changes_no_rights(mina, olga):
    client = Client()
    client.force_login(olga)
    fields = {"username": "mina", "email": mina.email, "country": "NZ", "is_superuser": "on", "role": "owner"}
    assert client.post(f"/admin/accounts/user/{mina.pk}/change/", fields | {"groups": ["1"]}).status_code == 302
    mina.refresh_from_db()
    assert (mina.country, mina.is_active, mina.role, mina.is_superuser) == ("NZ", True, "moderator", False)
    assert not admin.site.is_registered(Group)


def test_a_password_that_staff_sets_ends_the_persons_sessions(alice, olga):
    client, staff = Client(), Client()
    client.post("/account/login/", {"login": alice.email, "password": factories.PASSWORD})
    staff.force_login(olga)
    key = client.session.session_key
    fields = {"password1": "another long one", "password2": "another long one", "usable_password": "true"}
    staff.post(f"/admin/accounts/user/{alice.pk}/password/", fields)
    alice.refresh_from_db()
    assert alice.check_password("another long one")
    assert not client.session.exists(key)


def test_an_account_that_staff_deletes_is_erased_through_the_door_of_its_person(alice, olga, monkeypatch):
    erased = []
    monkeypatch.setattr(my_data, "erase", erased.append)
    staff = Client()
    staff.force_login(olga)
    staff.post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"})
    assert erased == [alice]
