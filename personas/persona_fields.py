"""What an owner says of a persona."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from personas import judging
from personas.models import Persona


@dataclass(frozen=True)
class PersonaFields:
    """The values that an owner gives a persona. `examples` are exchanges of [speaker, text], "user" or "persona"."""

    name: str
    depicts: str
    relation: str = ""
    calls_user: str = ""
    description: str = ""
    scenario: str = ""
    opening_line: str = ""
    sayings: list[str] = field(default_factory=list)
    examples: list[list[list[str]]] = field(default_factory=list)
    language: str = "en"
    sampling: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text of it that a prompt or a page may show, as (label, text)."""
        yield from (
            (gettext("its name"), self.name),
            (gettext("how it relates to you"), self.relation),
            (gettext("what it calls you"), self.calls_user),
            (gettext("its description"), self.description),
            (gettext("where and when it is"), self.scenario),
            (gettext("its opening line"), self.opening_line),
        )
        yield from ((gettext("what it says"), saying) for saying in self.sayings)
        yield from ((gettext("a sample exchange"), text) for exchange in self.examples for _, text in exchange)
        yield from judging.card_texts(self.card)


def fields_of(persona: Persona) -> Mapping[str, Any]:
    """The present values of a persona's PersonaFields."""
    return {name: getattr(persona, name) for name in PersonaFields.__dataclass_fields__}
