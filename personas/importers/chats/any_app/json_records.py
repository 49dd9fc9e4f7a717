"""Chats as JSON of any app: lists of objects that have a sender and words, at the top or inside conversations.

    {"messages": [{"sender": "@ana:example.org", "content": {"body": "text"}}]}          Element (Matrix)
    {"conversations": [{"MessageList": [{"from": "8:ana", "content": "text"}]}]}         Skype
    {"conversations": [{"events": [{"sender_id": {}, "chat_message": {}}]}]}             Hangouts
    [{"chat_messages": [{"sender": "human", "text": "text"}]}]                           Claude
    {"turns": [{"author": {"name": "Ana"}, "candidates": [{"raw_content": "text"}]}]}    Character.AI
    [{"role": "user", "content": "text"}]                                                talks with models
    [{"type": "outgoing", "body": "text", "sent_at": 1703408711000}]                     sigtop (Signal)

Sources: the apps' own exports, as far as they are known to the public. An object of a list at the top is held at once.
"""

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO

from personas.importers.base import Record, Skipped, Utterance
from personas.importers.chats import app_words
from personas.importers.chats.any_app import matrix_events
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import export_values, json_stream, markup
from personas.importers.syntax.json_stream import EACH, Path
from personas.importers.times import long_dates, time_order

_Fields = dict[str, Any]
_SENDERS = (
    "sender_name", "senderName", "sender", "from", "author", "src", "handle", "speaker", "username", "user", "nickname",
    "displayName", "name", "role", "characterId",
)  # fmt: skip
_NAMES = ("name", "displayName", "display_name", "username", "nickname", "fallback_name")
_TEXTS = ("text", "content", "message", "body", "msg", "mes", "raw_content", "parts", "candidates", "chat_message")
_TIMES = (
    "timestamp", "timestamp_ms", "created_at", "createdAt", "create_time", "sent_at", "sentAt", "date", "datetime",
    "time", "origin_server_ts", "originalarrivaltime",
)  # fmt: skip
_IS_OWN = (
    "is_from_me",
    "isFromMe",
    "fromMe",
    "from_me",
    "is_sender",
    "isSender",
    "isOutgoing",
    "outgoing",
    "is_outgoing",
)
_SIDES = {"user": export_values.ME, "human": export_values.ME, "assistant": "Assistant", "model": "Assistant"}
_INSIDE = ("body", "text", "raw_content", "message_content", "segment", "parts")  # of words that are an object
_NOBODY = frozenset({"system", "tool", "function", "developer"})
_WRITTEN = frozenset({"m.text", "m.emote", "Text", "RichText", "m.room.message", "message", "REGULAR_CHAT_MESSAGE"})
_KINDS = ("msgtype", "messagetype", "event_type")
_OF_BOOKS = frozenset({"key", "keys", "keysecondary", "entries"})  # of a lorebook, whose entries have names and words
_OTHER = "Contact"  # who sent what the owner received, where the export does not say
_MOST_ROUNDS = 6
_DEEPEST = 4


def is_chat(head: bytes) -> bool:
    """Whether the beginning of a file leads to an object with a sender and words."""
    into: set[Path] = {()}
    for _ in range(_MOST_ROUNDS):
        seen = json_stream.glimpse(head, into=into)
        if any(_OF_BOOKS & set(path) for path in seen):
            return False
        if any(next(_found(value, 0), None) for value in seen.values()):
            return True
        cut = {path for path, value in seen.items() if value is None or isinstance(value, list)} - into
        if not cut:
            return False
        into |= cut
    return False


def records(stream: BinaryIO, encoding: Encoding) -> Iterator[Record]:
    """The messages in the order of the file's conversations. Raises DamagedFile and FileTooLarge."""
    number = 0
    lists = _lists(stream)
    events = matrix_events.read(stream, encoding, lists)
    for _, value in json_stream.walk(stream, encoding, into=lists):
        found = [events.last_version(message) for message in _found(value, 0)]
        names = ChainMap(_named(found), _people(value), events.names)  # the room's names are not copied
        messages = (_record(fields, names, f"message {number + place}") for place, fields in enumerate(found, start=1))
        yield from time_order.in_order(messages)  # some write the newest first
        number += len(found)


def _lists(stream: BinaryIO) -> set[Path]:
    """The paths of the lists at the top, so that memory holds one of their objects at once."""
    stream.seek(0)
    keys = json_stream.glimpse(stream.read(64 * 1024), into={()})
    return {(), *(path for path in keys if path and path[-1] != EACH)}


def _found(value: Any, depth: int) -> Iterator[_Fields]:
    """The messages in a value: itself, or those in the lists inside it."""
    if isinstance(value, dict):
        if _is_message(value):
            yield value
            return
        inside = [one for key, one in value.items() if key not in _OF_BOOKS]
    else:
        inside = export_values.items(value)
    if depth < _DEEPEST:
        for one in inside:
            if isinstance(one, dict | list):
                yield from _found(one, depth + 1)


def _is_message(fields: _Fields) -> bool:
    if _OF_BOOKS & fields.keys():
        return False
    has_words = any(isinstance(fields.get(key), str | list | dict) for key in _TEXTS)
    return has_words and bool(_sender(fields, {}) or "sender_id" in fields or "event_type" in fields)


