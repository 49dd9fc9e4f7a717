"""What a person chose about a persona's memory of them.

Within a conversation a persona remembers, because a talk that forgets its own beginning fails its purpose. Across
conversations it remembers too, unless the person switches it off: people come back to a persona to go on, each reply
says what it recalled, and the page shows, corrects and forgets every line. For a person under 18 recall across
conversations is off until they switch it on. New York's law on AI companions (GBL art. 47) begins with personalising
from earlier sessions, and the more private setting is the better default for a child (GDPR, art. 25).
"""

from dataclasses import dataclass

from accounts.models import User
from accounts.sign_in import ages
from personas.memory.models import MemoryChoice
from personas.models import Persona


@dataclass(frozen=True)
class Choice:
    is_on: bool  # whether anything is remembered and recalled
    is_across: bool  # whether one conversation recalls what was said in another


def choice_of(user: User, persona: Persona) -> Choice:
    stored = MemoryChoice.objects.filter(owner=user, persona=persona).first()
    if stored is None:
        return Choice(is_on=True, is_across=not ages.is_minor(user))
    return Choice(stored.is_on, stored.is_across)


def choose(*, user: User, persona: Persona, choice: Choice) -> None:
    """Stores the choice. What is remembered already stays until it is forgotten; switched off, nothing recalls it."""
    values = {"is_on": choice.is_on, "is_across": choice.is_across}
    MemoryChoice.objects.update_or_create(owner=user, persona=persona, defaults=values)
