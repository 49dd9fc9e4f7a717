from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.legal import closing


class Command(BaseCommand):
    help = "Announces on every page and by e-mail that the site closes, 30 days ahead or more; or withdraws that."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--on", type=date.fromisoformat, help="The last day, YYYY-MM-DD.")
        what.add_argument("--withdraw", action="store_true", help="The site stays open.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["withdraw"]:
            self.stdout.write("The notice is withdrawn." if closing.withdraw() else "No notice was announced.")
            return
        try:
            sent, failed = closing.announce(options["on"])
        except closing.NoticeTooShort as error:
            raise CommandError(error.user_message) from None
        self.stdout.write(f"Every page says that the site closes on {options['on']}. E-mails sent: {sent}.")
        if failed:
            raise CommandError(f"The mail server did not take these letters; write to them: {', '.join(failed)}")
