from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy


class CaseStatus(models.TextChoices):
    OPEN = "open", gettext_lazy("open")
    PENDING_SECOND = (
        "pending_second",
        gettext_lazy("waits for a second person"),
    )  # one person has decided; the decision waits for a second person
    DECIDED = "decided", gettext_lazy("decided")


class Queue(models.TextChoices):
    """Where a case waits. `moderation.desk.routing` chooses, and a moderator can move it."""

    CHILD_SAFETY = "child_safety", gettext_lazy("Child safety")
    CRISIS = "crisis", gettext_lazy("Crisis")
    THREATS = "threats", gettext_lazy("Threats and violence")
    SENIOR = "senior", gettext_lazy("For the owner")
    GENERAL = "general", gettext_lazy("General")


class Source(models.TextChoices):
    MONITOR = "monitor", gettext_lazy("The filter and the monitor")
    REPORT = "report", gettext_lazy("A report")
    OBJECTION = "objection", gettext_lazy("An objection to a persona")


class Case(models.Model):
    """The findings about one conversation, with the turns around them, for a moderator to decide.

    Ids of chat and personas are plain UUIDs, because this room does not know those rooms. `evidence` is a window of
    turns around each finding; a reviewer sees nothing else of the conversation.

    Only the owner and moderators with the permission `moderation.review_child_safety` see a restricted case (child
    safety).
    """

    id = models.UUIDField("ID", primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cases")
    conversation_id = models.UUIDField(gettext_lazy("conversation"), db_index=True)
    persona_id = models.UUIDField(gettext_lazy("persona"))
    persona_name = models.CharField(gettext_lazy("name of the persona"), max_length=80)
    status = models.CharField(gettext_lazy("status"), max_length=16, choices=CaseStatus, default=CaseStatus.OPEN)
    queue = models.CharField(max_length=16, choices=Queue, default=Queue.GENERAL)
    source = models.CharField(max_length=16, choices=Source, default=Source.MONITOR, help_text="What opened it.")
    severity = models.PositiveSmallIntegerField(
        gettext_lazy("severity"), default=0, help_text="0 to 100; the queue's first order."
    )
    findings = models.JSONField(
        default=list, help_text="[{signal, category, severity, score, threshold, message_id, detail, version}]"
    )
    evidence = models.JSONField(default=list, help_text="[{message_id, speaker, text, at}] in order.")
    is_restricted = models.BooleanField(gettext_lazy("child safety"), default=False)
    is_held = models.BooleanField(default=False, help_text="Kept beyond its time, for example for a court.")
    due_at = models.DateTimeField(gettext_lazy("due"))
    alerted_at = models.DateTimeField(null=True, help_text="When the owner was told that its deadline has passed.")
    opened_at = models.DateTimeField(gettext_lazy("opened"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = gettext_lazy("case")
        verbose_name_plural = gettext_lazy("cases")
        ordering = ["-severity", "due_at", "opened_at", "id"]
        permissions = [("review_child_safety", "Can review cases of child safety")]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation_id"],
                condition=models.Q(status__in=["open", "pending_second"]),
                name="one_open_case_per_conversation",
            )
        ]
        indexes = [
            models.Index(
                fields=["-severity", "due_at", "opened_at", "id"],
                condition=models.Q(status="open"),
                name="open_cases_in_order",
            ),
            models.Index(
                fields=["-updated_at", "-id"],
                condition=models.Q(status="decided"),
                name="decided_cases_newest_first",
            ),
            GinIndex(fields=["findings"], opclasses=["jsonb_path_ops"], name="cases_by_finding"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def categories(self) -> list[str]:
        """Most severe first, each once."""
        ordered = sorted(self.findings, key=lambda finding: -finding["severity"])
        return list(dict.fromkeys(finding["category"] for finding in ordered if finding["category"]))

    @property
    def is_overdue(self) -> bool:
        return self.status == CaseStatus.OPEN and self.due_at < timezone.now()


class ActionKind(models.TextChoices):
    DISMISS = "dismiss", gettext_lazy("Dismiss")
    WARN = "warn", gettext_lazy("Warn the person")
    LOCK_CONVERSATION = "lock_conversation", gettext_lazy("Lock the conversation")
    SUSPEND_USER = "suspend_user", gettext_lazy("Suspend the person")
    DISABLE_PERSONA = "disable_persona", gettext_lazy("Disable the persona")
    BAN = "ban", gettext_lazy("Close the account to messages for good")


class ActionState(models.TextChoices):
    """A gravest decision takes effect when a second person confirms it. All others take effect at once."""

    IN_EFFECT = "in_effect"
    PENDING_SECOND = "pending_second"
    REFUSED = "refused"  # by the second person
    WITHDRAWN = "withdrawn"  # by the first person, or because the case became graver meanwhile


class Action(models.Model):
    """A moderator's decision on a case.

    `labels` are the categories whose rules were broken, or `no_violation`. Decisions that were made together have the
    same `batch`.
    """

    case = models.ForeignKey(Case, verbose_name=gettext_lazy("case"), on_delete=models.CASCADE, related_name="actions")
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(gettext_lazy("kind"), max_length=24, choices=ActionKind)
    reason = models.TextField(gettext_lazy("reason"))
    labels = models.JSONField(default=list)
    policy_version = models.CharField(gettext_lazy("version of the policy"), max_length=32)
    decided_at = models.DateTimeField(gettext_lazy("decided"), auto_now_add=True)
    state = models.CharField(max_length=16, choices=ActionState, default=ActionState.IN_EFFECT)
    batch = models.UUIDField(null=True, db_index=True)
    second = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who confirmed or refused a decision that needs two people.",
    )
    seconded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = gettext_lazy("decision")
        verbose_name_plural = gettext_lazy("decisions")
        ordering = ["decided_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(second__isnull=True) | ~models.Q(second=models.F("moderator")),
                name="the_second_person_is_another",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=ActionKind.BAN)
                | ~models.Q(state=ActionState.IN_EFFECT)
                | models.Q(second__isnull=False),
                name="a_ban_has_two_people",
            ),
        ]


