"""What the commands share that have a worker do something for a persona: whose it is, and waiting for the end."""

from collections.abc import Callable
from time import sleep
from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import CommandError
from django.http import Http404

from accounts.models import User
from personas import creation
from personas.audit.models import Audit
from personas.models import FineTune, Persona

_POLL_S = 0.5

Owed = TypeVar("Owed", Audit, FineTune)


def own_persona(user: User, persona_id: UUID) -> Persona:
    """Raises CommandError."""
    try:
        return creation.get_own_persona(user, persona_id)
    except Http404:
        raise CommandError(
            f"{user.username} has no persona {persona_id}. The id stands in the address of its page."
        ) from None


def ended(row: Owed, *, progress: Callable[[Owed], str], tell: Callable[[str], object]) -> Owed:
    """Waits until a worker of the site has ended the work, and tells each progress that is new. Raises CommandError."""
    told = ""
    try:
        while row.is_under_way:
            if (line := progress(row)) != told:
                tell(line)
                told = line
            sleep(_POLL_S)
            row.refresh_from_db()
    except ObjectDoesNotExist:
        raise CommandError("It was deleted before its end.") from None
    except KeyboardInterrupt:
        raise CommandError("This command no longer waits. The work goes on; the persona's page can stop it.") from None
    return row
