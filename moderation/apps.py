from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "moderation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import my_data
        from moderation import records

        my_data.register("moderation", export=records.export, erase=records.erase)
