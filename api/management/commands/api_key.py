"""`manage.py api_key`: a new key for /v1/, printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.management import terminal
from accounts.sign_in import first_run
from api import keys


class Command(BaseCommand):
    help = "Prints a new API key for /v1/, once, alone on a line. Nobody can read it again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        terminal.add_user(parser)
        parser.add_argument("--name", metavar="LABEL", default="made in the terminal", help="What the key is for.")
        parser.add_argument("--scopes", metavar="a,b", help="Its scopes; by default all that the person may have.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = terminal.person(options["user"]) if options["user"] is not None else first_run.owner()
        scopes = options["scopes"].split(",") if options["scopes"] else keys.scopes_for(user)
        try:
            _, secret = keys.create(user=user, label=options["name"], scopes=[scope.strip() for scope in scopes])
        except keys.KeyRefused as refused:
            raise CommandError(refused.user_message) from None
        self.stdout.write(secret)
