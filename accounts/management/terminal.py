"""Whom a command in the terminal acts for."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from accounts.models import Role, User
from text import cleaning


def add_user(parser: ArgumentParser) -> None:
    """Adds the option that names the person."""
    parser.add_argument(
        "--user", metavar="NAME", help="The person, by name or e-mail address; by default the site's owner."
    )


def person(name: str | None) -> User:
    """The active account of this name or e-mail address; without a name, the site's owner. Raises CommandError."""
    people = User.objects.filter(is_active=True).order_by("pk")
    if name is None:
        if owner := people.filter(role=Role.OWNER).first():
            return owner
        raise CommandError(
            "The site has no owner yet. Open the link that `manage.py owner_token` prints, or give --user."
        )
    storable = cleaning.clean(name)
    found = people.filter(username=storable).first() or people.filter(email__iexact=storable).first()
    if found is None:
        raise CommandError(f"No active account has the name or e-mail address {name!r}.")
    return found
