"""Background work on personas. The rows record the open work; doing it twice is harmless."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from generation.jobs import leases
from personas import forgetting
from personas.audit import runs
from personas.embedders.base import Embedder
from personas.embedders.choice import embedder_for
from personas.finetuning import training
from personas.models import Passage, Source
from personas.portrait import computing
from personas.reading import uploads

_BATCH = 64
# Longer than a worker needs to take a task from an empty queue. A lease skips a person whose file is being read.
_OVERDUE = timedelta(seconds=30)


@shared_task
def read_uploads(owner_id: int) -> None:
    """Reads one file of a person, then queues itself for the next one, behind what others uploaded meanwhile.

    One task per person at once, so twenty files of one person take one place in the queue, like one file of another.
    """
    lease = leases.take(f"uploads:{owner_id}")
    if lease is None:
        return
    with lease:
        upload = uploads.read_next(owner_id)
    if isinstance(upload, Source):
        embed_passages.delay(str(upload.persona_id))
    # Checked after the lease is released. A task for a file that arrived meanwhile found the lease taken and ended.
    if upload is not None and uploads.is_owed(owner_id):
        read_uploads.delay(owner_id)


@shared_task
def embed_passages(persona_id: str) -> None:
    """Makes a batch of the vectors that are missing, then queues itself for the next batch.

    So other work, or a stop of the worker, waits for one batch only. One task per persona at once.
    """
    lease = leases.take(f"embed:{persona_id}")
    if lease is None:
        return
    with lease:
        is_more = _embed_batch(persona_id)
    if is_more:
        embed_passages.delay(persona_id)
    else:
        compute_portrait.delay(persona_id)


def _embed_batch(persona_id: str) -> bool:
    """Embeds one batch, each passage by the embedder of its script. Returns whether more may be missing."""
    batch = list(Passage.objects.filter(persona_id=persona_id, embedder="").order_by("id")[:_BATCH])
    by_embedder: dict[type[Embedder], list[Passage]] = {}
    for passage in batch:
        by_embedder.setdefault(type(embedder_for(passage.text)), []).append(passage)
    for embedder, passages in by_embedder.items():
        vectors = embedder().embed([passage.text for passage in passages])  # float32 [n, 384], rows L2-normalised
        for passage, vector in zip(passages, vectors, strict=True):
            passage.embedding, passage.embedder = vector, embedder.name
    Passage.objects.bulk_update(batch, ["embedding", "embedder"])
    return len(batch) == _BATCH


@shared_task
def compute_portrait(persona_id: str) -> None:
    """Computes the portrait of a persona if its sources have changed since. One task per persona at once."""
    lease = leases.take(f"portrait:{persona_id}")
    if lease is None:
        return
    with lease:
        if computing.is_owed(UUID(persona_id)):
            computing.compute(UUID(persona_id))


@shared_task
def train_fine_tune() -> None:
    """Trains the fine-tune whose turn it is, then queues itself for the next one."""
    if training.train_next() and training.is_owed():
        train_fine_tune.delay()


@shared_task(ignore_result=True)
def continue_audits() -> None:
    """Hands audits to the workers again that stood back for people or lost their worker."""
    runs.go_on()


@shared_task
def tidy() -> None:
    """Discards old drafts, and queues work again that a lost worker or broker left undone."""
    forgetting.discard_old()
    for owner_id in uploads.owners_since_before(timezone.now() - _OVERDUE)[:20]:
        read_uploads.delay(owner_id)
    for persona_id in Passage.objects.filter(embedder="").values_list("persona_id", flat=True).distinct()[:20]:
        embed_passages.delay(str(persona_id))
    for persona_id in computing.owed():
        compute_portrait.delay(str(persona_id))
    if training.is_owed():
        train_fine_tune.delay()
    training.tidy()


@shared_task
def delete_orphans() -> None:
    """Deletes lost files. It looks at every stored file, so it runs seldom."""
    forgetting.delete_orphans()
