"""The folder of a fine-tune: a training as `generation.tuning.job` describes it, and in the end only its adapter.

While it trains, the folder also holds the persona's words as tokens. No URL serves it.
"""

import shutil
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from generation.engine import Adapter
from generation.jobs import forgetting
from personas.models import FineTune

# The most that a training may take: a checkpoint with the optimizer's state, and the next one beside it.
RESERVED = 96 * 1024**2


def folder(fine_tune_id: UUID) -> Path:
    return _root() / str(fine_tune_id)


def adapter(fine_tune: FineTune) -> Adapter:
    """The adapter as an engine is asked for it."""
    return Adapter(str(fine_tune.pk), fine_tune.weights, str(folder(fine_tune.pk) / "adapter"))


def keep_adapter(fine_tune_id: UUID) -> int:
    """Deletes everything except the adapter. Returns its bytes, 0 if there is none."""
    for path in list(folder(fine_tune_id).iterdir()):
        if path.is_dir() and path.name != "adapter":
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
    return sum(path.stat().st_size for path in folder(fine_tune_id).rglob("*") if path.is_file())


def delete_with(fine_tune: FineTune) -> None:
    """Deletes the row, and on commit the folder, and has the engines forget the adapter (compliance M2).

    A worker that trains it finds no row and ends.
    """
    fine_tune_id = fine_tune.pk
    fine_tune.delete()
    transaction.on_commit(lambda: delete(fine_tune_id))
    transaction.on_commit(forgetting.ask, robust=True)


def delete(fine_tune_id: UUID) -> None:
    shutil.rmtree(folder(fine_tune_id), ignore_errors=True)


def delete_others(known: Collection[UUID]) -> None:
    """Deletes folders without a row: a worker that is lost while its fine-tune is deleted leaves one."""
    names = {str(fine_tune_id) for fine_tune_id in known}
    for path in _root().glob("*"):
        if path.name not in names:
            shutil.rmtree(path, ignore_errors=True)


def _root() -> Path:
    return Path(settings.MEDIA_ROOT) / "fine-tunes"
