import csv
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from moderation.desk import yearly


class Command(BaseCommand):
    help = "Prints the yearly report that a law asks for. It has numbers and the protocol, and names nobody."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--law", choices=sorted(yearly.LAWS), required=True)
        parser.add_argument("--year", type=int, default=timezone.now().year - 1, help="Default: the last year.")
        parser.add_argument("--csv", action="store_true", help="Print comma-separated values.")

    def handle(self, *args: Any, **options: Any) -> None:
        report = yearly.report(law=options["law"], year=options["year"])
        if options["csv"]:
            csv.writer(self.stdout, lineterminator="\n").writerows(yearly.table(report))
            return
        self.stdout.write(f"{report.law}\nCalendar year {report.year}\n")
        for section in report.sections:
            self.stdout.write(f"\n{section.title}\n")
            for name, value in section.rows:
                self.stdout.write(f"  {name}: {value}\n")
