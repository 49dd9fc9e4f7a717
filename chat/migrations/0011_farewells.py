from django.db import migrations, models

_STATES = [("open", "Open"), ("farewell", "Farewell"), ("resting", "Resting"), ("archived", "Archived")]
_NOTICES = [
    ("disclosure", "Disclosure"),
    ("break", "Break"),
    ("crisis", "Crisis"),
    ("care", "Care"),
    ("blocked", "Blocked"),
    ("masked", "Masked"),
    ("restricted", "Restricted"),
]


class Migration(migrations.Migration):
    dependencies = [("chat", "0010_groups")]

    operations = [
        migrations.RemoveConstraint(model_name="conversation", name="conversation_state_known"),
        migrations.AlterField(
            model_name="conversation",
            name="state",
            field=models.CharField(
                choices=_STATES, default="open", help_text="`chat.conversation.partings` changes it.", max_length=16
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", [state for state, _ in _STATES])), name="conversation_state_known"
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="farewell_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When a farewell ended here. Its persona rests for the owner from then on.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="notice", name="kind", field=models.CharField(choices=_NOTICES, max_length=16)
        ),
    ]
