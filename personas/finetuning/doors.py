"""The doors of a fine-tune: start, stop, choose, delete. Their caller is the persona's owner, or gets Http404.

FineTuneRefused     `user_message` says why it cannot be started now
quotas.QuotaExceeded, personas.importers.base.FileTooLarge and personas.refusals.CreationRefused pass through.
"""

import logging
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from accounts.personal_data import consents
from accounts.usage import quotas
from generation.catalogue import model_rows, packaged
from personas import access, creation, refusals, storage
from personas.finetuning import files, material, queueing
from personas.models import FineTune, FineTuneStatus, Persona

logger = logging.getLogger(__name__)

LEAST_WORDS = 5_000
KIND, VERSION = "persona.training", "1"  # of the consent
CONSENT = gettext_lazy(
    "I agree that a model on this machine learns from the words of this persona. The result belongs to this persona "
    "alone, and is deleted with it or when I delete the fine-tune."
)
_TOKENS_PER_WORD = 1.6  # with the introduction before each example
# Measured for SmolLM2 (269 MB of weights) on one core with AVX-512: tokens a second, the backward pass included.
_TOKENS_A_SECOND, _MEASURED_BYTES = 200, 269_000_000
_MOST_WEIGHTS = 4_000_000_000  # bytes; a larger model needs more than 16 GB of memory and days


class FineTuneRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


@dataclass(frozen=True)
class Offer:
    """What a persona's page says before a training."""

    words: int
    estimate: timedelta
    model: packaged.CatalogueModel
    refusal: str  # why it cannot be started; empty if it can


def offer(persona: Persona) -> Offer:
    words = material.words(persona.passages.values_list("text", flat=True))
    model = model_rows.active()
    weights = _bytes_of(model_rows.folder(model.name))
    return Offer(words, estimated(words, weights), model, _refusal(words, model, weights))


def estimated(words: int, weights: int) -> timedelta:
    """The length of a training with the threads that this site's models have, for a model with `weights` bytes."""
    tokens = min(words, material.MOST_WORDS) * _TOKENS_PER_WORD * material.EPOCHS
    threads = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    speed = _TOKENS_A_SECOND * threads * _MEASURED_BYTES / max(weights, 1)
    return timedelta(seconds=round(tokens / speed))


def _refusal(words: int, model: packaged.CatalogueModel, weights: int) -> str:
    if words < settings.FINE_TUNE_WORDS:
        return gettext(
            "A fine-tune needs %(fine_tune_words)s words of the persona; there are %(words)s. Add files with "
            "more of them."
        ) % {"fine_tune_words": f"{settings.FINE_TUNE_WORDS:,}", "words": f"{words:,}"}
    if not weights:
        return gettext("%(title)s is not installed on this machine, so it cannot learn here.") % {"title": model.title}
    if weights > _MOST_WEIGHTS:
        return gettext(
            "%(title)s has %(weights)s GB of weights; the limit is %(most_weights)s GB. The site's owner can "
            "activate a smaller model."
        ) % {"title": model.title, "weights": f"{weights / 10**9:.1f}", "most_weights": f"{_MOST_WEIGHTS / 10**9:.0f}"}
    return ""


def start(*, user: User, persona: Persona, agrees: bool = False) -> FineTune:
    """Queues a training on the persona's words. An earlier fine-tune that has ended is replaced.

    `agrees`: the owner agrees to the training, apart from anything else (compliance CN6). Files that are added later
    are not learnt from until they agree again.

    Raises FineTuneRefused, QuotaExceeded, FileTooLarge, CreationRefused, Http404.
    """
    persona = creation.get_own_persona(user, persona.pk)
    refusals.refuse_disabled(persona)
    refusals.refuse_restricted(user, persona)
    if silence := access.without_approval(user, persona):
        raise FineTuneRefused(silence.user_message)
    possible = offer(persona)
    if possible.refusal:
        raise FineTuneRefused(possible.refusal)
    if not agrees:
        raise FineTuneRefused(gettext("Words are learnt from only if you agree. Tick the box, and start again."))
    with transaction.atomic():
        earlier = FineTune.objects.select_for_update().filter(persona=persona).first()
        if earlier is not None and earlier.is_under_way:
            raise FineTuneRefused(gettext("%(name)s is already being fine-tuned.") % {"name": persona.name})
        if earlier is not None:
            files.delete_with(earlier)
        with storage.room_for(user, files.RESERVED):
            quotas.spend(user=user, kind="fine-tunes")
            persona.sources.update(train_consent=True)
            consents.record(user=user, kind=KIND, text=str(CONSENT), text_version=VERSION, subject_id=persona.pk)
            fine_tune = FineTune.objects.create(
                persona=persona,
                model=possible.model.name,
                weights=model_rows.folder(possible.model.name).name,
                words=possible.words,
                estimate=possible.estimate,
                bytes=files.RESERVED,
            )
        transaction.on_commit(queueing.train)
    logger.info("fine_tune.queued", extra={"fine_tune": str(fine_tune.pk), "words": fine_tune.words})
    return fine_tune


def stop(*, user: User, persona: Persona) -> None:
    """Ends a training early. The best adapter so far is kept. Raises Http404."""
    fine_tune = get_own(user, persona)
    if not FineTune.objects.filter(pk=fine_tune.pk, status=FineTuneStatus.TRAINING).update(is_stopping=True):
        FineTune.objects.filter(pk=fine_tune.pk, status=FineTuneStatus.QUEUED).update(
            status=FineTuneStatus.FAILED, error=gettext("You stopped it before it began."), bytes=0
        )


def choose(*, user: User, persona: Persona, is_used: bool) -> None:
    """Lets the persona talk with its fine-tune, or without it, from the next reply. Raises Http404."""
    FineTune.objects.filter(pk=get_own(user, persona).pk, status=FineTuneStatus.READY).update(is_used=is_used)


def delete(*, user: User, persona: Persona) -> None:
    """Deletes a fine-tune with its files, and ends the consent to it. A training under way ends. Raises Http404."""
    with transaction.atomic():
        files.delete_with(get_own(user, persona))
        persona.sources.update(train_consent=False)


def get_own(user: User, persona: Persona) -> FineTune:
    """The fine-tune of a persona that the user may change. Raises Http404."""
    fine_tune = FineTune.objects.filter(persona=creation.get_own_persona(user, persona.pk)).first()
    if fine_tune is None:
        raise Http404
    return fine_tune


def _bytes_of(folder: Path) -> int:
    """The bytes of a model's weights; 0 if it is not installed."""
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))
