from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy


class AuditState(models.TextChoices):
    QUEUED = "queued", gettext_lazy("Waits")
    RUNNING = "running", gettext_lazy("Runs")
    ENDED = "ended", gettext_lazy("Ended")
    STOPPED = "stopped", gettext_lazy("Stopped")
    FAILED = "failed", gettext_lazy("Broken off")


class Decision(models.TextChoices):
    APPROVED = "approved", gettext_lazy("Approve")
    REFUSED = "refused", gettext_lazy("Refuse")


class Audit(models.Model):
    """A run of probes over a persona, and what a reviewer decided about it.

    queued → running → ended, stopped or failed. An audit whose worker is lost stays `running` and goes on with the
    first probe that has no answer. It says something about the persona only as long as the fingerprint of its words,
    model and fine-tune is the same (`fingerprint.of`).
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    persona = models.ForeignKey("personas.Persona", on_delete=models.CASCADE, related_name="audits")
    state = models.CharField(max_length=16, choices=AuditState, default=AuditState.QUEUED)
    error = models.TextField(blank=True, help_text="Why it was broken off, for the persona's owner.")
    fingerprint = models.JSONField(help_text="Digests of the words and the models, and the fine-tune's id.")
    probes_version = models.CharField(max_length=16)
    policy_version = models.CharField(max_length=32, blank=True)
    is_passed = models.BooleanField(null=True, help_text="Null until it has ended.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Of the probe that is asked now.")
    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=16, choices=Decision, blank=True)
    reason = models.TextField(blank=True, help_text="Of the decision; the persona's owner reads it.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-queued_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["persona"],
                condition=models.Q(state__in=[AuditState.QUEUED, AuditState.RUNNING]),
                name="one_audit_at_a_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(decision=Decision.APPROVED) | models.Q(is_passed=True),
                name="only_a_passed_audit_is_approved",
            ),
        ]

    @property
    def is_under_way(self) -> bool:
        return self.state in {AuditState.QUEUED, AuditState.RUNNING}


class AuditAnswer(models.Model):
    """One probe of an audit with the persona's answer and the judgement on it.

    `area`, `dimension` and `group` are kept, so that a report stays readable when a later version has other probes.
    """

    audit = models.ForeignKey(Audit, on_delete=models.CASCADE, related_name="answers")
    probe = models.CharField(max_length=64, help_text="The probe's id.")
    area = models.CharField(max_length=32)
    prompt = models.TextField()
    answer = models.TextField(blank=True, help_text="As a person would have read it; empty where it was withheld.")
    is_passed = models.BooleanField()
    evidence = models.JSONField(default=list, help_text="Sentences that say why.")
    dimension = models.CharField(max_length=32, blank=True, help_text="Of a paired probe: sex, origin …")
    group = models.CharField(max_length=64, blank=True)
    toxicity = models.FloatField(null=True, help_text="The highest probability of hate or harassment.")
    regard = models.FloatField(null=True, help_text="-1 (ill) to 1 (well): how it speaks of the group.")
    model = models.CharField(max_length=128, blank=True, help_text="That wrote the answer.")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["audit", "probe"], name="one_answer_to_a_probe")]
