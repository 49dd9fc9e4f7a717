from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy
from pgvector.django import VectorField


class Kind(models.TextChoices):
    """What a fact is about; the headings of the page."""

    NAME = "name", gettext_lazy("Names and ages")
    FAMILY = "family", gettext_lazy("People close to you")
    PETS = "pets", gettext_lazy("Animals")
    HOME = "home", gettext_lazy("Places")
    WORK = "work", gettext_lazy("Work and study")
    HEALTH = "health", gettext_lazy("Health")
    LIKES = "likes", gettext_lazy("What you like and dislike")
    PLANS = "plans", gettext_lazy("Plans and dates")
    PERSONA = "persona", gettext_lazy("About the persona")


class Memory(models.Model):
    """Something that a person said to a persona: a sentence, or a few that hang together.

    A row without text was forgotten. It holds no words, and keeps its line from being read again.
    """

    persona = models.ForeignKey("personas.Persona", on_delete=models.CASCADE, related_name="memories")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memories")
    conversation_id = models.UUIDField()
    message_id = models.UUIDField(help_text="The message that holds the words.")
    position = models.PositiveSmallIntegerField(help_text="Among the pieces of its message (`units.units`).")
    text = models.TextField(blank=True)
    asked = models.TextField(blank=True, help_text="The persona's question that these words answer.")
    kind = models.CharField(max_length=16, choices=Kind, blank=True, help_text="Empty: no fact was recognised.")
    slot = models.CharField(
        max_length=80, blank=True, help_text="What has one value at a time, as `dog.name`: a newer one replaces it."
    )
    said_at = models.DateTimeField(help_text="When it was said, or corrected.")
    is_corrected = models.BooleanField(default=False, help_text="The words are a correction typed on the page.")
    is_pinned = models.BooleanField(default=False, help_text="In every prompt, as far as there is room.")
    embedder = models.CharField(max_length=64, blank=True, help_text="Name of the embedder that made `embedding`.")
    embedding = VectorField(dimensions=384, null=True)

    class Meta:
        ordering = ["said_at", "position", "id"]
        verbose_name_plural = "memories"
        constraints = [
            models.UniqueConstraint(fields=["persona", "message_id", "position"], name="one_memory_per_piece")
        ]
        indexes = [
            models.Index(fields=["persona", "owner"], name="memories_of_a_person"),
            models.Index(fields=["conversation_id"], name="memories_of_a_talk"),
        ]


class MemoryChoice(models.Model):
    """How a persona remembers what one person says. Without a row, `choices.choice_of` says what holds."""

    persona = models.ForeignKey("personas.Persona", on_delete=models.CASCADE, related_name="memory_choices")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memory_choices")
    is_on = models.BooleanField(help_text="Whether anything is remembered.")
    is_across = models.BooleanField(help_text="Whether one conversation recalls what was said in another.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["persona", "owner"], name="one_memory_choice_per_person")]
