from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy


class Direction(models.TextChoices):
    USER = "user", gettext_lazy("from the person")
    PERSONA = "persona", gettext_lazy("from the persona")


class RuleAction(models.TextChoices):
    """The action on a text at or above a rule's threshold. The strongest of all matching rules counts."""

    ALLOW = "allow", gettext_lazy("allow")
    FLAG = "flag", gettext_lazy("flag")  # passes, with a finding for the conversation's case
    MASK = "mask", gettext_lazy("mask")  # passes with its spans of personal data replaced
    BLOCK = "block", gettext_lazy("withhold")
    CRISIS = "crisis", gettext_lazy("crisis notice")  # the site answers with the crisis notice instead of the persona


class Policy(models.Model):
    """A version of the rules. Exactly one is active. Its content never changes: a change makes a new version.

    A version that has never been active (`activated_at` is null) is a draft.
    """

    version = models.CharField(gettext_lazy("version"), max_length=32, unique=True)
    is_active = models.BooleanField(gettext_lazy("in use"), default=False)
    created_at = models.DateTimeField(gettext_lazy("created"), auto_now_add=True)
    activated_at = models.DateTimeField(
        gettext_lazy("last activated"), null=True, help_text="When it last became active; null for a draft."
    )
    shadow_until = models.DateTimeField(
        gettext_lazy("tried until"), null=True, help_text="Until then the draft is tried beside the active version."
    )
    shadow_since = models.DateTimeField(gettext_lazy("tried since"), null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_from = models.CharField(
        gettext_lazy("made from"), max_length=64, blank=True, help_text="preset:<name> or version:<version>, if any."
    )
    reason = models.TextField(gettext_lazy("reason"), blank=True, help_text="Why it was made.")
    requires_persona_approval = models.BooleanField(
        gettext_lazy("personas need approval"),
        default=False,
        help_text="A persona that a person made talks only after its audit and a reviewer's approval.",
    )
    break_notice_hours = models.PositiveSmallIntegerField(
        gettext_lazy("reminder of breaks after (hours)"),
        default=2,
        help_text="Hours of continuous use after which a person is reminded of breaks and of the AI: 1 to 3.",
    )
    shows_own_personal_data = models.BooleanField(
        gettext_lazy("own personal data is shown"),
        default=False,
        help_text="A persona may say personal data that its owner's own words hold, to its owner alone.",
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
    name = models.CharField(gettext_lazy("name"), max_length=24)
    examples = models.JSONField(
        gettext_lazy("examples"), help_text=gettext_lazy("Sentences of the topic, in any language.")
    )

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
    category = models.CharField(gettext_lazy("category"), max_length=32)
    direction = models.CharField(gettext_lazy("direction"), max_length=8, choices=Direction)
    threshold = models.FloatField(gettext_lazy("threshold"))
    action = models.CharField(gettext_lazy("action"), max_length=8, choices=RuleAction)
    is_shadow = models.BooleanField(
        gettext_lazy("tried only"), default=False, help_text=gettext_lazy("Counted and shown, never applied.")
    )

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

    id = models.UUIDField("ID", primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True)
    conversation_id = models.UUIDField(gettext_lazy("conversation"), null=True, db_index=True)
    message_id = models.UUIDField(gettext_lazy("message"), null=True)
    direction = models.CharField(gettext_lazy("direction"), max_length=8, choices=Direction)
    action = models.CharField(gettext_lazy("action"), max_length=8, choices=RuleAction)
    category = models.CharField(gettext_lazy("category"), max_length=32, blank=True)
    probabilities = models.JSONField(gettext_lazy("probabilities"), default=dict)
    set_aside = models.JSONField(
        gettext_lazy("set aside"),
        default=list,
        help_text="Categories whose scores must not withhold this text, because it speaks of a death.",
    )
    level = models.CharField(
        gettext_lazy("crisis level"),
        max_length=16,
        blank=True,
        help_text="Crisis level of a user's text: grief … imminent.",
    )
    is_imported = models.BooleanField(default=False, help_text="Of an imported conversation: no notice was shown.")
    policy_version = models.CharField(gettext_lazy("version of the policy"), max_length=32)
    classifier_version = models.CharField(gettext_lazy("version of the classifier"), max_length=128)
    trial_version = models.CharField(max_length=32, blank=True, help_text="The version of the heads tried in shadow.")
    trial_action = models.CharField(max_length=8, choices=RuleAction, blank=True, help_text="What it would have done.")
    trial_category = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(gettext_lazy("time"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = gettext_lazy("assessment")
        verbose_name_plural = gettext_lazy("assessments")
