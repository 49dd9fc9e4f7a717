from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """A part of /v1/ that a key may use."""

    MODELS = "models", _("List the models")
    CHAT = "chat", _("Talk with personas")
    EMBEDDINGS = "embeddings", _("Turn texts into vectors")
    MODERATIONS = "moderations", _("Ask what the safety filter says of a text")
    BASE = "base", _("Use the language models themselves, without a persona (owners only)")


class ApiKey(models.Model):
    """A person's key for /v1/. Only its digest is kept. Its person recognises it by `prefix`."""

    id = models.UUIDField("ID", primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="api_keys"
    )
    label = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("beginning of the key"), max_length=16)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key.")
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope), verbose_name=_("rights"))
    messages_per_day = models.PositiveIntegerField(_("messages a day"))
    tokens_per_day = models.PositiveIntegerField(_("tokens a day"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @property
    def scope_labels(self) -> list[str]:
        return [str(Scope(scope).label) for scope in self.scopes]
