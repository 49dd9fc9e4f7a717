from django.apps import AppConfig, apps
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = gettext_lazy("People and their access")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.sessions.models import Session

        from accounts import account_data, privacy_rows
        from accounts.personal_data import my_data, privacy
        from accounts.sign_in import sessions

        my_data.register("account", export=account_data.export, erase=account_data.erase)
        privacy.register(privacy_rows.ROWS)
        # The admin names records of the account library's apps as it names ours, not “User Sessions › User sessions”.
        for label in ("account", "usersessions"):
            apps.get_app_config(label).verbose_name = self.verbose_name
        sessions_of_people = apps.get_model("usersessions", "UserSession")._meta  # which the library names in English
        sessions_of_people.verbose_name = gettext_lazy("session")
        sessions_of_people.verbose_name_plural = gettext_lazy("sessions")
        post_delete.connect(sessions.row_deleted, sender=Session)
