"""What a person types about a story: shape and size. The doors judge the words."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.interface.form_fields import Words
from moderation.plain_words import category_choices
from moderation.talk import Turn
from stories.models import Dial
from text import graphemes


class StoryForm(forms.Form):
    title = Words(max_length=120, required=False, label=_("Title"))
    premise = Words(
        max_length=2_000,
        required=False,
        label=_("What it is about"),
        help_text=_("For the narrator: who is in it, where it takes place, in which tone. It is no part of the text."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ChapterForm(forms.Form):
    title = Words(max_length=120, required=False, label=_("Title of the chapter"))
    summary = Words(
        max_length=500,
        required=False,
        label=_("What happens in it"),
        help_text=_("The narrator reads this when the story has grown longer than it can read at once."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class PassageForm(forms.Form):
    """The box for the next passage."""

    text = Words(max_length=settings.MESSAGE_CHARACTERS, label=_("The next words of the story"))


class DialForm(forms.Form):
    dial = forms.ChoiceField(choices=Dial.choices, label=_("How it goes on"), widget=forms.RadioSelect)


class ReportForm(forms.Form):
    words = forms.ChoiceField(label=_("Which words"), widget=forms.RadioSelect)
    category = forms.ChoiceField(choices=category_choices, label=_("What is wrong with them"))

    def __init__(self, *args: Any, words: Mapping[UUID, Turn]) -> None:
        super().__init__(*args)
        self.fields["words"].choices = [  # type: ignore[attr-defined]  # the stubs know a plain field
            (str(key), graphemes.beginning(turn.text, 120)) for key, turn in words.items()
        ]
