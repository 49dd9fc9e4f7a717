"""Cues in words, for the details of findings, in the language of their reader."""

from collections.abc import Sequence

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from text import lists

_WORDS = {
    "means": _("means"),
    "plan": _("a plan"),
    "farewell": _("a farewell"),
    "giving_away": _("things given away"),
    "low": _("low mood"),
    "sleepless": _("lost sleep"),
    "isolation": _("distance from other people"),
    "groom_age": _("a question about age or school"),
    "groom_flattery": _("flattery"),
    "groom_secrecy": _("a wish for secrecy"),
    "groom_gift": _("gifts"),
    "groom_picture": _("a wish for pictures"),
    "groom_touch": _("talk of touch"),
    "groom_meeting": _("a wish to meet"),
}


def of(cue: str) -> Promise:
    return _WORDS[cue]


def listed(words: Sequence[str | Promise]) -> str | Promise:
    """`a, b and c`"""
    return _listed(words)


_listed = lazy(lists.listed, str)
