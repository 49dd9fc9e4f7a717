"""Whether the words that a persona is made of hold a piece of personal data, so that its owner knows it already."""

from personas.models import Persona


def hold(persona: Persona, words: str) -> bool:
    """Whether a passage or the description holds exactly these words. Blanks at their ends do not count."""
    words = words.strip()
    return words in persona.description or persona.passages.filter(text__contains=words).exists()
