from collections.abc import Collection
from datetime import timedelta
from typing import Any, cast

from django import forms

from accounts import countries
from accounts.form_fields import Words
from accounts.models import Role, User
from moderation.desk import cases, claims, effects, labels
from moderation.models import ActionKind, AppealOutcome, CaseStatus, Queue
from moderation.plain_words import CATEGORY_CHOICES, SIGN_CHOICES

# The audit trail keeps one of these keys. It keeps no free text, because it is never erased.
REVEAL_REASONS = {
    "who_is_in_danger": "To see who is in danger",
    "what_is_threatened": "To see what is threatened or asked for",
    "masking_hides_the_sense": "Because the masking hides the sense",
    "words_decide": "Because the words themselves decide the case",
}


class CountryForm(forms.Form):
    country = forms.ChoiceField(choices=countries.choices, required=False, label="Where you are")


class QueueFilterForm(forms.Form):
    status = forms.ChoiceField(
        choices=[
            (CaseStatus.OPEN, "Open"),
            (CaseStatus.PENDING_SECOND, "Waiting for a second person"),
            (CaseStatus.DECIDED, "Decided"),
        ],
        required=False,
        label="Cases",
    )
    queue = forms.ChoiceField(choices=[("", "All queues"), *Queue.choices], required=False, label="Queue")
    category = forms.ChoiceField(
        choices=[("", "All categories"), *CATEGORY_CHOICES, *SIGN_CHOICES], required=False, label="About"
    )
    after = forms.UUIDField(required=False, widget=forms.HiddenInput)
    before = forms.UUIDField(required=False, widget=forms.HiddenInput)


class GiveBackForm(forms.Form):
    """A claim that its moderator gives back: released, skipped with a reason, or moved to another queue."""

    act = forms.ChoiceField(choices=[("release", "release"), ("skip", "skip"), ("move", "move")])
    reason = forms.ChoiceField(choices=list(claims.SKIP_REASONS.items()), required=False, label="Why you skip it")
    queue = forms.ChoiceField(choices=Queue.choices, required=False, label="The queue that it belongs in")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("act") == "skip" and not data.get("reason"):
            raise forms.ValidationError("Choose a reason for skipping the case.")
        if data.get("act") == "move" and not data.get("queue"):
            raise forms.ValidationError("Choose the queue that the case belongs in.")
        return data


class LabelledForm(forms.Form):
    """A decision with its labels, also of somebody who reviews another's decision."""

    kind = forms.ChoiceField(choices=ActionKind.choices, widget=forms.RadioSelect, label="Decision")
    labels = forms.MultipleChoiceField(
        choices=labels.CHOICES,
        widget=forms.CheckboxSelectMultiple,
        label="What was broken",
        error_messages={"required": labels.MISSING},
    )

    def offer(self, kinds: Collection[ActionKind]) -> None:
        """Shows these decisions alone (compliance R21)."""
        field = cast(forms.ChoiceField, self.fields["kind"])
        field.choices = [(kind.value, kind.label) for kind in kinds]

    def put_first(self, categories: Collection[str]) -> None:
        """Shows “no violation” and the labels of these categories before all others."""
        first = {labels.NO_VIOLATION, *categories}
        field = cast(forms.MultipleChoiceField, self.fields["labels"])
        field.choices = sorted(labels.CHOICES, key=lambda choice: choice[0] not in first)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "kind" in data and "labels" in data and (fault := labels.fault(ActionKind(data["kind"]), data["labels"])):
            self.add_error("labels", fault)
        return data


class ReviewForm(LabelledForm):
    """What a reviewer would have decided (compliance R31)."""

    reason = Words(
        widget=forms.Textarea(attrs={"rows": 4}), max_length=4000, label="Reason", help_text="For reviewers."
    )


class DecisionForm(LabelledForm):
    days = forms.IntegerField(
        min_value=1,
        max_value=365,
        initial=effects.SUSPENSION.days,
        required=False,
        label="Days of a suspension",
        help_text="Used only when you suspend the person.",
    )
    reason = Words(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        label="Reason",
        help_text="Say what you saw and why you decide so. The person reads this: name no other person in it.",
        error_messages={"required": "A decision needs a reason. Say what you saw and why you decide so."},
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
        widget=forms.Textarea(attrs={"rows": 3}), max_length=4000, required=False, label="Why you do not confirm it"
    )


class NoteForm(forms.Form):
    text = Words(widget=forms.Textarea(attrs={"rows": 2}), max_length=4000, label="Note")
    is_question = forms.BooleanField(required=False, label="Ask the other reviewers for a second opinion")


class FiguresForm(forms.Form):
    DEFAULT = 30
    days = forms.ChoiceField(
        choices=[("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "a year")],
        initial=str(DEFAULT),
        required=False,
        label="The last",
    )


class OptOutForm(forms.Form):
    categories = forms.MultipleChoiceField(
        choices=CATEGORY_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label="Categories that you do not want to be served",
    )


class QueueForm(forms.Form):
    """What a queue offers, and to whom (compliance R21)."""

    hidden = forms.MultipleChoiceField(
        choices=[(kind.value, kind.label) for kind in ActionKind if kind != ActionKind.DISMISS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label="Decisions that it does not offer",
    )
    reviewers = forms.ModelMultipleChoiceField(
        queryset=User.objects.filter(role=Role.MODERATOR, is_active=True).order_by("username"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label="Who works on it",
    )


class PauseForm(forms.Form):
    hours = forms.ChoiceField(
        choices=[("1", "an hour"), ("4", "half a day"), ("24", "a day"), ("168", "a week")], label="Pause for"
    )


class RevealForm(forms.Form):
    what = forms.ChoiceField(choices=[(what, what) for what in cases.REVEALABLE], widget=forms.HiddenInput)
    reason = forms.ChoiceField(choices=list(REVEAL_REASONS.items()), label="Why you need to see it")


class LiftForm(forms.Form):
    reason = Words(widget=forms.Textarea(attrs={"rows": 3}), max_length=4000, label="Why it is lifted")


class AppealForm(forms.Form):
    text = Words(
        widget=forms.Textarea(attrs={"rows": 6}), max_length=8000, label="Why you think that the decision is wrong"
    )


class AnswerForm(forms.Form):
    outcome = forms.ChoiceField(choices=AppealOutcome.choices, widget=forms.RadioSelect, label="Outcome")
    answer = Words(
        widget=forms.Textarea(attrs={"rows": 4}), max_length=4000, label="Answer", help_text="The person reads this."
    )
