"""The doors of API keys: create, revoke, recognise, and count their use of today.

Covered: a key is 256 random bits, and only its SHA-256 is kept. It is shown once. A revoked key, and a key of a closed
account, is refused from the next request on. Not covered: other people who read the terminal or the page on which a
key is shown.
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.usage import quotas
from api.models import ApiKey, Scope
from moderation import audit_trail
from text import graphemes

MOST_KEYS = 20  # of one person, not revoked
_MARK = "sk-aw-"
_PREFIX_CHARACTERS = len(_MARK) + 6
_DAY = timedelta(days=1)
# `last_used_at` is written at most this often, so that a busy key costs no row update per request.
_USE_NOTED_EVERY = timedelta(minutes=1)


class KeyRefused(Exception):
    """A key cannot be created. `user_message` gives the reason."""

    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


def owned_by(user: User) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(user=user)


def scopes_for(user: User) -> list[Scope]:
    """The scopes that a key of this person can have."""
    return [scope for scope in Scope if scope != Scope.BASE or user.is_owner]


@transaction.atomic
def create(
    *,
    user: User,
    label: str,
    scopes: Collection[str],
    messages_per_day: int | None = None,
    tokens_per_day: int | None = None,
) -> tuple[ApiKey, str]:
    """Creates a key. Returns its row and the key itself, which nobody can read again. Raises KeyRefused.

    The limits of the settings are the defaults and the maxima of its own limits.
    """
    allowed = scopes_for(user)
    if not scopes or any(scope not in allowed for scope in scopes):
        raise KeyRefused(
            _("A key of yours can have the scopes {scopes}. Choose at least one of them.").format(
                scopes=", ".join(allowed)
            )
        )
    User.objects.select_for_update().get(pk=user.pk)  # two requests at once are counted one after the other
    if owned_by(user).filter(revoked_at=None).count() >= MOST_KEYS:
        raise KeyRefused(
            _("You have {count} keys, which is the most. Revoke one that you do not need.").format(count=MOST_KEYS)
        )
    secret = _MARK + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        user=user,
        label=graphemes.beginning(label.strip(), 80),
        prefix=secret[:_PREFIX_CHARACTERS],
        digest=_digest(secret),
        scopes=[scope.value for scope in allowed if scope in scopes],
        messages_per_day=min(messages_per_day or settings.API_MESSAGES_PER_DAY, settings.API_MESSAGES_PER_DAY),
        tokens_per_day=min(tokens_per_day or settings.API_TOKENS_PER_DAY, settings.API_TOKENS_PER_DAY),
    )
    return key, secret


def revoke(*, user: User, key_id: UUID) -> ApiKey:
    """Revokes a key of the person's own. Does nothing to a revoked key. Raises Http404."""
    key = owned_by(user).filter(pk=key_id, user__is_active=True).first()
    if key is None:
        raise Http404
    _end(key)
    return key


@transaction.atomic
def revoke_by_staff(*, key: ApiKey, staff: User) -> None:
    """Revokes any person's key, and records in the audit trail who did it."""
    if _end(key):
        audit_trail.record(action="api_key.revoked", subject=f"api_key:{key.pk}", actor=staff)


def recognise(secret: str) -> ApiKey | None:
    """The valid key with this secret and its user, or None. Records that the key was used."""
    now = timezone.now()
    key = (
        ApiKey.objects.select_related("user")
        .filter(digest=_digest(secret), revoked_at=None, user__is_active=True)
        .first()
    )
    if key is not None:
        is_old = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_NOTED_EVERY)
        ApiKey.objects.filter(is_old, pk=key.pk).update(last_used_at=now)
    return key


# --- What a key may use in a day -----------------------------------------------------------------


def check(key: ApiKey, *, messages: int = 0, tokens: int = 0) -> None:
    """Raises QuotaExceeded if this amount does not fit into today's limits. Changes nothing."""
    quotas.check(user=key.user, kind="messages", amount=messages, part=_part(key), of=(key.messages_per_day, _DAY))
    quotas.check(user=key.user, kind="tokens", amount=tokens, part=_part(key), of=(key.tokens_per_day, _DAY))


def spend(key: ApiKey, *, messages: int = 0, tokens: int = 0) -> None:
    """Counts both, or raises QuotaExceeded. If the transaction rolls back, neither is counted."""
    if messages:
        quotas.spend(user=key.user, kind="messages", amount=messages, part=_part(key), of=(key.messages_per_day, _DAY))
    if tokens:
        quotas.spend(user=key.user, kind="tokens", amount=tokens, part=_part(key), of=(key.tokens_per_day, _DAY))


def note(key: ApiKey, *, messages: int = 0, tokens: int = 0) -> None:
    """Counts what is known only afterwards, even beyond the limits. The next request is then refused."""
    if messages:
        quotas.note(user=key.user, kind="messages", amount=messages, part=_part(key), of=(key.messages_per_day, _DAY))
    if tokens:
        quotas.note(user=key.user, kind="tokens", amount=tokens, part=_part(key), of=(key.tokens_per_day, _DAY))


def _part(key: ApiKey) -> str:
    return key.pk.hex[:16]


def _end(key: ApiKey) -> int:
    return ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
