from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy


class Portrait(models.Model):
    """What the words of a persona show of its manner: the figures of the plots. The sentences are `Statement`s."""

    persona = models.OneToOneField("personas.Persona", on_delete=models.CASCADE, related_name="portrait")
    sources = models.PositiveIntegerField(help_text="Sources that were read when it was computed.")
    lines = models.PositiveIntegerField(help_text="Lines of the persona that were read.")
    all_lines = models.PositiveIntegerField(help_text="Lines of the persona that there were.")
    figures = models.JSONField(default=dict, help_text="Series for the plots, by name: rows of label and value.")
    computed_at = models.DateTimeField(auto_now=True)


class Section(models.TextChoices):
    MANNER = "manner", gettext_lazy("How they write")
    OPENINGS = "openings", gettext_lazy("How they begin")
    CLOSINGS = "closings", gettext_lazy("How they end")
    TIME = "time", gettext_lazy("When they wrote")
    LANGUAGES = "languages", gettext_lazy("Languages")
    WORDS = "words", gettext_lazy("Favourite words")
    RARE_WORDS = "rare words", gettext_lazy("Words that they avoid")
    EMOJI = "emoji", gettext_lazy("Emoji")
    PEOPLE = "people", gettext_lazy("People")
    PLACES = "places", gettext_lazy("Places")


class Statement(models.Model):
    """A sentence of a portrait and the lines that it rests on. Its owner can correct or hide it.

    `key` stays the same over computations and holds no word of the lines, so a correction survives.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    persona = models.ForeignKey("personas.Persona", on_delete=models.CASCADE, related_name="statements")
    section = models.CharField(max_length=16, choices=Section)
    key = models.CharField(max_length=64, help_text="SHA-256 of the section and of what the statement is about.")
    position = models.PositiveSmallIntegerField(default=0)
    label = models.CharField(max_length=120, blank=True, help_text="What it is about: a word, a name, an emoji.")
    text = models.TextField(blank=True, help_text="As computed. Empty if the words it rested on were removed.")
    correction = models.TextField(blank=True, help_text="What its owner wrote in its place.")
    is_hidden = models.BooleanField(default=False)
    count = models.PositiveIntegerField(default=0)
    lines = models.JSONField(default=list, help_text="Ids of a few utterances that it rests on.")

    class Meta:
        ordering = ["section", "position"]
        constraints = [models.UniqueConstraint(fields=["persona", "key"], name="one_statement_per_key")]

    @property
    def shown(self) -> str:
        return self.correction or self.text
