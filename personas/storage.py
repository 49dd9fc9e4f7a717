"""How many bytes of uploads and pictures an account keeps, and the limit.

Counted: files of drafts, sources (their words stay when the file goes), pictures of personas and of drafts.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from personas.importers.base import FileTooLarge
from personas.models import Draft, DraftFile, Persona, Source


def used(user: User) -> int:
    """Bytes that are kept for this account."""
    files = DraftFile.objects.filter(draft__owner=user).aggregate(total=Sum("bytes"))["total"] or 0
    sources = Source.objects.filter(persona__owner=user).aggregate(total=Sum("bytes"))["total"] or 0
    pictures = [
        *Persona.objects.filter(owner=user).exclude(avatar="").values_list("avatar", flat=True),
        *Draft.objects.filter(owner=user).exclude(avatar="").values_list("avatar", flat=True),
    ]
    return files + sources + sum(map(_size, pictures))


def of_persona(persona: Persona) -> int:
    """Bytes that a copy of it would need."""
    sources = persona.sources.aggregate(total=Sum("bytes"))["total"] or 0
    return sources + (_size(persona.avatar.name) if persona.avatar else 0)


@contextmanager
def room_for(user: User, size: int) -> Iterator[None]:
    """Around the keeping of `size` more bytes; two at once are counted one after the other. Raises FileTooLarge."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        kept = used(user)
        if kept + size > settings.STORAGE_PER_ACCOUNT:
            raise FileTooLarge(
                f"Your drafts, files and pictures take {_megabytes(kept)}, and this needs {_megabytes(size)} more; the "
                f"limit is {_megabytes(settings.STORAGE_PER_ACCOUNT)} for one account. Discard a draft, or delete a "
                "file or a persona that you do not need. The site's operator can raise STORAGE_PER_ACCOUNT."
            )
        yield


def _size(name: str | None) -> int:
    return default_storage.size(name) if name and default_storage.exists(name) else 0


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:,.1f} MB"
