"""The work of reviewers: who has which case, for how long, and how it ended."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy
from pgvector.django import VectorField

from moderation.models.case import Action, ActionKind, Case, Queue


class ClaimEnd(models.TextChoices):
    DECIDED = "decided"
    RELEASED = "released"
    SKIPPED = "skipped"
    MOVED = "moved"
    EXPIRED = "expired"


class Claim(models.Model):
    """A moderator's lease on a case. Its id is the token that the moderator's decision must carry.

    The lease ends at `until`, also while `ended_at` is still null: the next claim then writes the end.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="claims")
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="claims")
    claimed_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=16, choices=ClaimEnd, blank=True)
    skip_reason = models.CharField(max_length=32, blank=True, help_text="A key of `claims.SKIP_REASONS`.")

    class Meta:
        ordering = ["claimed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(ended_at__isnull=True), name="one_claim_of_a_case"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(end="")),
                name="an_ended_claim_says_how",
            ),
            models.CheckConstraint(
                condition=~models.Q(end="skipped") | ~models.Q(skip_reason=""), name="a_skip_has_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["moderator", "claimed_at"], name="claims_of_a_moderator")]


class QueueRule(models.Model):
    """What the owner set for a queue. A queue without a row offers every decision to every reviewer."""

    queue = models.CharField(max_length=16, choices=Queue, primary_key=True)
    hidden_actions = models.JSONField(default=list, help_text="Decisions that the queue does not offer.")
    reviewers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", help_text="Who works on it besides the owner; nobody: everybody."
    )


class Note(models.Model):
    """A reviewer's note about a case, for reviewers alone. It is in no copy that a person gets of their data."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    text = models.TextField()
    is_question = models.BooleanField(default=False, help_text="Asks other reviewers for a second opinion.")
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["written_at", "id"]


class QualityReview(models.Model):
    """A decision that was drawn for a blind review: another reviewer decides the same case without seeing it."""

    action = models.OneToOneField(Action, on_delete=models.CASCADE, related_name="quality_review")
    drawn_at = models.DateTimeField(auto_now_add=True)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=24, choices=ActionKind, blank=True)
    labels = models.JSONField(default=list)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["drawn_at"]


class CaseVector(models.Model):
    """The meaning of a case's marked turns, to find cases like it. It is erased with the case."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, primary_key=True, related_name="vector")
    embedding = VectorField(dimensions=384)


class ReferralCount(models.Model):
    """Crisis notices of a day and level whose assessments have been deleted. It names nobody."""

    day = models.DateField()
    level = models.CharField(max_length=16)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "level"], name="one_count_of_a_day_and_level")]


class Reviewer(models.Model):
    """What a reviewer does not want to be served now. No page and no report shows it to anybody else."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="reviewer"
    )
    opted_out = models.JSONField(default=list, help_text="Categories that this reviewer is not served.")
    paused_until = models.DateTimeField(null=True)


class Report(models.Model):
    """A person's report of a conversation. The report is the reporter's; the case is about the conversation."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reports")
    case = models.ForeignKey(Case, on_delete=models.SET_NULL, null=True, related_name="reports")
    category = models.CharField(max_length=32)
    message_id = models.UUIDField()
    filed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-filed_at"]
        constraints = [
            models.UniqueConstraint(fields=["reporter", "message_id", "category"], name="one_report_of_a_message")
        ]


class Objector(models.TextChoices):
    DEPICTED = "depicted", gettext_lazy("I am the person whom it depicts")
    HEIR = "heir", gettext_lazy("I am an heir of the person")
    FAMILY = "family", gettext_lazy("I am of the family")


class Objection(models.Model):
    """An objection to a persona from outside of the site (compliance GD7). The persona's owner sees none of it.

    Without a case, it waits for a moderator who finds the persona that it means. It is open until `closed_at`.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.SET_NULL, null=True, related_name="objections")
    subject = models.CharField(max_length=300, help_text="The persona's address or name, as it was typed.")
    objector = models.CharField(max_length=16, choices=Objector)
    reason = models.TextField()
    email = models.EmailField(help_text="Where the outcome goes.")
    filed_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True, help_text="When the objector was told. Null: the mail did not go out.")
    alerted_at = models.DateTimeField(null=True, help_text="When the owner was told that it is late.")

    class Meta:
        ordering = ["filed_at"]
