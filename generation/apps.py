from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy


class GenerationConfig(AppConfig):
    name = "generation"
    verbose_name = gettext_lazy("Engines and models")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The import connects the worker's signals. It loads no engine.
        from accounts.personal_data import privacy
        from accounts.personal_data.my_data import register
        from generation import my_data, privacy_rows
        from generation.jobs import worker  # noqa: F401
        from generation.routing import engine_rows

        register("generation", export=my_data.export, erase=my_data.erase)
        privacy.register(privacy_rows.ROWS)
        # Each start migrates first.
        post_migrate.connect(lambda **_: engine_rows.follow_environment(), sender=self, weak=False)
