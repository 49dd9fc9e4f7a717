import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_names_in_the_admin"),
    ]

    operations = [
        migrations.AlterField(
            model_name="consent",
            name="given_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="given"),
        ),
        migrations.AlterField(
            model_name="consent",
            name="kind",
            field=models.CharField(
                help_text="persona.<who> for a declaration, model.<name> for terms.", max_length=64, verbose_name="kind"
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="subject_id",
            field=models.UUIDField(
                blank=True, help_text="The persona it was given for, if any.", null=True, verbose_name="for the persona"
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="text",
            field=models.TextField(verbose_name="text"),
        ),
        migrations.AlterField(
            model_name="consent",
            name="text_version",
            field=models.CharField(max_length=32, verbose_name="version of the text"),
        ),
        migrations.AlterField(
            model_name="consent",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="consents",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
        migrations.AlterField(
            model_name="quota",
            name="kind",
            field=models.CharField(max_length=32, verbose_name="kind"),
        ),
        migrations.AlterField(
            model_name="quota",
            name="used",
            field=models.PositiveIntegerField(default=0, verbose_name="used"),
        ),
        migrations.AlterField(
            model_name="quota",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="quotas",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
        migrations.AlterField(
            model_name="quota",
            name="window_start",
            field=models.DateTimeField(verbose_name="counted since"),
        ),
        migrations.AlterField(
            model_name="user",
            name="birth_date",
            field=models.DateField(editable=False, null=True, verbose_name="date of birth"),
        ),
        migrations.AlterField(
            model_name="user",
            name="country",
            field=models.CharField(
                blank=True,
                help_text="Two letters (ISO 3166-1), such as CN. It chooses the help lines that are shown.",
                max_length=2,
                verbose_name="country",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(db_index=True, max_length=254, verbose_name="e-mail address"),
        ),
        migrations.AlterField(
            model_name="user",
            name="role",
            field=models.CharField(
                choices=[("user", "User"), ("auditor", "Auditor"), ("moderator", "Moderator"), ("owner", "Owner")],
                default="user",
                max_length=16,
                verbose_name="role",
            ),
        ),
    ]
