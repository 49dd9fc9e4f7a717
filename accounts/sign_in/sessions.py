"""A person's sessions: whether one is still open, and how to end all of them.

Signing out, "end other sessions" and a new session key all delete the session's row, so a signal on that row reports
each of these ends. A new password, a deactivation and an erasure call `end_all`. Code that keeps connections open
registers with `when_ended` to be notified at once, and calls `is_open` from time to time.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists
from django.utils import timezone

from accounts.models import User

_listeners: list[Callable[[int], None]] = []


def when_ended(listener: Callable[[int], None]) -> None:
    """Registers a listener, called with an account's id when one of its sessions may have ended.

    Called in `AppConfig.ready()`.
    """
    _listeners.append(listener)


def is_open(user: User, session_key: str | None) -> bool:
    """Whether the session of `user` is still open, in one query.

    The password is compared because a new password ends the sessions that were opened with the old one.
    """
    session = Session.objects.filter(session_key=session_key, expire_date__gt=timezone.now())
    return User.objects.filter(Exists(session), pk=user.pk, password=user.password, is_active=True).exists()


def end_all(user: User) -> None:
    """Ends every session of a person. The session of the current request stays if its key is cycled afterwards."""
    for session in UserSession.objects.filter(user=user):
        session.end()
    _notify(user.pk)


def row_deleted(sender: Any, instance: Session, **_: Any) -> None:
    """Receives Django's `post_delete` of a session's row."""
    user_id = instance.get_decoded().get(SESSION_KEY)
    if user_id is not None:
        _notify(int(user_id))


def _notify(user_id: int) -> None:
    for listener in _listeners:
        transaction.on_commit(partial(listener, user_id), robust=True)
