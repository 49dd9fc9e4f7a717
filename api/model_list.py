"""The models of a key: its person's personas by id, name or slug, and the base models for the site's owner."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from django.utils.text import slugify

from api import errors
from api.models import ApiKey, Scope
from generation.jobs import worker
from personas import creation
from personas.embedders.minilm import MiniLM
from personas.models import Persona

MODERATION = "afterword-moderation"
# The names that OpenAI's clients use for moderation mean the site's own filter here.
MODERATION_ALIASES = {MODERATION, "omni-moderation-latest", "text-moderation-latest", "text-moderation-stable"}
_BASE_MODELS = UUID("6d3b1c52-9a65-4c0e-8a1e-0f4f1d3f6b7a")  # a namespace of our own


@dataclass(frozen=True)
class BaseModel:
    """A language model without a persona."""

    name: str

    @property
    def id(self) -> UUID:
        """The id for restrictions and cases, like a persona's id."""
        return uuid5(_BASE_MODELS, self.name)


def listed(key: ApiKey) -> list[dict[str, Any]]:
    """Every model that this key's scopes open, in OpenAI's shape."""
    personas = creation.visible_to(key.user) if Scope.CHAT in key.scopes else Persona.objects.none()
    entries = [_of_persona(persona) for persona in personas]
    entries += [_entry(name, owned_by="base") for name in _loaded_for(key)]
    if Scope.EMBEDDINGS in key.scopes:
        entries.append(_entry(MiniLM.name, owned_by="afterword"))
    if Scope.MODERATIONS in key.scopes:
        entries.append(_entry(MODERATION, owned_by="afterword"))
    return entries


def one(key: ApiKey, name: str) -> dict[str, Any]:
    """Raises model_not_found."""
    entry = next((entry for entry in listed(key) if entry["id"] == name), None)
    return entry or _of_persona(_persona(key, name))


def find(key: ApiKey, name: str) -> Persona | BaseModel:
    """The persona or base model of this name. Raises model_not_found, and missing_scope if the key lacks it."""
    if name in _loaded_for(key):
        return BaseModel(name)
    persona = _persona(key, name)
    if Scope.CHAT not in key.scopes:
        raise errors.missing_scope(Scope.CHAT)
    return persona


def model_of(persona_id: UUID | None, name: str) -> Persona | BaseModel:
    """The model of a job. If its persona was deleted meanwhile, a BaseModel in its place."""
    persona = Persona.objects.filter(pk=persona_id).first() if persona_id else None
    return persona or BaseModel(name)


def _loaded_for(key: ApiKey) -> list[str]:
    """Catalogue names of the models that a worker has loaded; empty unless it is an owner's key with that scope."""
    if not key.user.is_owner or Scope.BASE not in key.scopes:
        return []
    engines = (engine for beat in worker.beats() for engine in beat["engines"])
    return sorted({engine["model"] for engine in engines if engine["ok"] and engine["model"]})


def _persona(key: ApiKey, name: str) -> Persona:
    personas = creation.visible_to(key.user)
    try:
        matches = list(personas.filter(pk=UUID(name)))
    except ValueError:
        ids = [pk for pk, own_name in personas.values_list("pk", "name") if name in _names(own_name)]
        matches = list(personas.filter(pk__in=ids))
    if len(matches) > 1:
        raise errors.model_not_found(f"{len(matches)} personas have this name. Use the id; GET /v1/models lists them.")
    if not matches:
        raise errors.model_not_found()
    return matches[0]


def _names(name: str) -> Iterator[str]:
    yield name
    yield slugify(name, allow_unicode=True)


def _of_persona(persona: Persona) -> dict[str, Any]:
    owner = "afterword" if persona.is_shared else "you"
    created = int(persona.created_at.timestamp())
    return _entry(str(persona.pk), owned_by=owner, created=created) | {"name": persona.name}


def _entry(name: str, *, owned_by: str, created: int = 0) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": owned_by}
