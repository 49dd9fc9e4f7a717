from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0005_notices_of_breaks")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="state",
            field=models.CharField(
                choices=[("open", "Open"), ("resting", "Resting"), ("archived", "Archived")],
                default="open",
                help_text="`chat.conversation.partings` changes it.",
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "resting", "archived"])), name="conversation_state_known"
            ),
        ),
    ]
