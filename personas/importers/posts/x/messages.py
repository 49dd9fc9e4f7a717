"""Direct messages in an X archive. They name people only by ids."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.utils.translation import gettext

from personas.importers.base import Record, Remark, Skipped, Utterance
from personas.importers.encodings.decoding import Encoding
from personas.importers.posts.x import plain_words
from personas.importers.syntax import export_values, json_stream
from personas.importers.syntax.json_stream import EACH
from personas.importers.times import time_order

_CONVERSATION = (EACH, "dmConversation")
_EVENT = (*_CONVERSATION, "messages", EACH)
_INTO = frozenset({(), (EACH,), _CONVERSATION, (*_CONVERSATION, "messages")})


def records(stream: BinaryIO, encoding: Encoding, *, own_id: str, own_name: str) -> Iterator[Record]:
    """Conversation by conversation, each in order of time."""
    owner = own_id or _likely_owner(stream, encoding)
    if not own_id:
        yield Remark(
            gettext(
                "This file names people only by their numbers. Upload the whole archive of X, and its owner has a name."
            )
        )
    conversation: list[Record] = []
    number = 0
    for path, value in json_stream.walk(stream, encoding, into=_INTO):
        if path == _EVENT:
            number += 1
            conversation.append(_record(export_values.fields(value), owner, own_name, f"message {number}"))
        elif path == (*_CONVERSATION, "conversationId"):
            yield from time_order.in_order(conversation)
            conversation = []
    yield from time_order.in_order(conversation)


def _likely_owner(stream: BinaryIO, encoding: Encoding) -> str:
    """The id that stands in the most conversations. "" where no id stands in more than the others."""
    counts: Counter[str] = Counter()
    for path, value in json_stream.walk(stream, encoding, into=_INTO):
        if path == (*_CONVERSATION, "conversationId"):
            counts.update(set(export_values.name(value).split("-")))
    (first, most), (_, second) = [*counts.most_common(2), ("", 0), ("", 0)][:2]
    return first if most > second else ""


def _record(event: dict[str, Any], owner: str, own_name: str, source_ref: str) -> Utterance | Skipped:
    if "messageCreate" not in event:
        return Skipped("system", source_ref)
    message = export_values.fields(event["messageCreate"])
    text = plain_words.plain(message.get("text"))
    if not text:
        return Skipped("media" if message.get("mediaUrls") or message.get("urls") else "empty", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    sender = export_values.key(message.get("senderId"))
    speaker = (own_name or export_values.ME) if sender and sender == owner else sender or export_values.DELETED
    return Utterance(speaker, text, export_values.iso(message.get("createdAt")), source_ref)
