"""A conversation as a file: the formats, each a function from a conversation to text.

JSON lines hold every branch; an import brings them back as they are. The other formats hold the read branch.
SillyTavern's also holds the other versions of each reply and of the greeting, as its swipes. Withheld messages are only
in JSON lines. In a group, each line of a persona has its name.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.conversation import transcripts
from chat.files import provenance
from chat.models import UNFINISHED, Author, Conversation, Message

JSON_LINES = "afterword-conversation"  # names the format in the first line


@dataclass(frozen=True)
class Format:
    label: str | Promise
    ending: str  # of the file's name
    content_type: str
    write: Callable[[Conversation], str]


def _json_lines(conversation: Conversation) -> str:
    header = {
        "format": JSON_LINES,
        "version": 1,
        "title": conversation.title,
        "persona": conversation.persona.name,
        "personas": [persona.name for persona in conversation.personas],
        "created_at": conversation.created_at.isoformat(),
        "head": str(conversation.head_id or ""),
    }
    lines = [header, *map(_line, conversation.messages.select_related("speaker").order_by("created_at"))]
    return _lines(lines)


def _line(message: Message) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "parent": str(message.parent_id) if message.parent_id else None,
        "author": message.author,
        provenance.FIELD: message.author == Author.PERSONA,
        "speaker": message.persona.name if message.author == Author.PERSONA else None,
        "text": message.text,
        "withheld": message.is_withheld,
        "pinned": message.is_pinned,
        "branch_name": message.branch_name,
        "created_at": message.created_at.isoformat(),
    }


def _silly_tavern(conversation: Conversation) -> str:
    """SillyTavern's chat file, as its server reads it: a header, then one message a line (src/endpoints/chats.js)."""
    header = {
        "user_name": "You",
        "character_name": "unused" if conversation.is_group else conversation.persona.name,  # as its groups have it
        "create_date": conversation.created_at.isoformat(),
        "chat_metadata": {"title": conversation.title},
    }
    return _lines([header, *(_tavern_line(conversation, message) for message in _read(conversation))])


def _tavern_line(conversation: Conversation, message: Message) -> dict[str, Any]:
    is_user = message.author == Author.USER
    line: dict[str, Any] = {
        "name": "You" if is_user else message.persona.name,
        "is_user": is_user,
        "is_system": False,
        "send_date": message.created_at.isoformat(),
        "mes": message.text,
        "extra": {provenance.FIELD: not is_user},
    }
    if not is_user:
        same = conversation.messages.filter(parent=message.parent_id, author=Author.PERSONA, speaker=message.speaker)
        siblings = same.exclude(text="").exclude(is_withheld=True)
        swipes = list(siblings.order_by("created_at"))
        if len(swipes) > 1:
            line |= {"swipes": [each.text for each in swipes], "swipe_id": swipes.index(message)}
    return line


def _markdown(conversation: Conversation) -> str:
    title = conversation.title or conversation.names
    if conversation.is_group:
        about = gettext("With {names}. An AI wrote all of their messages.").format(names=conversation.names)
    else:
        about = gettext("With {name}, an AI. The AI wrote all of its messages.").format(name=conversation.names)
    parts = [provenance.LINE, f"# {title}", f"*{about}*"]
    for message in _read(conversation):
        name = gettext("You") if message.author == Author.USER else message.persona.name
        mark = "" if message.author == Author.USER else provenance.MARK
        parts += [f"**{name}**{mark}, {message.created_at:%Y-%m-%d %H:%M} UTC", message.text]
    return "\n\n".join(parts) + "\n"


def _page(conversation: Conversation) -> str:
    return render_to_string("chat/export.html", {"conversation": conversation, "thread": _read(conversation)})


def _read(conversation: Conversation) -> list[Message]:
    """The messages of the read branch that have ended, have text and are not withheld."""
    return [
        message
        for message in transcripts.messages_on_path(conversation, conversation.head_id)
        if message.text and not message.is_withheld and not _is_unfinished(message)
    ]


def _is_unfinished(message: Message) -> bool:
    reply = getattr(message, "reply", None)
    return reply is not None and reply.status in UNFINISHED


def _lines(values: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


FORMATS = {
    "json": Format(_("JSON lines, with every version"), ".jsonl", "application/jsonl", _json_lines),
    "markdown": Format("Markdown", ".md", "text/markdown", _markdown),
    "page": Format(_("A page that stands alone"), ".html", "text/html", _page),
    "sillytavern": Format("SillyTavern", ".sillytavern.jsonl", "application/jsonl", _silly_tavern),
}
