from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0019_a_proposal_can_be_taken_back")]

    operations = [
        migrations.AddField(
            model_name="headversion",
            name="networks",
            field=models.JSONField(
                default={"en": "1.5ad1e8c2", "zh": "1.06b43a1c"},  # the networks that were shipped until now
                help_text="The version of each language's network that these heads were fitted on.",
            ),
            preserve_default=False,
        ),
    ]