class RestrictionKind(models.TextChoices):
    WARNING = "warning", gettext_lazy("A warning")
    CONVERSATION_LOCKED = "conversation_locked", gettext_lazy("A locked conversation")
    USER_SUSPENDED = "user_suspended", gettext_lazy("A suspended account")
    PERSONA_DISABLED = "persona_disabled", gettext_lazy("A disabled persona")


class Restriction(models.Model):
    """A limit or a warning that chat applies until `ends_at` (null: no end) or until it is lifted.

    `user` is the person whom it binds. It is null for a disabled persona, which binds everybody; such a row stays
    after its case and account were erased (`action` is then null).
    """

    id = models.UUIDField("ID", primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(gettext_lazy("kind"), max_length=24, choices=RestrictionKind)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="restrictions")
    conversation_id = models.UUIDField(gettext_lazy("conversation"), null=True, db_index=True)
    persona_id = models.UUIDField(gettext_lazy("persona"), null=True, db_index=True)
    action = models.ForeignKey(Action, on_delete=models.SET_NULL, null=True, related_name="restrictions")
    statement = models.TextField(
        gettext_lazy("statement to the person"),
        help_text="What the person is told: what, why, by whom, and how to object (DSA art. 17).",
    )
    starts_at = models.DateTimeField(gettext_lazy("begins"), auto_now_add=True)
    ends_at = models.DateTimeField(gettext_lazy("ends"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(
        gettext_lazy("acknowledged"), null=True, help_text="When the person had read a warning."
    )
    lifted_at = models.DateTimeField(gettext_lazy("lifted"), null=True, blank=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    lift_reason = models.TextField(gettext_lazy("reason of the lift"), blank=True)

    class Meta:
        verbose_name = gettext_lazy("restriction")
        verbose_name_plural = gettext_lazy("restrictions")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(statement=""), name="restriction_has_a_statement"),
            models.CheckConstraint(
                condition=models.Q(kind=RestrictionKind.PERSONA_DISABLED, persona_id__isnull=False, user__isnull=True)
                | (~models.Q(kind=RestrictionKind.PERSONA_DISABLED) & models.Q(user__isnull=False)),
                name="restriction_binds_a_person_or_a_persona",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_in_force(self) -> bool:
        return self.lifted_at is None and (self.ends_at is None or self.ends_at > timezone.now())


class AppealOutcome(models.TextChoices):
    UPHELD = "upheld", gettext_lazy("The restriction stays")
    OVERTURNED = "overturned", gettext_lazy("The restriction is lifted")


class Appeal(models.Model):
    """A person's objection to a restriction, answered by a moderator who did not decide it (DSA art. 20)."""

    restriction = models.OneToOneField(
        Restriction, verbose_name=gettext_lazy("restriction"), on_delete=models.CASCADE, related_name="appeal"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="appeals")
    text = models.TextField(gettext_lazy("text"))
    filed_at = models.DateTimeField(gettext_lazy("filed"), auto_now_add=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(gettext_lazy("answered"), null=True)
    outcome = models.CharField(gettext_lazy("outcome"), max_length=16, choices=AppealOutcome, blank=True)
    answer = models.TextField(gettext_lazy("answer"), blank=True)
    alerted_at = models.DateTimeField(null=True, help_text="When the owner was told that the answer is late.")

    class Meta:
        verbose_name = gettext_lazy("appeal")
        verbose_name_plural = gettext_lazy("appeals")
        ordering = ["filed_at"]


class AuditEntry(models.Model):
    """One row of the append-only trail; a database trigger refuses every change and deletion.

    `digest` is SHA-256 over the row's content and the digest of the row before. `manage.py verify_audit_trail`
    therefore detects a row that was changed outside the application.
    """

    action = models.CharField(
        gettext_lazy("event"), max_length=64, help_text="Dotted event name: case.opened, case.decided, case.viewed."
    )
    subject = models.CharField(gettext_lazy("subject"), max_length=128, help_text="kind:id, as in case:3f2c….")
    actor = models.CharField(gettext_lazy("actor"), max_length=64, help_text="user:<id>, or system.")
    data = models.JSONField(
        gettext_lazy("details"),
        default=dict,
        help_text="Ids, labels, versions; no words of a person, because no erasure reaches here.",
    )
    created_at = models.DateTimeField(gettext_lazy("time"))
    previous = models.CharField(gettext_lazy("digest before"), max_length=64, blank=True)
    digest = models.CharField(gettext_lazy("digest"), max_length=64, unique=True)

    class Meta:
        verbose_name = gettext_lazy("audit entry")
        verbose_name_plural = gettext_lazy("audit entries")
        ordering = ["id"]
        indexes = [models.Index(fields=["action", "created_at"], name="audit_entries_by_action")]

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"
