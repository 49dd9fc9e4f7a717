from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import privacy
        from accounts.my_data import register
        from api import my_data, privacy_rows

        register("api", export=my_data.export, erase=my_data.erase)
        privacy.register(privacy_rows.ROWS)
