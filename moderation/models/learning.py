"""What the filter learns from decisions: who allows it, and the versions that came of it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy


class LearningConsent(models.Model):
    """The person allows that words of theirs, where reviewers decided about them, teach the filter."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="learning_consent"
    )
    given_at = models.DateTimeField(auto_now_add=True)


class HeadState(models.TextChoices):
    READY = "ready", gettext_lazy("Trained")
    TRIAL = "trial", gettext_lazy("In shadow")
    PROPOSED = "proposed", gettext_lazy("Waits for a second person")
    ACTIVE = "active", gettext_lazy("Active")
    RETIRED = "retired", gettext_lazy("Was active")


# The states in which a version judges nothing and may be tried in shadow.
MAY_BE_TRIED = (HeadState.READY, HeadState.RETIRED)


class HeadVersion(models.Model):
    """The heads of the filter's networks as decisions taught them. Without an active row, the shipped heads judge.

    ready → trial → proposed → active → retired. Its weights never change. `weights` is a safetensors file.
    """

    version = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=16, choices=HeadState, default=HeadState.READY)
    weights = models.BinaryField()
    texts = models.JSONField(default=dict, help_text="How many labelled texts of each category it was trained on.")
    networks = models.JSONField(help_text="The version of each language's network that these heads were fitted on.")
    made_at = models.DateTimeField(auto_now_add=True)
    trial_since = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    second = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="active"), name="one_active_head_version"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="trial"), name="one_head_version_on_trial"
            ),
            models.CheckConstraint(
                condition=models.Q(second__isnull=True) | ~models.Q(second=models.F("proposed_by")),
                name="the_second_person_of_a_head_version_is_another",
            ),
        ]

    def __str__(self) -> str:
        return self.version

    @property
    def may_be_tried(self) -> bool:
        return self.state in MAY_BE_TRIED
