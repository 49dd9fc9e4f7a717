"""The forms of the policy pages. They check the shape; the doors in `policy_changes` check the rest."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms import BaseFormSet
from django.utils.translation import gettext_lazy

from accounts.interface.form_fields import Words
from moderation.filter.policy import RuleSpec, TopicSpec
from moderation.filter.policy_versions import LONGEST_BREAK, LONGEST_NAME
from moderation.models import Direction, Policy, RuleAction
from moderation.plain_words import action_in_words, category_choices, category_in_words, speaker_in_words
from moderation.policies.policy_changes import LONGEST_SHADOW


def _topic_actions() -> list[tuple[str, str]]:
    return [(action, action_in_words(action)) for action in (RuleAction.ALLOW, RuleAction.FLAG, RuleAction.BLOCK)]


def _directions() -> list[tuple[str, str]]:
    return [(direction, speaker_in_words(direction)) for direction in Direction]


def _actions() -> list[tuple[str, str]]:
    return [(action, action_in_words(action)) for action in RuleAction]


class ReasonForm(forms.Form):
    reason = Words(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It stays with the version, and moderators read it. Name no person in it."),
        error_messages={"required": gettext_lazy("A change of the policy needs a reason. Say what it is for.")},
    )


class ChangeForm(ReasonForm):
    """A change that becomes active at once, or is tried in shadow for some days."""

    days = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_SHADOW,
        initial=7,
        required=False,
        label=gettext_lazy("Days of a trial in shadow"),
        help_text=gettext_lazy("Used only when you try it in shadow."),
    )

    def clean_days(self) -> int:
        return self.cleaned_data["days"] or 7


class DaysForm(forms.Form):
    days = forms.IntegerField(min_value=1, max_value=LONGEST_SHADOW, label=gettext_lazy("Days back"))


class CompareForm(forms.Form):
    """The other version of a comparison."""

    against = forms.ModelChoiceField(
        queryset=Policy.objects.order_by("-pk"),
        to_field_name="version",
        empty_label=None,
        label=gettext_lazy("Compared with version"),
    )


class DemandsForm(forms.Form):
    """What a policy asks besides its rules."""

    requires_persona_approval = forms.BooleanField(
        required=False,
        label=gettext_lazy("A persona that a person made talks only after its audit and a reviewer’s approval"),
    )
    break_notice_hours = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_BREAK,
        label=gettext_lazy("Hours of continuous use until a person is reminded of breaks and of the AI"),
        help_text=gettext_lazy("New York’s law asks for 3 hours or less, China’s for 2."),
    )
    shows_own_personal_data = forms.BooleanField(
        required=False,
        label=gettext_lazy("A persona may say personal data that its owner’s own words hold, to its owner alone"),
    )


class RuleForm(forms.Form):
    """One rule of a new version of the policy."""

    category = forms.ChoiceField(label=gettext_lazy("About"))
    direction = forms.ChoiceField(choices=_directions, label=gettext_lazy("Where"))
    threshold = forms.FloatField(
        label=gettext_lazy("Probability, at least"),
        min_value=0,
        max_value=1,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    action = forms.ChoiceField(choices=_actions, label=gettext_lazy("Action"))
    is_shadow = forms.BooleanField(required=False, label=gettext_lazy("Only counted"))

    def __init__(self, *args: Any, topics: Sequence[TopicSpec] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of_topics = [(topic.category, category_in_words(topic.category)) for topic in topics]
        self.fields["category"].choices = [*category_choices(), *of_topics]  # type: ignore[attr-defined]

    def spec(self) -> RuleSpec:
        data = self.cleaned_data
        return RuleSpec(
            **{field: data[field] for field in ("category", "direction", "threshold", "action", "is_shadow")}
        )


RuleFormSet = forms.formset_factory(RuleForm, extra=3, can_delete=True)


def specs(rules: "BaseFormSet[RuleForm]") -> list[RuleSpec]:
    """The rules of a valid form set, without the empty rows and the rows marked for deletion."""
    filled = [form for form in rules.forms if form.has_changed() or form.initial]
    return [form.spec() for form in filled if form not in rules.deleted_forms]


class TopicForm(forms.Form):
    name = forms.CharField(
        max_length=LONGEST_NAME,
        label=gettext_lazy("The topic"),
        help_text=gettext_lazy("In a few words, as in “elections”."),
    )
    examples = Words(
        widget=forms.Textarea(attrs={"rows": 12}),
        max_length=20_000,
        label=gettext_lazy("Example sentences, one in a line"),
        help_text=(
            gettext_lazy(
                "Write sentences as people ask them and as a persona would answer, in each language of the site. "
                "About twelve in each language recognise a topic well; three are the least."
            )
        ),
    )
    user = forms.ChoiceField(choices=_topic_actions, label=gettext_lazy("Action in what a person writes"))
    persona = forms.ChoiceField(choices=_topic_actions, label=gettext_lazy("Action in what a persona says"))

    def clean_examples(self) -> tuple[str, ...]:
        lines = (line.strip() for line in self.cleaned_data["examples"].split("\n"))
        return tuple(dict.fromkeys(line for line in lines if line))

    def topic(self) -> TopicSpec:
        return TopicSpec(self.cleaned_data["name"], self.cleaned_data["examples"])

    def actions(self) -> dict[str, str]:
        return {direction: self.cleaned_data[direction] for direction in Direction.values}


class PersonaRuleForm(RuleForm, ReasonForm):
    """A rule for one persona, stricter than the policy."""

    persona_id = forms.UUIDField(
        label=gettext_lazy("The persona’s number"),
        help_text=gettext_lazy("It is in the address of the persona’s page, and in that of a case in the admin."),
        error_messages={
            "invalid": gettext_lazy(
                "Enter the number as it stands in the address: 8-4-4-4-12 signs, 0 to 9 and a to f."
            )
        },
    )
    is_shadow = None  # type: ignore[assignment]
    field_order = ("persona_id", "category", "direction", "action", "threshold", "reason")

    def spec(self) -> RuleSpec:
        data = self.cleaned_data
        return RuleSpec(data["category"], data["direction"], data["threshold"], data["action"])
