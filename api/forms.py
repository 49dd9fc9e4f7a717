from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.interface.form_fields import Words
from accounts.models import User
from api import keys
from api.models import Scope


class KeyForm(forms.Form):
    """A new key's label, scopes and limits per day."""

    label = Words(label=_("What it is for"), max_length=80, help_text=_("To recognise it by, such as “laptop”."))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = keys.scopes_for(user)
        self.fields["scopes"] = forms.MultipleChoiceField(
            label=_("What it opens"),
            widget=forms.CheckboxSelectMultiple,
            choices=[(scope.value, scope.label) for scope in scopes],
            initial=[scope for scope in scopes if scope != Scope.BASE],
        )
        for name, label, limit in (
            ("messages_per_day", _("Messages a day"), settings.API_MESSAGES_PER_DAY),
            ("tokens_per_day", _("Tokens a day"), settings.API_TOKENS_PER_DAY),
        ):
            self.fields[name] = forms.IntegerField(label=label, min_value=1, max_value=limit, initial=limit)
