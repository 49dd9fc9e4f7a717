from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = gettext_lazy("Programs")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.personal_data import privacy
        from accounts.personal_data.my_data import register
        from api import my_data, privacy_rows

        register("api", export=my_data.export, erase=my_data.erase)
        privacy.register(privacy_rows.ROWS)
