import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("personas", "0015_names_in_the_admin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="persona",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
        ),
        migrations.AlterField(
            model_name="persona",
            name="depicts",
            field=models.CharField(
                choices=[
                    ("self", "Myself"),
                    ("living", "Someone living, who agreed"),
                    ("dead", "Someone who has died"),
                    ("historical", "A historical person"),
                    ("fictional", "A fictional character"),
                ],
                max_length=16,
                verbose_name="depicts",
            ),
        ),
        migrations.AlterField(
            model_name="persona",
            name="id",
            field=models.UUIDField(
                default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        migrations.AlterField(
            model_name="persona",
            name="is_shared",
            field=models.BooleanField(
                default=False,
                help_text="Ships with the site; everybody may talk with it.",
                verbose_name="shared with everybody",
            ),
        ),
        migrations.AlterField(
            model_name="persona",
            name="language",
            field=models.CharField(
                default="en", help_text="BCP 47 tag: en, zh-Hans …", max_length=16, verbose_name="language"
            ),
        ),
        migrations.AlterField(
            model_name="persona",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="personas",
                to=settings.AUTH_USER_MODEL,
                verbose_name="creator",
            ),
        ),
        migrations.AlterField(
            model_name="persona",
            name="sampling",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Values that differ from the model's own defaults.",
                verbose_name="sampling",
            ),
        ),
        migrations.AlterField(
            model_name="persona",
            name="updated_at",
            field=models.DateTimeField(auto_now=True, verbose_name="changed"),
        ),
        migrations.AlterField(
            model_name="source",
            name="bytes",
            field=models.PositiveBigIntegerField(verbose_name="bytes"),
        ),
        migrations.AlterField(
            model_name="source",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
        ),
        migrations.AlterField(
            model_name="source",
            name="error",
            field=models.TextField(blank=True, verbose_name="error"),
        ),
        migrations.AlterField(
            model_name="source",
            name="format",
            field=models.CharField(max_length=32, verbose_name="format"),
        ),
        migrations.AlterField(
            model_name="source",
            name="id",
            field=models.UUIDField(
                default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        migrations.AlterField(
            model_name="source",
            name="status",
            field=models.CharField(
                choices=[("importing", "being imported"), ("ready", "ready"), ("failed", "failed")],
                default="importing",
                max_length=16,
                verbose_name="status",
            ),
        ),
    ]
