"""`manage.py api_key`: a new key for /v1/, printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import first_run
from accounts.models import User
from api import keys


class Command(BaseCommand):
    help = "Prints a new API key for /v1/, once, alone on a line. Nobody can read it again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--user", metavar="NAME", help="The person's name or e-mail address; by default the owner's."
        )
        parser.add_argument("--name", metavar="LABEL", default="made in the terminal", help="What the key is for.")
        parser.add_argument("--scopes", metavar="a,b", help="Its scopes; by default all that the person may have.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = _person(options["user"])
        scopes = options["scopes"].split(",") if options["scopes"] else keys.scopes_for(user)
        try:
            _, secret = keys.create(user=user, label=options["name"], scopes=[scope.strip() for scope in scopes])
        except keys.KeyRefused as refused:
            raise CommandError(refused.user_message) from None
        self.stdout.write(secret)


def _person(name: str | None) -> User:
    if name is None:
        return first_run.owner()
    people = User.objects.filter(is_active=True)
    user = people.filter(username=name).first() or people.filter(email__iexact=name).order_by("pk").first()
    if user is None:
        raise CommandError(f"No active account has the name or e-mail address {name!r}.")
    return user
