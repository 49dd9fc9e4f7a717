from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import my_data
        from api import records

        my_data.register("api", export=records.export, erase=records.erase)
