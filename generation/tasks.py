from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

from celery import shared_task

from accounts.interface import languages
from accounts.models import Role, User
from generation.catalogue import model_rows
from generation.jobs import waiting_room
from generation.routing import spending
from generation.trials import look, running
from persona_site.redis import rewrite_log


@shared_task
def install_model(name: str, activate: bool = True) -> None:
    """Fetches and converts a model; the catalogue's row holds its progress and its error."""
    with _speaking_to_owner():
        model_rows.install(name)
    if activate:
        model_rows.activate(name)


@shared_task
def tidy() -> None:
    """Deletes old spending rows, and removes the text of expired streams from Redis's files on disk."""
    spending.forget_old()
    rewrite_log()


@shared_task(ignore_result=True)
def serve() -> None:
    """Runs the next job of the waiting room."""
    waiting_room.serve()


@shared_task(ignore_result=True)
def rouse() -> None:
    """Replaces messages of `serve` that were lost with a worker or a broker."""
    waiting_room.rouse()


@shared_task(ignore_result=True)
def look_for_servers() -> None:
    """Asks the usual ports of this machine for model servers, because the owner pressed "Look"."""
    with _speaking_to_owner():
        look.perform()


@shared_task(ignore_result=True)
def try_model(trial_id: str) -> None:
    """Compares a model with the one that serves, because the owner pressed "Try it"."""
    with _speaking_to_owner():
        running.run(UUID(trial_id))


def _speaking_to_owner() -> AbstractContextManager[None]:
    """Steps and faults are for the site's owner, who alone sees the page of models."""
    owner = User.objects.filter(role=Role.OWNER, is_active=True).order_by("pk").first()
    return languages.speaking_to(owner) if owner else nullcontext()
