"""TikTok's "Download your data" as JSON (user_data_tiktok.json): direct messages and the owner's comments.

    {"Direct Messages": {"Chat History": {"ChatHistory": {"Chat History with ana:": [
        {"Date": "2023-06-15 20:41:07", "From": "ana", "Content": "text"}]}}},
     "Comment": {"Comments": {"CommentsList": [{"date": "2023-06-15 20:41:07", "comment": "text"}]}}}

Newer downloads call the parts "Direct Message", "Your Activity" and so on. Times are UTC. Source: downloads that people
describe in public, and the readers of other tools.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.chats import app_words
from personas.importers.encodings import decoding
from personas.importers.syntax import export_values, json_stream
from personas.importers.syntax.json_stream import Path
from personas.importers.times import time_order

_PARTS = frozenset(
    [
        ("Direct Messages", "Chat History"), ("Direct Message", "Direct Messages"), ("Comment", "Comments"),
        ("Profile", "Profile Information"), ("Profile And Settings", "Profile Info"),
        ("Activity", "Video Browsing History"), ("Your Activity", "Watch History"),
    ]
)  # fmt: skip
_SHARED = re.compile(r"https?://(?:www\.|vm\.)?tiktok(?:v)?\.com/\S{1,300}")
_UPPER = 3  # levels that are walked into: a part, what it is about, its chats or its entries


class _UpperLevels(frozenset[Path]):
    """All paths of the upper levels. A chat of the last one is held at once, and every other list by its elements."""

    def __contains__(self, path: object) -> bool:
        return isinstance(path, tuple) and len(path) <= _UPPER


class TikTok:
    name = "tiktok"

    def sniff(self, head: bytes, name: str) -> float:
        if not decoding.decode_head(head[:64]).lstrip().startswith("{"):
            return 0.0
        paths = json_stream.glimpse(head, into={(), *((part,) for part, _ in _PARTS)})
        return 0.97 if any(path[:2] in _PARTS for path in paths) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        owner, comments, chats, has_words = export_values.ME, list[Any](), 0, False
        for path, value in json_stream.walk(stream, encoding, into=_UpperLevels()):
            fields = export_values.fields(value)
            if path[-1] == "userName":
                owner = export_values.name(value) or owner
            elif "comment" in fields and "CommentsList" in path:
                comments.append(fields)
            elif path[-1].startswith(("Chat History with", "Group Chat")):
                chats += 1
                for record in time_order.in_order(_chat(export_values.items(value), f"chat {chats}")):
                    has_words |= isinstance(record, Utterance)
                    yield record
        if not (has_words or comments):
            raise DamagedFile(
                gettext("This download of TikTok holds no messages and no comments. Ask TikTok for all of your data.")
            )
        yield from time_order.in_order(_comments(comments, owner))


def _chat(messages: list[Any], place: str) -> Iterator[Record]:
    for number, value in enumerate(messages, start=1):
        fields = export_values.fields(value)
        name, words, stamp = export_values.name(fields.get("From")), fields.get("Content"), fields.get("Date")
        yield _record(name, words, stamp, f"{place}, message {number}")


def _comments(comments: list[Any], owner: str) -> Iterator[Record]:
    for number, fields in enumerate(comments, start=1):
        yield _record(owner, fields["comment"], fields.get("date"), f"entry {number}")


def _record(name: str, words: Any, stamp: Any, source_ref: str) -> Utterance | Skipped:
    text = export_values.words(words)
    if _SHARED.fullmatch(text):  # a video of somebody
        return Skipped("media", source_ref)
    if reason := app_words.kind(text):
        return Skipped(reason, source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    return Utterance(name or export_values.DELETED, text, export_values.iso(stamp), source_ref)
