"""Hands the work of fine-tunes to the workers, by the names of its task and its job. The rows hold what is owed."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

from generation.jobs import waiting_room
from personas.models import FineTune

logger = logging.getLogger(__name__)

COMPARISON = "comparison"  # the kind of the job that writes the replies side by side
_TRAIN = "personas.tasks.train_fine_tune"


def train() -> None:
    """Has the worker of the queue `tuning` train what waits."""
    try:
        current_app.send_task(_TRAIN)
    except OperationalError:
        logger.warning("broker.unreachable")  # `tasks.tidy` queues it again


def compare(fine_tune: FineTune) -> None:
    """Has a generation worker write the replies side by side, behind what people wait for."""
    account = str(fine_tune.persona.owner_id)
    waiting_room.join(kind=COMPARISON, job_id=str(fine_tune.pk), account=account, klass="background")
