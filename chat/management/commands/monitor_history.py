"""Have the monitor read whole conversations, each turn on its own day."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from chat.conversation import monitoring
from chat.models import Conversation
from moderation.categories import ClassifierUnavailable


class Command(BaseCommand):
    help = (
        "Assesses every turn of stored conversations with its own date, once for those from before the monitor kept "
        "numbers. A worker does the same after each import of conversations. Findings become cases. A finding about a "
        "turn of more than a week ago is not urgent. Running it again changes nothing. Prints ids and counts, no words."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--conversation", metavar="UUID", help="one conversation")
        which.add_argument("--email", help="all conversations of the account with this address")
        which.add_argument("--all", action="store_true", help="every conversation of the site")

    def handle(self, *args: Any, **options: Any) -> None:
        conversations = _chosen(options)
        with_case = 0
        for conversation in conversations.order_by("created_at").iterator():
            try:
                case = monitoring.look_at_all_of(conversation)
            except ClassifierUnavailable as error:
                raise CommandError(f"The conversations cannot be assessed: {error}") from error
            if case:
                with_case += 1
                self.stdout.write(f"{conversation.pk}: case {case.pk}, severity {case.severity}")
        self.stdout.write(f"{conversations.count()} conversations read, {with_case} with findings.")


def _chosen(options: dict[str, Any]) -> QuerySet[Conversation]:
    conversations = Conversation.objects.select_related("owner", "persona")
    if options["conversation"]:
        conversations = conversations.filter(pk=_uuid(options["conversation"]))
    elif options["email"]:
        conversations = conversations.filter(owner__email__iexact=options["email"])
    if not options["all"] and not conversations.exists():
        raise CommandError("There is no such conversation. Look at the id or the address.")
    return conversations


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise CommandError(f"{text} is no id of a conversation. The id is in the address of its page.") from None
