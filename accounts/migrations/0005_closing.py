from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_sittings")]

    operations = [
        migrations.CreateModel(
            name="Closing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("closes_on", models.DateField()),
                ("announced_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
