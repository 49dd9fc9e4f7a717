"""`manage.py owner_token`: prints a new one-time link that signs the owner in."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.sign_in import first_run


class Command(BaseCommand):
    help = "Prints a new one-time link that signs the owner in. It works for 24 hours; older links end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help='Print {"link": …}.')

    def handle(self, *args: Any, **options: Any) -> None:
        link = first_run.new_link()
        self.stdout.write(json.dumps({"link": link}) if options["json"] else link)
