from celery import shared_task

from generation.catalogue import model_rows
from generation.jobs import waiting_room
from generation.routing import spending


@shared_task
def install_model(name: str, activate: bool = True) -> None:
    """Fetches and converts a model; the catalogue's row tells how far it is and what went wrong."""
    model_rows.install(name)
    if activate:
        model_rows.activate(name)


@shared_task
def tidy() -> None:
    """Deletes what need not be kept any longer."""
    spending.forget_old()


@shared_task(ignore_result=True)
def serve() -> None:
    """There is work: the worker takes the fairest job of the waiting room."""
    waiting_room.serve()


@shared_task(ignore_result=True)
def rouse() -> None:
    """Makes up for messages of `serve` that were lost with a worker or a broker."""
    waiting_room.rouse()
