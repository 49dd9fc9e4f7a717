from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "moderation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import roles
        from accounts.my_data import register
        from moderation import audit_trail, my_data

        register("moderation", export=my_data.export, erase=my_data.erase)
        roles.record_with(audit_trail.record)
