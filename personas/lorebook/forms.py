"""The form for one entry of a lorebook."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.interface.form_fields import Words
from personas.lorebook.book import MOST_KEYS
from personas.lorebook.editing import Written
from text import cleaning

_LONGEST_KEY = 200  # characters
_LONGEST = 10_000


class EntryForm(forms.Form):
    keys = Words(
        label=_("Words that call for it"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One on each line. The entry is added when the talk comes to one of them."),
    )
    content = Words(
        label=_("What the persona knows then"),
        max_length=_LONGEST,
        widget=forms.Textarea(attrs={"rows": 6, "class": "words"}),
    )
    constant = forms.BooleanField(label=_("Always in the prompt"), required=False)
    enabled = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def clean_keys(self) -> list[str]:
        lines = (cleaning.clean_line(line).strip() for line in self.cleaned_data["keys"].split("\n"))
        keys = list(dict.fromkeys(filter(None, lines)))
        if len(keys) > MOST_KEYS:
            raise forms.ValidationError(gettext("An entry has at most {most} words.").format(most=MOST_KEYS))
        if any(len(key) > _LONGEST_KEY for key in keys):
            raise forms.ValidationError(gettext("A word has at most {most} characters.").format(most=_LONGEST_KEY))
        return keys

    def clean_content(self) -> str:
        return cleaning.clean(self.cleaned_data["content"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("keys") and not cleaned.get("constant") and "keys" not in self.errors:
            self.add_error("keys", gettext("Write a word that calls for it, or have it always in the prompt."))
        return cleaned

    def written(self) -> Written:
        return Written(**self.cleaned_data)


def initial_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    keys = entry.get("keys")
    return {
        "keys": "\n".join(key for key in keys if isinstance(key, str)) if isinstance(keys, list) else "",
        "content": entry.get("content", ""),
        "constant": entry.get("constant") is True,
        "enabled": entry.get("enabled") is not False,
    }
