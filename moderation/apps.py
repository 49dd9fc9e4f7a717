from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "moderation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.my_data import register
        from moderation import my_data

        register("moderation", export=my_data.export, erase=my_data.erase)
