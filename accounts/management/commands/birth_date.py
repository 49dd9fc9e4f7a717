from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.sign_in import ages


class Command(BaseCommand):
    help = "Corrects the date of birth of an account, by its user name (GDPR art. 16)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="The user name, as the admin shows it.")
        parser.add_argument("date", type=date.fromisoformat, help="YYYY-MM-DD.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no account with the user name {options['user']}.")
        ages.correct(user=user, birth_date=options["date"])
        self.stdout.write(f"The date of birth of {user.username} is {options['date']} now.")
