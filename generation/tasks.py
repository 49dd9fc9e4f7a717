from celery import shared_task

from generation.catalogue import model_rows
from generation.jobs import waiting_room
from generation.routing import spending
from persona_site.redis import rewrite_log


@shared_task
def install_model(name: str, activate: bool = True) -> None:
    """Fetches and converts a model; the catalogue's row tells how far it is and what went wrong."""
    model_rows.install(name)
    if activate:
        model_rows.activate(name)


@shared_task
def tidy() -> None:
    """Deletes what need not be kept any longer; the words of streams that have expired leave the disk, too."""
    spending.forget_old()
    rewrite_log()


@shared_task(ignore_result=True)
def serve() -> None:
    """There is work: the worker takes the fairest job of the waiting room."""
    waiting_room.serve()


@shared_task(ignore_result=True)
def rouse() -> None:
    """Makes up for messages of `serve` that were lost with a worker or a broker."""
    waiting_room.rouse()
