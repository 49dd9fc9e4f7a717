from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ModerationConfig(AppConfig):
    name = "moderation"
    verbose_name = gettext_lazy("Moderation")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.personal_data import privacy
        from accounts.personal_data.my_data import register
        from accounts.sign_in import roles
        from moderation import audit_trail, my_data, privacy_rows

        register("moderation", export=my_data.export, erase=my_data.erase)
        privacy.register(privacy_rows.ROWS)
        roles.record_with(audit_trail.record)
