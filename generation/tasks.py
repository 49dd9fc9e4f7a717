from celery import shared_task

from generation import catalogue, spending


@shared_task
def install_model(name: str, activate: bool = True) -> None:
    """Fetches and converts a model; the catalogue's row tells how far it is and what went wrong."""
    catalogue.install(name)
    if activate:
        catalogue.activate(name)


@shared_task
def tidy() -> None:
    """Deletes what need not be kept any longer."""
    spending.forget_old()
