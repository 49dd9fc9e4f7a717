import pytest

from accounts import roles
from accounts.models import Role


def test_an_owner_may_do_everything_in_the_admin(alice):
    roles.give(alice, Role.OWNER)
    alice.refresh_from_db()
    assert alice.is_staff
    assert alice.is_superuser


def test_a_moderator_sees_cases_in_the_admin_and_changes_nothing(alice):
    roles.give(alice, "moderator")
    assert alice.is_staff
    assert not alice.is_superuser
    assert alice.has_perm("moderation.view_case")
    assert not alice.has_perm("moderation.change_case")
    assert not alice.has_perm("personas.view_persona")


def test_taking_a_role_away_takes_its_rights_away(alice):
    roles.give(alice, Role.MODERATOR)
    roles.give(alice, Role.USER)
    alice = type(alice).objects.get(pk=alice.pk)
    assert not alice.is_staff
    assert not alice.has_perm("moderation.view_case")


def test_an_unknown_role_changes_nothing(alice):
    with pytest.raises(ValueError, match="emperor"):
        roles.give(alice, "emperor")
    alice.refresh_from_db()
    assert alice.role == Role.USER
