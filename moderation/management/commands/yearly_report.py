from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from moderation.desk import yearly
from moderation.management import report_output


class Command(BaseCommand):
    help = "Prints the yearly report that a law asks for. It has numbers and the protocol, and names nobody."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--law", choices=sorted(yearly.LAWS), required=True)
        parser.add_argument("--year", type=int, default=timezone.now().year - 1, help="Default: the last year.")
        report_output.add_forms(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = yearly.report(law=options["law"], year=options["year"])
        except (ValueError, OverflowError):
            raise CommandError(f"The year must be between 1 and 9998. You gave {options['year']}.") from None
        self.stdout.write(report_output.printed(report, options))
