from django.db import migrations, models


class Migration(migrations.Migration):
    """Accounts of before have no date. They are asked at their next visit."""

    dependencies = [("accounts", "0002_one_address_several_accounts")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="birth_date",
            field=models.DateField(
                editable=False,
                help_text="Written once (`accounts.ages`); none for accounts that were never asked.",
                null=True,
            ),
        ),
    ]
