from collections.abc import Collection
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from accounts.interface import countries
from accounts.interface.form_fields import Words
from accounts.models import Role, User
from moderation.desk import cases, claims, effects, labels
from moderation.models import ActionKind, AppealOutcome, CaseStatus, Queue
from moderation.plain_words import category_choices, sign_choices

# The audit trail keeps one of these keys. It keeps no free text, because it is never erased.
REVEAL_REASONS = {
    "who_is_in_danger": gettext_lazy("To see who is in danger"),
    "what_is_threatened": gettext_lazy("To see what is threatened or asked for"),
    "masking_hides_the_sense": gettext_lazy("Because the masking hides the sense"),
    "words_decide": gettext_lazy("Because the words themselves decide the case"),
}


class CountryForm(forms.Form):
    country = forms.ChoiceField(choices=countries.choices, required=False, label=gettext_lazy("Where you are"))


class QueueFilterForm(forms.Form):
    status = forms.ChoiceField(
        choices=[
            (CaseStatus.OPEN, gettext_lazy("Open")),
            (CaseStatus.PENDING_SECOND, gettext_lazy("Waiting for a second person")),
            (CaseStatus.DECIDED, gettext_lazy("Decided")),
        ],
        required=False,
        label=gettext_lazy("Cases"),
    )
    queue = forms.ChoiceField(
        choices=[("", gettext_lazy("All queues")), *Queue.choices], required=False, label=gettext_lazy("Queue")
    )
    category = forms.ChoiceField(
        choices=lambda: [("", gettext("All categories")), *category_choices(), *sign_choices()],
        required=False,
        label=gettext_lazy("About"),
    )
    after = forms.UUIDField(required=False, widget=forms.HiddenInput)
    before = forms.UUIDField(required=False, widget=forms.HiddenInput)


