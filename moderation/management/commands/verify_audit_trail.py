import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from moderation import audit_trail


class Command(BaseCommand):
    help = "Checks that no row of the audit trail was changed or removed; exits with 1 and names the first bad row."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        result = audit_trail.verify()
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "rows": result.rows,
                        "head": result.head,
                        "first_bad_row": result.first_bad,
                        "fault": result.fault,
                    }
                )
            )
        elif result.first_bad is None:
            self.stdout.write(f"The chain of {result.rows} rows holds. Its head is {result.head or 'empty'}.")
        else:
            self.stdout.write(f"Row {result.first_bad} is the first bad one: {result.fault}.")
        if result.first_bad is not None:
            sys.exit(1)
