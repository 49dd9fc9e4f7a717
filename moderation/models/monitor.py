from django.conf import settings
from django.db import models


class DailyCue(models.Model):
    """How often a cue was seen in one conversation on one day. Numbers and ids, never words."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="daily_cues")
    conversation_id = models.UUIDField(db_index=True)
    day = models.DateField(help_text="Ends at five in the morning, in the site's TIME_ZONE.")
    cue = models.CharField(max_length=32)
    count = models.PositiveIntegerField()
    message_id = models.UUIDField(help_text="The newest turn that showed it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation_id", "day", "cue"], name="one_count_per_day_and_cue")
        ]
        indexes = [models.Index(fields=["user", "day"], name="daily_cues_of_a_person")]


class CountedTurns(models.Model):
    """Which turns of a conversation are in `DailyCue` already, so that none counts twice."""

    conversation_id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="counted_turns")
    message_ids = models.JSONField(default=list, help_text="The newest counted turns.")
    counted_until = models.DateTimeField(null=True, help_text="Turns from before this time are counted or left out.")
