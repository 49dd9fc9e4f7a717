from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy


class PersonasConfig(AppConfig):
    name = "personas"
    verbose_name = gettext_lazy("Personas")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.personal_data import privacy
        from accounts.personal_data.my_data import register
        from personas import my_data, privacy_rows, shipped

        register("personas", export=my_data.export, erase=my_data.erase)
        privacy.register(privacy_rows.ROWS)
        # Django's own hook for rows that every installation needs. Each start migrates first.
        post_migrate.connect(lambda **_: shipped.ensure(), sender=self, weak=False)
