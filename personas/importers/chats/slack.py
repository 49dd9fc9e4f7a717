"""Slack's export: an archive with a file for each channel and day, and the people in users.json."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from personas.importers.archives import member_files
from personas.importers.base import Member, Record, Remark, Skipped, Utterance
from personas.importers.encodings import decoding
from personas.importers.syntax import export_values, json_stream
from personas.importers.syntax.json_stream import EACH

_INTO = frozenset({()})
_SPEECH = frozenset({None, "", "thread_broadcast", "me_message", "file_comment", "reply_broadcast", "file_share"})
_REASONS = {"bot_message": "from a bot", "tombstone": "deleted", "message_deleted": "deleted", "huddle_thread": "call"}
_DAY = re.compile(r"\A(?:.*/)?[^/]+/\d{4}-\d\d-\d\d\.json")
_USERS = re.compile(r"\A(?:.*/)?users\.json")
# Of channels, of programs and the like. They hold nobody's words.
_LIST = re.compile(
    r"\A(?:.*/)?(?:channels|groups|dms|mpims|integration_logs|canvases|lists|file_conversations|huddle_transcripts"
    r"|org_users|external_users)\.json"
)
_REFERENCE = re.compile(r"<([^<>|\n]{1,2000})(?:\|([^<>\n]{0,2000}))?>")
_MOST_USERS = 100_000


class Slack:
    name = "slack"

    def sniff(self, head: bytes, name: str) -> float:
        first = export_values.fields(json_stream.glimpse(head, into=_INTO).get((EACH,)))
        return 0.97 if first.get("type") == "message" and isinstance(first.get("ts"), str) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        yield from _day(stream, {}, "")

    def members(self, paths: Sequence[str]) -> list[str]:
        days = sorted(path for path in paths if _DAY.fullmatch(path))
        users = [path for path in paths if _USERS.fullmatch(path)]
        lists = [path for path in paths if _LIST.fullmatch(path)]
        return [*users, *lists, *days] if days and users else []

    def parse_members(self, members: Sequence[Member]) -> Iterator[Record]:
        users: dict[str, str] = {}

        def read(member: Member, stream: BinaryIO) -> Iterator[Record]:
            if _USERS.fullmatch(member.path):
                users.update(_users(stream))
            elif self.sniff(stream.read(decoding.HEAD_BYTES), member.path):
                yield from _day(stream, users, member_files.place(member))

        yield from member_files.records(members, read)


def _users(stream: BinaryIO) -> dict[str, str]:
    return _names((user.get("id"), user) for user in _items(stream))


def _writers(stream: BinaryIO) -> dict[str, str]:
    """The people of a day's messages, which tell who wrote them and name the others by their ids."""
    return _names((message.get("user"), {"profile": message.get("user_profile")}) for message in _items(stream))


def _items(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    for _, value in json_stream.walk(stream, decoding.detect(stream), into=_INTO):
        yield export_values.fields(value)


def _names(people: Iterable[tuple[Any, dict[str, Any]]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for user, fields in people:
        if len(names) < _MOST_USERS and (name := _name(fields)):
            names[export_values.key(user)] = name
    return names


def _name(user: dict[str, Any]) -> str:
    profile = export_values.fields(user.get("profile")) or user
    candidates = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    return next(filter(None, map(export_values.name, candidates)), "")


def _day(stream: BinaryIO, users: dict[str, str], place: str) -> Iterator[Record]:
    encoding = decoding.detect(stream)
    if encoding.is_guessed:
        yield Remark(decoding.remark(encoding))
    people = _writers(stream) | users
    stream.seek(0)
    for number, (_, value) in enumerate(json_stream.walk(stream, encoding, into=_INTO), start=1):
        ref = f"message {number}"
        yield _record(export_values.fields(value), people, f"{place}, {ref}" if place else ref)


def _record(message: dict[str, Any], users: dict[str, str], source_ref: str) -> Utterance | Skipped:
    subtype = message.get("subtype")
    if subtype not in _SPEECH if isinstance(subtype, str | None) else True:
        return Skipped(_REASONS.get(str(subtype), "system"), source_ref)
    if message.get("bot_id") and not message.get("user"):
        return Skipped("from a bot", source_ref)
    text = _plain(export_values.words(message.get("text")), users)
    if not text:
        return Skipped("media" if message.get("files") or message.get("attachments") else "empty", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    user = export_values.key(message.get("user"))
    name = users.get(user) or user or export_values.DELETED
    return Utterance(name, text, export_values.seconds(message.get("ts")), source_ref)


def _plain(text: str, users: dict[str, str]) -> str:
    """Slack's marks as a reader sees them: `<@U1>` as a name, `<address|label>` as its label."""

    def shown(match: re.Match[str]) -> str:
        target, label = match[1], match[2] or ""
        if target.startswith("@"):
            return f"@{label or users.get(target[1:], target[1:])}"
        if target.startswith(("#", "!")):
            return f"{target[0].replace('!', '@')}{label.lstrip('@#') or target[1:].partition('^')[0]}"
        return label or target.removeprefix("mailto:")

    return html.unescape(_REFERENCE.sub(shown, text))
