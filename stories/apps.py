from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class StoriesConfig(AppConfig):
    name = "stories"
    verbose_name = gettext_lazy("Stories")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.personal_data import privacy
        from accounts.personal_data.my_data import register
        from chat.conversation import follow_up
        from personas import forgetting
        from stories import my_data, privacy_rows, writing

        register("stories", export=my_data.export, erase=my_data.erase)
        privacy.register(privacy_rows.ROWS)
        forgetting.register(writing.delete_all_with)
        follow_up.register(writing.newest_crisis)
