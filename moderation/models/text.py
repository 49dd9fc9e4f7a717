from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy


class Direction(models.TextChoices):
    USER = "user"
    PERSONA = "persona"


class RuleAction(models.TextChoices):
    """The action on a text at or above a rule's threshold. The strongest of all matching rules counts."""

    ALLOW = "allow"
    FLAG = "flag"  # passes, with a finding for the conversation's case
    MASK = "mask"  # passes with its spans of personal data replaced
    BLOCK = "block"
    CRISIS = "crisis"  # the site answers with the crisis notice instead of the persona


class Policy(models.Model):
    """A version of the rules. Exactly one is active. Its content never changes: a change makes a new version.

    A version that has never been active (`activated_at` is null) is a draft.
    """

    version = models.CharField(max_length=32, unique=True)
    is_active = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    activated_at = models.DateTimeField(null=True, help_text="When it last became active; null for a draft.")
    shadow_until = models.DateTimeField(null=True, help_text="Until then the draft is tried beside the active version.")
    shadow_since = models.DateTimeField(null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_from = models.CharField(max_length=64, blank=True, help_text="preset:<name> or version:<version>, if any.")
    reason = models.TextField(blank=True, help_text="Why it was made.")
    requires_persona_approval = models.BooleanField(
        default=False, help_text="A persona that a person made talks only after its audit and a reviewer's approval."
    )
    break_notice_hours = models.PositiveSmallIntegerField(
        default=2, help_text="Hours of continuous use after which a person is reminded of breaks and of the AI: 1 to 3."
    )
    shows_own_personal_data = models.BooleanField(
        default=False, help_text="A persona may say personal data that its owner's own words hold, to its owner alone."
    )

    class Meta:
        verbose_name = gettext_lazy("policy")
        verbose_name_plural = gettext_lazy("policies")
        constraints = [
            models.UniqueConstraint(fields=["is_active"], condition=models.Q(is_active=True), name="one_active_policy"),
            models.CheckConstraint(
                condition=models.Q(break_notice_hours__gte=1, break_notice_hours__lte=3),
                name="break_notice_within_three_hours",
            ),
        ]

    def __str__(self) -> str:
        return self.version

    @property
    def is_draft(self) -> bool:
        return not self.is_active and self.activated_at is None


class Topic(models.Model):
    """A topic of a version, recognised by its likeness to example sentences. Its rules have its category."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="topics")
    name = models.CharField(max_length=24)
    examples = models.JSONField(help_text="Sentences of the topic, in any language.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["policy", "name"], name="one_topic_per_name")]

    def __str__(self) -> str:
        return self.name


class PersonaRule(models.Model):
    """A rule more, for one persona. It is stricter than the policy, and in force until `ended_at`."""

    persona_id = models.UUIDField(db_index=True)
    category = models.CharField(max_length=32)
    direction = models.CharField(max_length=8, choices=Direction)
    threshold = models.FloatField()
    action = models.CharField(max_length=8, choices=RuleAction)
    reason = models.TextField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["persona_id", "category", "direction", "action"],
                condition=models.Q(ended_at=None),
                name="one_persona_rule_per_category_and_action",
            ),
            models.CheckConstraint(
                condition=models.Q(threshold__gte=0) & models.Q(threshold__lte=1),
                name="persona_threshold_is_a_probability",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.persona_id} {self.category} {self.action}"


class Rule(models.Model):
    """An action on texts of one direction whose probability of `category` is at or above `threshold`."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="rules")
    category = models.CharField(max_length=32)
    direction = models.CharField(max_length=8, choices=Direction)
    threshold = models.FloatField()
    action = models.CharField(max_length=8, choices=RuleAction)
    is_shadow = models.BooleanField(default=False, help_text="Counted and shown, never applied.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "category", "direction", "action", "is_shadow"],
                name="one_rule_per_category_and_action",
            ),
            models.CheckConstraint(
                condition=models.Q(threshold__gte=0) & models.Q(threshold__lte=1), name="threshold_is_a_probability"
            ),
        ]


class Assessment(models.Model):
    """The scores and outcome of a verdict, never the text.

    A plain `allow` below low mood leaves a row only if a draft or a version of the heads in shadow would have acted on
    the text.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True)
    conversation_id = models.UUIDField(null=True, db_index=True)
    message_id = models.UUIDField(null=True)
    direction = models.CharField(max_length=8, choices=Direction)
    action = models.CharField(max_length=8, choices=RuleAction)
    category = models.CharField(max_length=32, blank=True)
    probabilities = models.JSONField(default=dict)
    set_aside = models.JSONField(
        default=list, help_text="Categories whose scores must not withhold this text, because it speaks of a death."
    )
    level = models.CharField(max_length=16, blank=True, help_text="Crisis level of a user's text: grief … imminent.")
    policy_version = models.CharField(max_length=32)
    classifier_version = models.CharField(max_length=128)
    trial_version = models.CharField(max_length=32, blank=True, help_text="The version of the heads tried in shadow.")
    trial_action = models.CharField(max_length=8, choices=RuleAction, blank=True, help_text="What it would have done.")
    trial_category = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = gettext_lazy("assessment")
        verbose_name_plural = gettext_lazy("assessments")
