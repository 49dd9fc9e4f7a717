from django.contrib.postgres.fields import ArrayField
from django.db import models


class ModelStatus(models.TextChoices):
    AVAILABLE = "available"
    INSTALLING = "installing"
    READY = "ready"
    FAILED = "failed"


class PromptForms(models.TextChoices):
    TRANSCRIPT = "transcript", "Transcript: continues plain text; for base models"
    CHAT = "chat", "Chat: the model's own template"


class ModelEntry(models.Model):
    """A model that this site can run, and its state here. What it is stands in `catalogue.PACKAGED`, or, for a model
    that the owner added from `path`, in this row."""

    name = models.SlugField(primary_key=True, max_length=64)
    status = models.CharField(max_length=16, choices=ModelStatus, default=ModelStatus.AVAILABLE)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Percent of the installation.")
    step = models.CharField(max_length=120, blank=True, help_text="What the installation is doing, in words.")
    error = models.TextField(blank=True)
    is_active = models.BooleanField(default=False)
    path = models.TextField(blank=True, help_text="Where the operator put it; empty for packaged models.")
    title = models.CharField(max_length=80, blank=True)
    prompt_form = models.CharField(max_length=16, choices=PromptForms, default=PromptForms.TRANSCRIPT)
    context_length = models.PositiveIntegerField(default=0, help_text="Tokens that it reads.")
    licence = models.CharField(max_length=200, blank=True)
    languages = ArrayField(models.CharField(max_length=16), default=list, blank=True, help_text="Such as en, zh.")
    disk_mb = models.PositiveIntegerField(default=0, help_text="Needed while it is installed.")

    class Meta:
        verbose_name_plural = "model entries"
        constraints = [
            models.UniqueConstraint(fields=["is_active"], condition=models.Q(is_active=True), name="one_active_model")
        ]
