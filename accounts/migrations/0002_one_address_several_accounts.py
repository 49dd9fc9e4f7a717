from django.db import migrations, models


class Migration(migrations.Migration):
    """An address no longer tells whether it has an account. The way back fails while two accounts share one."""

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(
                db_index=True,
                help_text="Not unique: that would tell strangers who has an account (`accounts.backends`).",
                max_length=254,
            ),
        ),
    ]
