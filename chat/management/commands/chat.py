"""Talk with a persona in the terminal, through the same doors and the same workers as the browser."""

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from django.core.management.base import BaseCommand, CommandError
from django.http import Http404

from accounts.management import terminal
from chat.conversation import conversations, messages
from chat.models import UNFINISHED, Reply, ReplyStatus
from chat.socket import frames
from text import cleaning

_POLL_S = 0.1


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("persona", type=UUID, help="The persona's id.")
        terminal.add_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        user = terminal.person(options["user"])
        try:
            conversation = conversations.start(user=user, persona_id=options["persona"])
        except Http404:
            raise CommandError("There is no such persona, or it belongs to somebody else.") from None
        except conversations.Refused as refused:
            raise CommandError(refused.detail) from None
        name = conversation.persona.name
        self.stdout.write(f"You are talking with an AI, not with a human being. An empty line ends.\n{name}.")
        if conversation.head:
            self.stdout.write(f"{name}: {conversation.head.text}")
        while not cleaning.is_blank(text := _asked("You: ")):
            try:
                result = messages.send_message(user=user, conversation_id=conversation.id, client_id=uuid4(), text=text)
            except conversations.Refused as refused:
                self.stderr.write(refused.detail)
                if isinstance(refused, conversations.ModerationDown):
                    self._help(refused.help.text, refused.help.resources)
                continue
            for notice in result.message.notices.all():
                self._help(notice.text, notice.resources)
            if result.reply:
                self.stdout.write(f"{name}: {self._wait(result.reply)}")

    def _help(self, text: str, resources: Sequence[Mapping[str, Any]]) -> None:
        self.stdout.write("\n".join([text, *(f"  {line['name']}: {line['contact']}" for line in resources)]))

    def _wait(self, reply: Reply) -> str:
        while reply.status in UNFINISHED:
            time.sleep(_POLL_S)
            reply.refresh_from_db()
        if reply.status == ReplyStatus.FAILED:
            return f"[{frames.failure(reply.code)}]"
        if reply.status == ReplyStatus.BLOCKED:
            return f"[{frames.withdrawal(reply)}]"
        reply.message.refresh_from_db()
        return reply.message.text


def _asked(question: str) -> str:
    """What is typed; nothing at the end of the input."""
    try:
        return cleaning.clean(input(question)).strip()
    except EOFError:
        return ""
