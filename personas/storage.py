"""The bytes of uploads and pictures that an account stores, and the limit.

Counted: files of drafts and the pages and sounds made from them, sources (their words stay after the file is deleted),
pictures of personas and of drafts, and fine-tunes.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext

from accounts.models import User
from personas.importers.base import FileTooLarge
from personas.models import Draft, DraftFile, FineTune, Persona, Source, Transcript


def stored_bytes(user: User) -> int:
    """The bytes that this account stores."""
    files = DraftFile.objects.filter(draft__owner=user).aggregate(total=Sum("bytes"))["total"] or 0
    media = Transcript.objects.filter(file__draft__owner=user).aggregate(total=Sum("bytes"))["total"] or 0
    sources = Source.objects.filter(persona__owner=user).aggregate(total=Sum("bytes"))["total"] or 0
    fine_tunes = FineTune.objects.filter(persona__owner=user).aggregate(total=Sum("bytes"))["total"] or 0
    pictures = [
        *Persona.objects.filter(owner=user).exclude(avatar="").values_list("avatar", flat=True),
        *Draft.objects.filter(owner=user).exclude(avatar="").values_list("avatar", flat=True),
    ]
    return files + media + sources + fine_tunes + sum(map(_size, pictures))


def of_persona(persona: Persona) -> int:
    """The bytes that a copy of the persona would need."""
    sources = persona.sources.aggregate(total=Sum("bytes"))["total"] or 0
    return sources + (_size(persona.avatar.name) if persona.avatar else 0)


@contextmanager
def room_for(user: User, size: int) -> Iterator[None]:
    """Wrap the storing of `size` more bytes in this. Two calls for one user run one after the other.

    Raises FileTooLarge if the account has no room.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        used_bytes = stored_bytes(user)
        if used_bytes + size > settings.STORAGE_PER_ACCOUNT:
            raise FileTooLarge(
                gettext(
                    "Your drafts, files and pictures take %(used_bytes)s, and this needs %(size)s more; the limit is "
                    "%(settings)s for one account. Discard a draft, or delete a file or a persona that you do not "
                    "need. The site's operator can raise STORAGE_PER_ACCOUNT."
                )
                % {
                    "used_bytes": _megabytes(used_bytes),
                    "size": _megabytes(size),
                    "settings": _megabytes(settings.STORAGE_PER_ACCOUNT),
                }
            )
        yield


def _size(name: str | None) -> int:
    return default_storage.size(name) if name and default_storage.exists(name) else 0


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:,.1f} MB"
