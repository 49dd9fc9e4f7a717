"""What the owner says of a model that is added; the rest is read from its files."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField

from generation.catalogue.local_models import LocalModel
from generation.catalogue.packaged import CONTEXT_TOKENS, MIN_CONTEXT_TOKENS
from generation.models import PromptForms


class AddModelForm(forms.Form):
    title = forms.CharField(max_length=80, help_text="How people see it.")
    name = forms.SlugField(max_length=64, help_text="Small letters, digits and hyphens; programs call it by this.")
    prompt_form = forms.ChoiceField()
    context_length = forms.IntegerField(min_value=MIN_CONTEXT_TOKENS)
    languages = SimpleArrayField(
        forms.CharField(max_length=16), max_length=40, required=False, help_text="Such as en,zh. Separate with commas."
    )
    licence = forms.CharField(max_length=200, required=False, help_text="As its makers name it, such as Apache-2.0.")

    def __init__(self, found: LocalModel, data: Mapping[str, Any] | None) -> None:
        title = found.path.stem if found.is_gguf else found.path.name
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        length = min(CONTEXT_TOKENS, found.longest)
        initial = {"title": title[:80], "name": name[:64], "context_length": length}
        super().__init__(data, initial=initial)
        forms_ = PromptForms.choices if found.has_chat_template else PromptForms.choices[:1]
        self.fields["prompt_form"] = forms.ChoiceField(choices=forms_)
        self.fields["context_length"] = forms.IntegerField(
            min_value=MIN_CONTEXT_TOKENS,
            max_value=found.longest,
            help_text=f"Tokens that it reads at once, at most {found.longest}. A longer window costs time and memory.",
        )
