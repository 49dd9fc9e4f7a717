from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from moderation.models.case import AppealOutcome, Case


class ContactState(models.TextChoices):
    WAITING = "waiting"
    NOTIFIED = "contact_notified"
    NOT_NEEDED = "not_needed"


class ContactRequest(models.Model):
    """The question to a moderator whether to write to a person's emergency contact (`moderation.desk.contacting`).

    waiting → contact_notified | not_needed
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="contact_request")
    state = models.CharField(max_length=16, choices=ContactState, default=ContactState.WAITING)
    asked_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    alerted_at = models.DateTimeField(null=True, help_text="When the owner was told that it is late.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=ContactState.values), name="contact_state_known"),
            models.CheckConstraint(
                condition=models.Q(state=ContactState.WAITING)
                | (models.Q(decided_at__isnull=False) & ~models.Q(reason="")),
                name="a_decided_contact_has_a_reason",
            ),
        ]


class RefusalKind(models.TextChoices):
    AGE = "age", _("The age of the account")
    LIMIT = "limit", _("A limit of use")


class RefusalReview(models.Model):
    """A person's wish that somebody looks at a refusal that the site made by itself (GDPR art. 22(3))."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="refusal_reviews")
    kind = models.CharField(max_length=8, choices=RefusalKind)
    text = models.TextField()
    filed_at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, choices=AppealOutcome, blank=True)
    answer = models.TextField(blank=True)
    alerted_at = models.DateTimeField(null=True, help_text="When the owner was told that the answer is late.")

    class Meta:
        ordering = ["filed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"], condition=models.Q(outcome=""), name="one_open_refusal_review_per_kind"
            )
        ]
