"""Prints what the site keeps of people under 18, as JSON without names and words."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from accounts.legal import minors


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(minors.audit(), ensure_ascii=False, indent=2))
