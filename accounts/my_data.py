"""A person's right to take their data along and to have it erased (GDPR art. 15, 17 and 20).

Each room registers its own part in `AppConfig.ready()`, so this room needs to know none of them.
"""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import ProtectedError

from accounts import roles, sessions
from accounts.models import Role, User


@dataclass(frozen=True)
class _Part:
    export: Callable[[User], Any]
    erase: Callable[[User], None]


_parts: dict[str, _Part] = {}


def register(room: str, *, export: Callable[[User], Any], erase: Callable[[User], None]) -> None:
    """Adds a room's part.

    `export` returns what becomes `<room>.json`: anything JSON knows, and dates, UUIDs and decimals.
    `erase` deletes the rows and, on commit, the files that belong to the person.
    """
    _parts[room] = _Part(export, erase)


def rooms() -> list[str]:
    """Names of the registered rooms, in the order of their registration."""
    return list(_parts)


def export(user: User) -> bytes:
    """A ZIP archive with one JSON document per room."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for room, part in _parts.items():
            document = json.dumps(part.export(user), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
            file.writestr(f"{room}.json", document)
    return archive.getvalue()


@transaction.atomic
def erase(user: User) -> None:
    """Erases everything that the rooms hold, then the account; all of it or nothing.

    Rooms run in reverse order of registration: chat before personas before accounts, so that none
    meets rows of a room above it. A moderator's decisions must stay (they are part of other people's
    records), so an account that they point at is kept without name, address and password.
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
    user.first_name = user.last_name = user.country = ""
    roles.give(user, Role.USER, by=None)
    roles.deactivate(user, by=None)
    user.is_active = False
    user.last_login = None
    user.set_unusable_password()
    user.save()
