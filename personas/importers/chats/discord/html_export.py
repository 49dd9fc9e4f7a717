"""What DiscordChatExporter writes as HTML, in the classes of its versions since 2.24."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.chats.discord.stamps import Stamps
from personas.importers.chats.messages import class_page
from personas.importers.chats.messages.class_page import IGNORED, Block
from personas.importers.chats.messages.speakers import Speakers
from personas.importers.syntax import export_values

_PAGE = re.compile(r"class=\"?(?:chatlog__|chatlog\b|preamble__)|DiscordChatExporter", re.IGNORECASE)
_BEGINS = frozenset({"chatlog__message-container", "chatlog__message-group"})
_OLD_BEGINS = frozenset({"chatlog__message", "chatlog__message-group"})
_FIELDS = {
    "chatlog__author": "name",
    "chatlog__author-name": "name",
    "chatlog__author-tag": "tag",
    "chatlog__timestamp": "date",
    "chatlog__short-timestamp": "date",
    "chatlog__system-notification-author": "name",
    "chatlog__system-notification-timestamp": "date",
    "chatlog__system-notification-content": "event",
    "chatlog__content": "text",
    "chatlog__edited-timestamp": IGNORED,
}
_MEDIA = frozenset({"chatlog__attachment", "chatlog__embed", "chatlog__sticker"})
_USER_ID = re.compile(r"\d{1,20}")
_EPOCH = 1_420_070_400_000  # milliseconds: ids of messages count from 2015


def is_page(head: bytes) -> bool:
    return _PAGE.search(class_page.beginning(head)) is not None


def records(stream: BinaryIO) -> Iterator[Record]:
    text, remarks = class_page.read(stream)
    yield from remarks
    begins = _BEGINS if "chatlog__message-container" in text else _OLD_BEGINS
    stamps, speakers = Stamps(), Speakers()
    for message in _messages(text, begins):
        stamps.see(message.stamp)
        speakers.see(message.key, message.name)
    if not speakers:
        raise DamagedFile(
            gettext("This page of a Discord export holds no messages. Export the channel again, best as JSON.")
        )
    if remark := stamps.decide():
        yield Remark(remark)
    for message in _messages(text, begins):
        yield _record(message, stamps, speakers)


@dataclass(frozen=True)
class _Message:
    """A block with what its group told before it."""

    block: Block
    name: str
    key: str
    is_bot: bool
    stamp: str

    @property
    def id(self) -> str:
        return export_values.key(self.block.tag.attributes.get("data-message-id"))


def _messages(text: str, begins: frozenset[str]) -> Iterator[_Message]:
    """Only the first message of a group has an author; older versions name the author before the first."""
    name, key, is_bot, day = "", "", False, ""
    for block in class_page.blocks(text, begins=begins, fields=_FIELDS):
        if own_name := export_values.name(block.text("name")):
            name = own_name
            user_id = _USER_ID.fullmatch(block.attribute("name", "data-user-id"))
            key = user_id[0] if user_id else export_values.name(block.attribute("name", "title")) or name
            is_bot = "name" in block.attributes and bool(block.text("tag"))
            day = block.attribute("date", "title") or block.text("date")
        if "chatlog__message-group" not in class_page.classes(block.tag):
            stamp = block.attribute("date", "title") or block.text("date") or day
            yield _Message(block, name, key, is_bot, stamp)


def _record(message: _Message, stamps: Stamps, speakers: Speakers) -> Utterance | Skipped:
    block = message.block
    source_ref = f"message {message.id or '?'}"
    text = export_values.words(block.text("text"))
    if event := block.text("event"):
        return Skipped("call" if event.startswith("started a call") else "system", source_ref)
    if message.is_bot:
        return Skipped("from a bot", source_ref)
    if not text:
        is_forward = "chatlog__forwarded" in block.marks
        return Skipped("forwarded" if is_forward else "media" if block.marks & _MEDIA else "empty", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    speaker = speakers.name_of(message.key, export_values.DELETED)
    return Utterance(speaker, text, stamps.moment(message.stamp) or _of_id(message.id), source_ref)


def _of_id(message_id: str) -> datetime | None:
    """Discord's ids begin with the time of their making (UTC)."""
    return export_values.milliseconds((int(message_id) >> 22) + _EPOCH) if message_id.isdecimal() else None
