from django.db import models


class ModelStatus(models.TextChoices):
    AVAILABLE = "available"
    INSTALLING = "installing"
    READY = "ready"
    FAILED = "failed"


class ModelEntry(models.Model):
    """A model that this site can run. What it is stands in `catalogue.PACKAGED`; this row is its state here."""

    name = models.SlugField(primary_key=True, max_length=64)
    status = models.CharField(max_length=16, choices=ModelStatus, default=ModelStatus.AVAILABLE)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Percent of the installation.")
    step = models.CharField(max_length=120, blank=True, help_text="What the installation is doing, in words.")
    error = models.TextField(blank=True)
    is_active = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "model entries"
        constraints = [
            models.UniqueConstraint(fields=["is_active"], condition=models.Q(is_active=True), name="one_active_model")
        ]
