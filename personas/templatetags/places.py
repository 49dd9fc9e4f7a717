"""`{{ line.source_ref|place }}`: a place in a file, in the reader's language."""

import re

from django import template
from django.utils.translation import gettext_lazy, pgettext

register = template.Library()

# Importers name places in English, and so they are stored, because a persona can have readers of two languages.
_NUMBERED = {
    "line": gettext_lazy("line {number}"),
    "page": gettext_lazy("page {number}"),
    "paragraph": gettext_lazy("paragraph {number}"),
    "chapter": gettext_lazy("chapter {number}"),
    "message": gettext_lazy("message {number}"),
    "chat": gettext_lazy("chat {number}"),
    "conversation": gettext_lazy("conversation {number}"),
    "mail": gettext_lazy("mail {number}"),
    "entry": gettext_lazy("entry {number}"),
    "post": gettext_lazy("post {number}"),
    "example": gettext_lazy("example {number}"),
}
_RECORDING = gettext_lazy("recording")
_PART = re.compile(rf"(^|, )(?:({'|'.join(_NUMBERED)}) ([\w?-]+)|recording)(?=, |$)")


@register.filter
def place(source_ref: str) -> str:
    """“chapter 2, paragraph 7” in the reader's language. Names of files and times stay as they are."""
    return _PART.sub(_in_words, source_ref)


def _in_words(match: re.Match[str]) -> str:
    separator = pgettext("between the items of a list", ", ") if match[1] else ""
    words = _NUMBERED[match[2]].format(number=match[3]) if match[2] else _RECORDING
    return f"{separator}{words}"