class GiveBackForm(forms.Form):
    """A claim that its moderator gives back: released, skipped with a reason, or moved to another queue."""

    act = forms.ChoiceField(choices=[("release", "release"), ("skip", "skip"), ("move", "move")])
    reason = forms.ChoiceField(
        choices=lambda: [(key, gettext(words)) for key, words in claims.SKIP_REASONS.items()],
        required=False,
        label=gettext_lazy("Why you skip it"),
    )
    queue = forms.ChoiceField(choices=Queue.choices, required=False, label=gettext_lazy("The queue that it belongs in"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("act") == "skip" and not data.get("reason"):
            raise forms.ValidationError(gettext("Choose a reason for skipping the case."))
        if data.get("act") == "move" and not data.get("queue"):
            raise forms.ValidationError(gettext("Choose the queue that the case belongs in."))
        return data


class LabelledForm(forms.Form):
    """A decision with its labels, also of somebody who reviews another's decision."""

    kind = forms.ChoiceField(choices=ActionKind.choices, widget=forms.RadioSelect, label=gettext_lazy("Decision"))
    labels = forms.MultipleChoiceField(
        choices=labels.choices,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("What was broken"),
        error_messages={"required": gettext_lazy(labels.MISSING)},
    )

    def offer(self, kinds: Collection[ActionKind]) -> None:
        """Shows these decisions alone (compliance R21)."""
        field = cast(forms.ChoiceField, self.fields["kind"])
        field.choices = [(kind.value, kind.label) for kind in kinds]

    def put_first(self, categories: Collection[str]) -> None:
        """Shows “no violation” and the labels of these categories before all others."""
        first = {labels.NO_VIOLATION, *categories}
        field = cast(forms.MultipleChoiceField, self.fields["labels"])
        field.choices = sorted(labels.choices(), key=lambda choice: choice[0] not in first)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "kind" in data and "labels" in data and (fault := labels.fault(ActionKind(data["kind"]), data["labels"])):
            self.add_error("labels", fault)
        return data


class ReviewForm(LabelledForm):
    """What a reviewer would have decided (compliance R31)."""

    reason = Words(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("For reviewers."),
    )


class DecisionForm(LabelledForm):
    days = forms.IntegerField(
        min_value=1,
        max_value=365,
        initial=effects.SUSPENSION.days,
        required=False,
        label=gettext_lazy("Days of a suspension"),
        help_text=gettext_lazy("Used only when you suspend the person."),
    )
    reason = Words(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy(
            "Say what you saw and why you decide so. The person reads this: name no other person in it."
        ),
        error_messages={"required": gettext_lazy("A decision needs a reason. Say what you saw and why you decide so.")},
    )

    token = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean_days(self) -> int:
        return self.cleaned_data["days"] or effects.SUSPENSION.days

    def decision(self) -> dict[str, Any]:
        """The arguments of `cases.decide`, from a valid form."""
        data = self.cleaned_data
        return {
            "kind": data["kind"],
            "reason": data["reason"],
            "labels": data["labels"],
            "duration": timedelta(days=data["days"]),
            "token": data["token"],
        }


class SecondForm(forms.Form):
    """The second person's answer to a decision that needs two people."""

    is_confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)
    reason = Words(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
        required=False,
        label=gettext_lazy("Why you do not confirm it"),
    )


class NoteForm(forms.Form):
    text = Words(widget=forms.Textarea(attrs={"rows": 2}), max_length=4000, label=gettext_lazy("Note"))
    is_question = forms.BooleanField(required=False, label=gettext_lazy("Ask the other reviewers for a second opinion"))


class FiguresForm(forms.Form):
    DEFAULT = 30
    days = forms.ChoiceField(
        choices=[
            ("7", gettext_lazy("7 days")),
            ("30", gettext_lazy("30 days")),
            ("90", gettext_lazy("90 days")),
            ("365", gettext_lazy("a year")),
        ],
        initial=str(DEFAULT),
        required=False,
        label=gettext_lazy("The last"),
    )


class OptOutForm(forms.Form):
    categories = forms.MultipleChoiceField(
        choices=category_choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=gettext_lazy("Categories that you do not want to be served"),
    )


class QueueForm(forms.Form):
    """What a queue offers, and to whom (compliance R21)."""

    hidden = forms.MultipleChoiceField(
        choices=[(kind.value, kind.label) for kind in ActionKind if kind != ActionKind.DISMISS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=gettext_lazy("Decisions that it does not offer"),
    )
    reviewers = forms.ModelMultipleChoiceField(
        queryset=User.objects.filter(role=Role.MODERATOR, is_active=True).order_by("username"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=gettext_lazy("Who works on it"),
    )


class PauseForm(forms.Form):
    hours = forms.ChoiceField(
        choices=[
            ("1", pgettext_lazy("a length of time", "an hour")),
            ("4", gettext_lazy("half a day")),
            ("24", gettext_lazy("a day")),
            ("168", gettext_lazy("a week")),
        ],
        label=gettext_lazy("Pause for"),
    )


class RevealForm(forms.Form):
    what = forms.ChoiceField(choices=[(what, what) for what in cases.REVEALABLE], widget=forms.HiddenInput)
    reason = forms.ChoiceField(choices=list(REVEAL_REASONS.items()), label=gettext_lazy("Why you need to see it"))


class LiftForm(forms.Form):
    reason = Words(widget=forms.Textarea(attrs={"rows": 3}), max_length=4000, label=gettext_lazy("Why it is lifted"))


class AppealForm(forms.Form):
    text = Words(
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=8000,
        label=gettext_lazy("Why you think that the decision is wrong"),
    )


class AnswerForm(forms.Form):
    outcome = forms.ChoiceField(choices=AppealOutcome.choices, widget=forms.RadioSelect, label=gettext_lazy("Outcome"))
    answer = Words(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        label=gettext_lazy("Answer"),
        help_text=gettext_lazy("The person reads this."),
    )
