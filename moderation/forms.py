from datetime import timedelta
from typing import Any

from django import forms
from django.forms import BaseFormSet

from accounts import countries
from accounts.form_fields import Words
from moderation.desk import cases
from moderation.filter.policy import RuleSpec
from moderation.models import ActionKind, AppealOutcome, CaseStatus, Direction, RuleAction
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
        choices=[(CaseStatus.OPEN, "Open"), (CaseStatus.DECIDED, "Decided")], required=False, label="Cases"
    )
    category = forms.ChoiceField(
        choices=[("", "All categories"), *CATEGORY_CHOICES, *SIGN_CHOICES], required=False, label="About"
    )


class DecisionForm(forms.Form):
    kind = forms.ChoiceField(choices=ActionKind.choices, widget=forms.RadioSelect, label="Decision")
    days = forms.IntegerField(
        min_value=1,
        max_value=365,
        initial=cases.SUSPENSION.days,
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

    def clean_days(self) -> int:
        return self.cleaned_data["days"] or cases.SUSPENSION.days

    def decision(self) -> dict[str, Any]:
        """The arguments of `cases.decide`, from a valid form."""
        data = self.cleaned_data
        return {"kind": data["kind"], "reason": data["reason"], "duration": timedelta(days=data["days"])}


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


class RuleForm(forms.Form):
    """One rule of a new version of the policy."""

    category = forms.ChoiceField(choices=CATEGORY_CHOICES)
    direction = forms.ChoiceField(choices=Direction.choices)
    threshold = forms.FloatField(min_value=0, max_value=1, widget=forms.NumberInput(attrs={"step": "0.01"}))
    action = forms.ChoiceField(choices=RuleAction.choices)
    is_shadow = forms.BooleanField(required=False, help_text="Counted and shown, never applied.")

    def spec(self) -> RuleSpec:
        data = self.cleaned_data
        return RuleSpec(**{field: data[field] for field in self.base_fields})


RuleFormSet = forms.formset_factory(RuleForm, extra=3, can_delete=True)


def specs(rules: "BaseFormSet[RuleForm]") -> list[RuleSpec]:
    """The rules of a valid form set, without the empty rows and the rows marked for deletion."""
    filled = [form for form in rules.forms if form.has_changed() or form.initial]
    return [form.spec() for form in filled if form not in rules.deleted_forms]
