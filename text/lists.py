"""Words in a row, as a sentence lists them."""

from collections.abc import Sequence

from django.utils.translation import gettext, pgettext


def listed(words: Sequence[object]) -> str:
    """`a, b and c`, in the language of the interface."""
    *before, last = [str(word) for word in words] or [""]
    if not before:
        return last
    return gettext("%(before)s and %(last)s") % {"before": joined(before), "last": last}


def joined(words: Sequence[object]) -> str:
    """`a, b, c`, in the language of the interface."""
    return pgettext("between the items of a list", ", ").join(map(str, words))
