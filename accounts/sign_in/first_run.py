"""The one-time link that signs the owner in, and the owner's account.

Covered: the token is 256 random bits, only its SHA-256 is stored, it works once and for a day, and a
new link ends the older ones. Not covered: other people who can read the terminal with the link.
"""

import hashlib
import secrets
from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.utils import generate_unique_username
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, SetupLink, User
from accounts.sign_in import roles, sessions

LIFETIME = timedelta(hours=24)


class LinkInvalid(Exception):
    """The link was used, has expired, or never existed."""


def owner_exists() -> bool:
    return User.objects.filter(role=Role.OWNER, is_active=True).exists()


def owner_has_signed_in() -> bool:
    return User.objects.filter(role=Role.OWNER, is_active=True, last_login__isnull=False).exists()


@transaction.atomic
def owner() -> User:
    """The first owner. Creates one if there is none."""
    existing = User.objects.filter(role=Role.OWNER, is_active=True).order_by("pk").first()
    if existing:
        return existing
    user = User(username=generate_unique_username(["owner"]), email="owner@localhost")
    user.set_unusable_password()
    user.save()
    roles.give(user, Role.OWNER, by=None)
    return user


@transaction.atomic
def new_link() -> str:
    """Creates a link and ends all older ones."""
    token = secrets.token_urlsafe(32)
    SetupLink.objects.filter(used_at__isnull=True).delete()
    SetupLink.objects.create(digest=_digest(token))
    return settings.SITE_URL + reverse("setup", args=[token])


@transaction.atomic
def redeem(token: str) -> User:
    """Uses up the link and returns the owner. Raises LinkInvalid."""
    now = timezone.now()
    claimed = SetupLink.objects.filter(
        digest=_digest(token), used_at__isnull=True, created_at__gt=now - LIFETIME
    ).update(used_at=now)
    if not claimed:
        raise LinkInvalid
    return owner()


@transaction.atomic
def claim(*, owner: User, email: str, password: str) -> None:
    """Sets the e-mail address and password of an owner who signed in by the link, and ends their sessions."""
    owner.email = email
    owner.set_password(password)
    owner.save(update_fields=["email", "password"])
    sessions.end_all(owner)
    EmailAddress.objects.update_or_create(user=owner, primary=True, defaults={"email": email, "verified": False})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
