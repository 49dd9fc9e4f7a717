from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.my_data import register
        from api import my_data

        register("api", export=my_data.export, erase=my_data.erase)
