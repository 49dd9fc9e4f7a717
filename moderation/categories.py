"""What texts are judged for."""

from enum import StrEnum


class Category(StrEnum):
    """OpenAI's published taxonomy, with `illicit`, `pii` and `jailbreak` added."""

    HATE = "hate"
    HATE_THREATENING = "hate/threatening"
    HARASSMENT = "harassment"
    HARASSMENT_THREATENING = "harassment/threatening"
    SELF_HARM = "self-harm"
    SELF_HARM_INTENT = "self-harm/intent"
    SELF_HARM_INSTRUCTIONS = "self-harm/instructions"
    SEXUAL = "sexual"
    SEXUAL_MINORS = "sexual/minors"
    VIOLENCE = "violence"
    VIOLENCE_GRAPHIC = "violence/graphic"
    ILLICIT = "illicit"
    PII = "pii"
    JAILBREAK = "jailbreak"


class ClassifierUnavailable(Exception):
    """The classifier cannot judge. Callers must refuse the text, because the filter fails closed."""