def _people(value: Any) -> dict[str, str]:
    """Names by ids, as a conversation of Hangouts or Skype lists them."""
    people: dict[str, str] = {}
    waiting = [value]
    for _ in range(1_000):
        if not waiting:
            break
        one = waiting.pop()
        if isinstance(one, dict):
            name = next(
                filter(None, (export_values.name(one.get(key)) for key in ("fallback_name", "displayName"))), ""
            )
            identity = export_values.fields(one.get("id")).get("gaia_id") or one.get("id")
            if name and (key := export_values.key(identity)):
                people[key] = name
            waiting += [inside for key, inside in one.items() if isinstance(inside, dict) or key == "participant_data"]
        elif isinstance(one, list):
            waiting += one[:500]
    return people


def _named(messages: Iterable[_Fields]) -> dict[str, str]:
    """Names by ids, as messages of Skype give them beside the sender's id. The latest counts; they stand first."""
    names: dict[str, str] = {}
    for fields in messages:
        key, name = export_values.name(fields.get("from")), export_values.name(fields.get("displayName"))
        if key and name:
            names.setdefault(key, name)
    return names


def _sender(fields: _Fields, people: Mapping[str, str]) -> str:
    """Who wrote a message; "" where it does not say."""
    for key in _SENDERS:
        value = fields.get(key)
        if isinstance(value, dict):
            value = next((value[name] for name in _NAMES if isinstance(value.get(name), str)), None)
        if name := export_values.name(value):
            return people.get(name) or _SIDES.get(name.casefold(), "") or _without_kind(name)
    identity = export_values.fields(fields.get("sender_id")).get("gaia_id")
    if identity is not None:
        key = export_values.key(identity)
        return people.get(key, key)
    way = export_values.name(fields.get("type")).casefold()
    is_own = next((fields[key] for key in _IS_OWN if key in fields), None)
    if way == "outgoing" or is_own in (True, 1):
        return export_values.ME
    return _OTHER if way == "incoming" or is_own in (False, 0) else ""


def _without_kind(name: str) -> str:
    """Skype writes "8:live:ana"."""
    return name.removeprefix("8:").removeprefix("live:")


def _words(value: Any, *, is_markup: bool = False, depth: int = 0) -> str:
    """The words of a message, which may stand in parts."""
    if isinstance(value, dict):
        value = next((value[key] for key in _INSIDE if key in value), None)
    if isinstance(value, list) and depth < _DEEPEST:
        parts = [part for place, part in enumerate(value) if not place or not _is_draft(part)]
        return "".join(_words(part, is_markup=is_markup, depth=depth + 1) for part in parts)
    if isinstance(value, dict) and depth < _DEEPEST:
        return _words(value, is_markup=is_markup, depth=depth + 1)
    text = value if isinstance(value, str) else ""
    if is_markup and ("<" in text or "&" in text):
        text = _own_words_of_skype(text)
        text = "\n".join(paragraph.text for paragraph in markup.paragraphs(text))
    return text


def _own_words_of_skype(text: str) -> str:
    """A message without those that it quotes, and without the note that it was edited."""
    pieces, at = [], 0
    while (start := text.find("<quote ", at)) >= 0 and (end := text.find("</quote>", start)) >= 0:
        pieces.append(text[at:start])
        at = end + len("</quote>")
    text = "".join(pieces) + text[at:]
    return text.removeprefix("Edited previous message: ") if "<e_m " in text else text


def _is_draft(part: Any) -> bool:
    """Whether a part is another answer that Character.AI offered."""
    return isinstance(part, dict) and "raw_content" in part


def _record(fields: _Fields, people: Mapping[str, str], source_ref: str) -> Utterance | Skipped:
    content = export_values.fields(fields.get("content"))
    kind = next((export_values.name(one.get(key)) for one in (content, fields) for key in _KINDS if key in one), "")
    sender = _sender(fields, people)
    if sender.casefold() in _NOBODY or fields.get("is_system") is True:
        return Skipped("system", source_ref)
    if kind and kind not in _WRITTEN:
        return Skipped(
            "call" if "call" in kind.casefold() else "media" if "." in kind or "/" in kind else "system", source_ref
        )
    if "deletetime" in export_values.fields(fields.get("properties")) or "redacted_because" in export_values.fields(
        fields.get("unsigned")
    ):
        return Skipped("deleted", source_ref)
    if matrix_events.is_edit(fields):
        return Skipped("shown twice", source_ref)
    if export_values.name(fields.get("type")).startswith("m.") and fields.get("type") != "m.room.message":
        return Skipped("system", source_ref)
    value = next((fields[key] for key in _TEXTS if fields.get(key)), None)
    text = export_values.words(_words(value, is_markup=kind == "RichText"))
    if text.startswith("> <@") and "\n\n" in text:  # what a reply quotes, in Matrix
        text = text.partition("\n\n")[2]
    if reason := app_words.kind(text):
        return Skipped("media" if reason == "empty" and value else reason, source_ref)
    if not sender:
        return Skipped("system", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    return Utterance(sender, text, _moment(fields), source_ref)


def _moment(fields: _Fields) -> datetime | None:
    for key in _TIMES:
        value = fields.get(key)
        if isinstance(value, str) and not value.isdecimal():
            moment = export_values.iso(value) or long_dates.moment(value)
        else:
            ways = (export_values.seconds, export_values.milliseconds, export_values.microseconds)
            moment = next(filter(None, (way(value) for way in ways)), None)
        if moment:
            return moment
    return None
