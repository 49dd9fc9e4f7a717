from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0004_default_policy")]

    operations = [
        migrations.AddField(
            model_name="policy",
            name="requires_persona_approval",
            field=models.BooleanField(
                default=False,
                help_text="A persona that a person made talks only after its audit and a reviewer's approval.",
            ),
        ),
        migrations.AddField(
            model_name="policy",
            name="break_notice_hours",
            field=models.PositiveSmallIntegerField(
                default=2,
                help_text="Hours of continuous use after which a person is reminded of breaks and of the AI: 1 to 3.",
            ),
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=models.CheckConstraint(
                condition=models.Q(("break_notice_hours__gte", 1), ("break_notice_hours__lte", 3)),
                name="break_notice_within_three_hours",
            ),
        ),
    ]
