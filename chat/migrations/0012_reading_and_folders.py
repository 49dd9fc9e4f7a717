from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0011_farewells")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="folder",
            field=models.CharField(
                blank=True, default="", help_text="A word of its owner's, by which the list is filtered.", max_length=60
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="conversation",
            name="read_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When its owner last saw its newest message. Empty: not since this is noted.",
                null=True,
            ),
        ),
    ]
