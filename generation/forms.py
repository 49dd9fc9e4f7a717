"""The owner's details for a new model of this machine, and for a server. Everything else comes from them."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.translation import gettext, gettext_lazy

from generation.catalogue.local_models import LocalModel
from generation.catalogue.packaged import CONTEXT_TOKENS, MIN_CONTEXT_TOKENS
from generation.models import EngineEntry, PromptForms
from generation.trials import servers
from text import cleaning

_MOST_TOKENS = 2**31 - 1  # the largest value of a column


class AddModelForm(forms.Form):
    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=80, help_text=gettext_lazy("The name that people see.")
    )
    name = forms.SlugField(
        label=gettext_lazy("Name"),
        max_length=64,
        help_text=gettext_lazy("The name for programs: small letters, digits and hyphens."),
    )
    prompt_form = forms.ChoiceField()
    context_length = forms.IntegerField(min_value=MIN_CONTEXT_TOKENS)
    languages = SimpleArrayField(
        forms.CharField(max_length=16),
        label=gettext_lazy("Languages"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Language tags, separated by commas, such as en,zh."),
    )
    licence = forms.CharField(
        label=gettext_lazy("Licence"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("The licence's name, such as Apache-2.0."),
    )

    def __init__(self, local: LocalModel, data: Mapping[str, Any] | None) -> None:
        title = local.path.stem if local.is_gguf else local.path.name
        name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        length = min(CONTEXT_TOKENS, local.longest)
        initial = {"title": title[:80], "name": name[:64], "context_length": length}
        super().__init__(data, initial=initial)
        forms_ = PromptForms.choices if local.has_chat_template else PromptForms.choices[:1]
        self.fields["prompt_form"] = forms.ChoiceField(
            label=gettext("Prompt form"), choices=forms_, initial=local.usual_prompt_form
        )
        self.fields["context_length"] = forms.IntegerField(
            label=gettext("Window"),
            min_value=MIN_CONTEXT_TOKENS,
            max_value=local.longest,
            help_text=gettext(
                "The context length in tokens, at most %(longest)s. A longer context costs time and memory."
            )
            % {"longest": local.longest},
        )


class ServerForm(forms.Form):
    """A server with OpenAI's interface. The rules for its columns are those of `EngineEntry`."""

    base_url = forms.CharField(
        max_length=200,
        label=gettext_lazy("Address"),
        validators=EngineEntry._meta.get_field("base_url").validators,
        help_text=gettext_lazy("Such as http://127.0.0.1:8080/v1 or https://provider.example/v1."),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    key_variable = forms.CharField(
        max_length=64,
        required=False,
        label=gettext_lazy("Variable with the key"),
        validators=EngineEntry._meta.get_field("key_variable").validators,
        help_text=gettext_lazy(
            "The key itself is not entered and not stored here. Put it into an environment variable of the "
            "generation worker, such as PROVIDER_API_KEY, or into the file that PROVIDER_API_KEY_FILE names, and "
            "write the "
            "variable’s name here. A server on this machine mostly needs none."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    model = forms.CharField(
        max_length=128,
        required=False,
        label=gettext_lazy("Model"),
        help_text=gettext_lazy("Its name on that server. If you leave this empty, the server is asked for its models."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    context_length = forms.IntegerField(
        min_value=MIN_CONTEXT_TOKENS,
        max_value=_MOST_TOKENS,
        required=False,
        label=gettext_lazy("Window"),
        help_text=gettext_lazy(
            "The tokens that the model reads. If you leave this empty, the site takes what the server says, at "
            "most 8192, or 4096 if it says nothing."
        ),
    )
    prompt_form = forms.ChoiceField(
        choices=[
            ("chat", gettext_lazy("The model’s own chat template")),
            ("transcript", gettext_lazy("Plain text, for base models")),
        ],
        required=False,
        label=gettext_lazy("Prompt form"),
    )

    def clean_base_url(self) -> str:
        address = cleaning.clean_line(self.cleaned_data["base_url"]).rstrip("/")
        try:
            is_own, parts = servers.is_this_site(address), urlsplit(address)
        except ValueError:
            raise forms.ValidationError(gettext("This address has no valid host or port.")) from None
        if is_own:
            raise forms.ValidationError(
                gettext("This is the address of this site itself. Enter the address of the server.")
            )
        return address if parts.path else f"{address}/v1"

    def clean_model(self) -> str:
        return cleaning.clean_line(self.cleaned_data["model"])

    def clean_prompt_form(self) -> str:
        return self.cleaned_data["prompt_form"] or "chat"
