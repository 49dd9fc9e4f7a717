from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moderation.desk import yearly
from moderation.management import report_output


class Command(BaseCommand):
    help = (
        "Prints the transparency report of the days from the first to the last, both included (UTC). It has numbers "
        "only, and names nobody. The page /safety/transparency/ shows calendar years."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="first", type=_day, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--to", dest="last", type=_day, required=True, metavar="YYYY-MM-DD")
        report_output.add_forms(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        first, last = options["first"], options["last"]
        if first > last:
            raise CommandError(f"The first day, {first}, is later than the last, {last}. Exchange them.")
        self.stdout.write(report_output.printed(yearly.transparency(first, last), options))


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day. Write it as YYYY-MM-DD.") from None
    if day.year == date.max.year:
        raise ArgumentTypeError(f"A day must lie before the year {day.year}. You gave {day}.")
    return day
