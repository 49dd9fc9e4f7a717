from django.apps import AppConfig


class PersonaSiteConfig(AppConfig):
    name = "persona_site"

    def ready(self) -> None:
        from persona_site import checks  # noqa: F401  (registers them)
