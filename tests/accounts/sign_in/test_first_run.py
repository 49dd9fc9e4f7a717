from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Role, SetupLink, User
from accounts.sign_in import first_run

pytestmark = pytest.mark.django_db


def token_of(link: str) -> str:
    return link.rstrip("/").rsplit("/", 1)[1]


def test_the_link_makes_the_owner_and_works_once():
    token = token_of(first_run.new_link())
    owner = first_run.redeem(token)
    assert owner.role == Role.OWNER
    assert owner.is_superuser
    assert first_run.owner_exists()
    assert not first_run.owner_has_signed_in()
    with pytest.raises(first_run.LinkInvalid):
        first_run.redeem(token)


def test_a_later_link_gives_the_owner_who_is_there(olga):
    assert first_run.redeem(token_of(first_run.new_link())) == olga
    assert User.objects.count() == 1


def test_only_the_digest_is_kept():
    token = token_of(first_run.new_link())
    row = SetupLink.objects.get()
    assert token not in row.digest
    assert len(row.digest) == 64


def test_a_new_link_ends_the_older_one():
    older, newer = token_of(first_run.new_link()), token_of(first_run.new_link())
    with pytest.raises(first_run.LinkInvalid):
        first_run.redeem(older)
    first_run.redeem(newer)


def test_a_link_ends_after_a_day():
    token = token_of(first_run.new_link())
    SetupLink.objects.update(created_at=timezone.now() - first_run.LIFETIME - timedelta(seconds=1))
    with pytest.raises(first_run.LinkInvalid):
        first_run.redeem(token)
    assert not User.objects.exists()


def test_an_owner_beside_a_person_who_is_called_owner():
    User.objects.create_user(username="owner", email="owner@example.test")
    assert first_run.owner().username != "owner"
