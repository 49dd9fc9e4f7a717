from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class GenerationConfig(AppConfig):
    name = "generation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Connects the worker's signals; loads no engine.
        from accounts import my_data
        from generation import records, worker  # noqa: F401

        my_data.register("generation", export=records.export, erase=records.erase)
        post_migrate.connect(_follow_environment, sender=self)


def _follow_environment(**_: Any) -> None:
    """Each start migrates first."""
    from generation import roster

    roster.follow_environment()
