from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from text import sentences


class Dial(models.TextChoices):
    """How far the narrator strays from the likeliest next word (`narration.TEMPERATURES`)."""

    STEADY = "steady", _("Steady")
    LIVELY = "lively", _("Lively")
    WILD = "wild", _("Wild")


class Story(models.Model):
    """A story that a person writes together with a persona, which narrates."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stories")
    persona = models.ForeignKey("personas.Persona", on_delete=models.CASCADE, related_name="stories")
    title = models.CharField(max_length=120, blank=True)
    premise = models.TextField(blank=True, max_length=2_000, help_text="What it is about, for the narrator.")
    dial = models.CharField(max_length=8, choices=Dial, default=Dial.LIVELY)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "stories"
        ordering = ["-updated_at"]

    @property
    def passages(self) -> "models.QuerySet[Passage]":
        """All passages in their order, withheld ones included."""
        return Passage.objects.filter(scene__story=self).order_by("scene_id", "created_at")


class Scene(models.Model):
    """A scene of a story. The first scene of a chapter holds the chapter's title and summary."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="scenes")
    begins_chapter = models.BooleanField(default=False)
    title = models.CharField(max_length=120, blank=True, help_text="Of the chapter.")
    summary = models.TextField(
        blank=True, max_length=500, help_text="Of the chapter. The narrator reads it where the chapter does not fit."
    )

    class Meta:
        ordering = ["id"]


class Author(models.TextChoices):
    USER = "user", _("You")
    PERSONA = "persona", _("AI")
    BOTH = "both", _("You and the AI")


class Passage(models.Model):
    """A step of the story: words of its person, of the narrator, or of both."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    scene = models.ForeignKey(Scene, on_delete=models.CASCADE, related_name="passages")
    author = models.CharField(max_length=8, choices=Author)
    text = models.TextField()
    is_withheld = models.BooleanField(
        default=False, help_text="The filter stopped it: shown to its writer, and no part of the story."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at"]


class ContinuationStatus(models.TextChoices):
    QUEUED = "queued"
    WRITTEN = "written"
    WITHHELD = "withheld", "held back by the filter"
    FAILED = "failed"


class Continuation(models.Model):
    """What the narrator offers to write next. It is deleted when the story goes on.

    `queued → written | withheld | failed`, once.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="continuations")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=16, choices=ContinuationStatus, default=ContinuationStatus.QUEUED)
    text = models.TextField(blank=True)
    code = models.CharField(max_length=64, blank=True, help_text="Why it failed.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Workers that began it.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=ContinuationStatus.values), name="continuation_status_known"
            ),
            models.UniqueConstraint(fields=["story", "number"], name="one_continuation_per_number"),
        ]

    @property
    def sentences(self) -> list[str]:
        return [sentence for sentence in map(str.strip, sentences.split(self.text)) if sentence]


class Notice(models.Model):
    """A notice that the site showed beside a story, kept as proof of its text and time (compliance CA10)."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="notices")
    passage = models.ForeignKey(Passage, on_delete=models.SET_NULL, null=True, related_name="notices")
    kind = models.CharField(max_length=16, help_text="One of `chat.models.NoticeKind`.")
    rule = models.CharField(max_length=64, help_text="What called for it: a category, a level, a law's row.")
    version = models.CharField(max_length=32)
    text = models.TextField()
    resources = models.JSONField(default=list)
    shown_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["shown_at"]
