import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0002_names_in_the_admin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="apikey",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="id",
            field=models.UUIDField(
                default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="label",
            field=models.CharField(max_length=80, verbose_name="name"),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="last_used_at",
            field=models.DateTimeField(null=True, verbose_name="last used"),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="messages_per_day",
            field=models.PositiveIntegerField(verbose_name="messages a day"),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="prefix",
            field=models.CharField(max_length=16, verbose_name="beginning of the key"),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="revoked_at",
            field=models.DateTimeField(null=True, verbose_name="revoked"),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("models", "List the models"),
                        ("chat", "Talk with personas"),
                        ("embeddings", "Turn texts into vectors"),
                        ("moderations", "Ask what the safety filter says of a text"),
                        ("base", "Use the language models themselves, without a persona (owners only)"),
                    ],
                    max_length=16,
                ),
                size=None,
                verbose_name="rights",
            ),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="tokens_per_day",
            field=models.PositiveIntegerField(verbose_name="tokens a day"),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="api_keys",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
    ]
