"""Telegram Desktop's export: one chat or a whole account, as JSON or as HTML pages.

Source: the export writer of Telegram Desktop (export_output_json.cpp), read for its fields.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from personas.importers.archives import member_files
from personas.importers.base import DamagedFile, Member, Record, Remark, Skipped, Utterance
from personas.importers.chats.messages.speakers import Speakers
from personas.importers.chats.telegram import html_export
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import export_values, json_stream
from personas.importers.syntax.json_stream import EACH

_LISTS = (("chats", "list"), ("left_chats", "list"))
_INTO = frozenset(
    {(), ("messages",)}
    | {step for path in _LISTS for step in (path[:1], path, (*path, EACH), (*path, EACH, "messages"))}
)
_ONE_CHAT = ("messages", EACH)
_TYPES = frozenset({"message", "service", "unsupported"})
_CHAT_TYPES = re.compile(r"(?:personal|bot|verify_codes|saved_messages|replies|private|public|supergroup)[a-z_]{0,40}")
_CHATS_WITH_BOTS = frozenset({"bot_chat", "verify_codes"})
_MOST_BOTS = 10_000
_CALLS = frozenset({"phone_call", "group_call", "conference_call", "group_call_scheduled", "invite_to_group_call"})
_MEDIA = frozenset(
    {
        "photo", "file", "media_type", "sticker_emoji", "poll", "location_information", "contact_information",
        "game_title", "invoice_information", "todo_list", "place_name", "live_location_period_seconds", "contact_vcard",
        "giveaway_information", "giveaway_results", "paid_media", "paid_stars_amount", "dice", "story_id",
    }
)  # fmt: skip


@dataclass
class _Chat:
    """What the export tells of a chat before its messages."""

    name: str = ""
    type: str = ""
    id: str = ""

    def see(self, field: str, value: Any) -> None:
        match field:
            case "name":
                self.name, self.type, self.id = export_values.name(value), "", ""
            case "type":
                self.type = export_values.name(value)
            case "id":
                self.id = export_values.key(value)


class Telegram:
    name = "telegram"

    def sniff(self, head: bytes, name: str) -> float:
        if html_export.is_page(head):
            return 0.98
        seen = json_stream.glimpse(head, into=_INTO, shows_empty=True)
        if any(path[:1] in {("chats",), ("left_chats",)} and "messages" in path for path in seen):
            return 0.97
        if any(path in seen for path in _LISTS) and ("about",) in seen:
            return 0.97
        if ("personal_information",) in seen and ("about",) in seen:
            return 0.97
        is_chat = _CHAT_TYPES.fullmatch(str(seen.get(("type",)))) is not None and ("id",) in seen
        is_message = _looks_like_message(export_values.fields(seen.get(_ONE_CHAT)))
        return 0.97 if is_message or (is_chat and any("messages" in path for path in seen)) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        stream.seek(0)
        if html_export.is_page(stream.read(decoding.HEAD_BYTES)):
            yield from html_export.records(stream)
            return
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        speakers, bots = Speakers(), set[str]()
        is_empty = True
        for chat, message in _messages(stream, encoding):
            is_empty = False
            if name := message.get("from"):
                speakers.see(_key(message), export_values.name(name))
            if len(bots) < _MOST_BOTS and chat.type in _CHATS_WITH_BOTS and _key(message) == f"user{chat.id}":
                bots.add(_key(message))
        if is_empty:
            raise DamagedFile(html_export.no_messages())
        for chat, message in _messages(stream, encoding):
            yield _record(message, chat, speakers, is_of_bot=_key(message) in bots or _has_buttons(message))

    def members(self, paths: Sequence[str]) -> list[str]:
        return html_export.pages(paths)

    def parse_members(self, members: Sequence[Member]) -> Iterator[Record]:
        results = [member for member in members if member.path.endswith(".json")]
        yield from member_files.records(results or members, self._member)  # the pages repeat what the JSON has

    def _member(self, member: Member, stream: BinaryIO) -> Iterator[Record]:
        if self.sniff(stream.read(decoding.HEAD_BYTES), member.path):
            yield from self.parse(stream)
        else:
            yield Skipped("file of another kind", member_files.place(member))


def _messages(stream: BinaryIO, encoding: Encoding) -> Iterator[tuple[_Chat, dict[str, Any]]]:
    chat = _Chat()
    for path, value in json_stream.walk(stream, encoding, into=_INTO):
        if path[-1] != EACH:
            chat.see(path[-1], value)
        elif isinstance(value, dict):
            yield chat, value


def _looks_like_message(message: dict[str, Any]) -> bool:
    has_time = "date" in message or "date_unixtime" in message
    return export_values.key(message.get("type")) in _TYPES and has_time and "text" in message


def _key(message: dict[str, Any]) -> str:
    return export_values.key(message.get("from_id")) or export_values.name(message.get("from"))


def _has_buttons(message: dict[str, Any]) -> bool:
    """Whether an account's message has buttons, which only bots give it.

    It tells of this message alone: a person can send what a bot wrote. A channel's owner can have buttons too.
    """
    has_buttons = "inline_bot_buttons" in message and _key(message).startswith("user")
    return has_buttons and "via_bot" not in message and not _is_forwarded(message)


def _is_forwarded(message: dict[str, Any]) -> bool:
    return "forwarded_from" in message or "saved_from" in message or "forwarded_from_id" in message


def _record(message: dict[str, Any], chat: _Chat, speakers: Speakers, *, is_of_bot: bool) -> Utterance | Skipped:
    place = f"message {export_values.key(message.get('id')) or '?'}"
    source_ref = f"chat {chat.id}, {place}" if chat.id else place
    text = _text(message)
    if reason := _why_not_speech(message, text, is_of_bot=is_of_bot):
        return Skipped(reason, source_ref)
    sent_at = export_values.iso(message.get("date")) or export_values.seconds(message.get("date_unixtime"))
    key = _key(message)
    # A deleted account has an id and no name. In a channel, posts may have neither.
    speaker = speakers.name_of(key, export_values.DELETED if key or not chat.name else chat.name)
    return Utterance(speaker, text, sent_at, source_ref)


def _why_not_speech(message: dict[str, Any], text: str, *, is_of_bot: bool) -> str:
    kind = export_values.key(message.get("type"))
    if kind == "service":
        return "call" if export_values.key(message.get("action")) in _CALLS else "system"
    if kind != "message":
        return "media" if kind == "unsupported" else "system"
    if _is_forwarded(message):
        return "forwarded"
    if is_of_bot or "via_bot" in message:
        return "from a bot"
    if not text:
        return "media" if not _MEDIA.isdisjoint(message) else "empty"
    return "too long" if len(text) > export_values.LONGEST_TEXT else ""


def _text(message: dict[str, Any]) -> str:
    text = message.get("text")
    if isinstance(text, str):
        return export_values.words(text)
    parts = export_values.items(text) or export_values.items(message.get("text_entities"))
    texts = (part if isinstance(part, str) else export_values.fields(part).get("text") for part in parts)
    return export_values.words("".join(part for part in texts if isinstance(part, str)))
