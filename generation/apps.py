from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GenerationConfig(AppConfig):
    name = "generation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Connects the worker's signals; loads no engine.
        from accounts.my_data import register
        from generation import my_data
        from generation.jobs import worker  # noqa: F401

        register("generation", export=my_data.export, erase=my_data.erase)
        post_migrate.connect(_follow_environment, sender=self)


def _follow_environment(**_: Any) -> None:
    """Each start migrates first."""
    from generation.routing import engine_rows

    engine_rows.follow_environment()
