"""What an audit's result depends on: the persona's words, the models that may answer, and its fine-tune.

Read from the rows alone, so that every process and host computes the same.
"""

import hashlib
import json
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models.functions import MD5
from django.utils.translation import gettext, gettext_noop

from generation.catalogue import model_rows
from generation.models import EngineEntry
from personas.models import FineTune, Persona

# In the words of the report, by the keys of a fingerprint.
PARTS = {
    "words": gettext_noop("its words"),
    "model": gettext_noop("the model"),
    "adapter": gettext_noop("its fine-tune"),
}

_FIELDS = (
    "name", "depicts", "relation", "calls_user", "description", "scenario", "opening_line", "sayings", "examples",
    "language", "sampling", "card",
)  # fmt: skip

Fingerprint = dict[str, str]


def of(persona: Persona) -> Fingerprint:
    """The present fingerprint: `words` and `model` are digests, `adapter` is the id of the fine-tune in use."""
    return {"words": _words(persona), "model": _model(), "adapter": _adapter(persona)}


def changed(before: Fingerprint, now: Fingerprint) -> list[str]:
    """What differs, in words."""
    return [gettext(words) for part, words in PARTS.items() if before.get(part) != now[part]]


def _words(persona: Persona) -> str:
    fields = [getattr(persona, name) for name in _FIELDS]
    if persona.is_grounded:  # only then, so that approvals from before it was counted stand
        fields.append("grounded")
    passages = persona.passages.aggregate(digest=MD5(StringAgg("digest", delimiter="", order_by="digest")))["digest"]
    return _digest([fields, passages])


def _model() -> str:
    """Changes with the active model, its tune, and the engines that are switched on."""
    engines = EngineEntry.objects.filter(is_enabled=True).order_by("order", "name")
    weights = model_rows.folder(model_rows.active().name).name
    return _digest([weights, *(list(row) for row in engines.values_list("kind", "base_url", "model"))])


def _adapter(persona: Persona) -> str:
    fine_tune = FineTune.objects.filter(persona=persona, is_used=True).first()
    return str(fine_tune.pk) if fine_tune else ""


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
