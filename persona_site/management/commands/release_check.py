"""Checks what must hold before a version is deployed. Ends with status 1 if anything is wrong."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from persona_site import release_check


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        faults = release_check.run()
        for name, fault in faults.items():
            self.stdout.write(f"{'FAILED' if fault else 'ok':6} {name}{f': {fault}' if fault else ''}")
        if failed := [name for name, fault in faults.items() if fault]:
            raise CommandError(f"Do not deploy this: {', '.join(failed)}.")
