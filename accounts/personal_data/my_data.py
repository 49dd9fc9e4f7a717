"""Exports and erases a person's data (GDPR art. 15, 17 and 20).

Each room registers its own part in `AppConfig.ready()`, so this room depends on none of them.
"""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import ProtectedError

from accounts.models import Role, User
from accounts.sign_in import roles, sessions


@dataclass(frozen=True)
class _Part:
    export: Callable[[User], Any]
    erase: Callable[[User], None]


_parts: dict[str, _Part] = {}


def register(room: str, *, export: Callable[[User], Any], erase: Callable[[User], None]) -> None:
    """Adds a room's part.

    `export` returns the content of `<room>.json`: JSON's types, dates, UUIDs and decimals.
    `erase` deletes the person's rows and, on commit, their files.
    """
    _parts[room] = _Part(export, erase)


def rooms() -> list[str]:
    """The names of the registered rooms, in the order of their registration."""
    return list(_parts)


def contents(user: User) -> Iterator[tuple[str, Any]]:
    """What each room keeps of the person."""
    return ((room, part.export(user)) for room, part in _parts.items())


def export(user: User) -> bytes:
    """A ZIP archive with one JSON document per room."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for room, content in contents(user):
            document = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
            file.writestr(f"{room}.json", document)
    return archive.getvalue()


@transaction.atomic
def erase(user: User) -> None:
    """Erases the person's data in every room, then the account. It erases everything or nothing.

    Rooms run in reverse order of registration: chat before personas before accounts. A room above has then
    already deleted its rows. A moderator's decisions must stay, because they are part of other people's
    records. An account that they refer to is kept without name, address and password.
    """
    sessions.end_all(user)
    for part in reversed(_parts.values()):
        part.erase(user)
    try:
        with transaction.atomic():
            user.delete()
    except ProtectedError:
        _make_anonymous(user)


def _make_anonymous(user: User) -> None:
    user.username = f"erased-{user.pk}"
    user.email = f"erased-{user.pk}@invalid"
    user.first_name = user.last_name = user.country = user.language = ""
    roles.give(user, Role.USER, by=None)
    roles.deactivate(user, by=None)
    user.is_active = False
    user.birth_date = None
    user.last_login = None
    user.set_unusable_password()
    user.save()
