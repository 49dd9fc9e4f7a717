"""The owner's details for a new model. Everything else is read from its files."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField

from generation.catalogue.local_models import LocalModel
from generation.catalogue.packaged import CONTEXT_TOKENS, MIN_CONTEXT_TOKENS
from generation.models import PromptForms


class AddModelForm(forms.Form):
    title = forms.CharField(max_length=80, help_text="The name that people see.")
    name = forms.SlugField(max_length=64, help_text="The name for programs: small letters, digits and hyphens.")
    prompt_form = forms.ChoiceField()
    context_length = forms.IntegerField(min_value=MIN_CONTEXT_TOKENS)
    languages = SimpleArrayField(
        forms.CharField(max_length=16),
        max_length=40,
        required=False,
        help_text="Language tags, separated by commas, such as en,zh.",
    )
    licence = forms.CharField(max_length=200, required=False, help_text="The licence's name, such as Apache-2.0.")

    def __init__(self, local: LocalModel, data: Mapping[str, Any] | None) -> None:
        title = local.path.stem if local.is_gguf else local.path.name
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        length = min(CONTEXT_TOKENS, local.longest)
        initial = {"title": title[:80], "name": name[:64], "context_length": length}
        super().__init__(data, initial=initial)
        forms_ = PromptForms.choices if local.has_chat_template else PromptForms.choices[:1]
        self.fields["prompt_form"] = forms.ChoiceField(choices=forms_)
        self.fields["context_length"] = forms.IntegerField(
            min_value=MIN_CONTEXT_TOKENS,
            max_value=local.longest,
            help_text=f"The context length in tokens, at most {local.longest}. A longer context costs time and memory.",
        )
