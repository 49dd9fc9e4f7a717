"""Posts, comments and notes in JSON, as apps give them to their owner: one author's own words.

    [{"timestamp": 1, "data": [{"post": "text"}]}]                                   Facebook, posts
    {"comments_v2": [{"timestamp": 1, "data": [{"comment": {"comment": "text"}}]}]}  Facebook, comments
    [{"media": [{"creation_timestamp": 1, "title": "text"}]}]                        Instagram and Threads, posts
    [{"string_map_data": {"Comment": {"value": "text"}}}]                            Instagram, comments
    {"orderedItems": [{"type": "Create", "object": {"content": "<p>text</p>"}}]}     Mastodon
    [{"$type": "app.bsky.feed.post", "text": "text", "createdAt": "2023-…"}]         Bluesky
    {"textContent": "text", "isTrashed": false, "userEditedTimestampUsec": 1}        Google Keep
    {"entries": [{"uuid": "…", "creationDate": "2023-…", "text": "text"}]}           Day One
    {"activeNotes": [{"id": "…", "content": "text", "creationDate": "2023-…"}]}      Simplenote
    {"user": {}, "weibo": [{"screen_name": "Ana", "text": "text", "created_at": "2023-…"}]}   Weibo, by weibo-crawler
    {"user": {}, "weibo": [{"content": "text", "publish_time": "2023-…", "original": true}]}  Weibo, by weiboSpider

Texts of others that were shared are left out, and so is what was deleted.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.chats.messenger.export import repaired
from personas.importers.encodings import decoding
from personas.importers.syntax import emphasis, export_values, json_stream, markup
from personas.importers.syntax.json_stream import EACH, Path
from personas.importers.times import time_order

_Fields = dict[str, Any]
_COMMENT = (
    "Comment", "Kommentar", "Commentaire", "Comentario", "Comentário", "Commento", "Opmerking", "Комментарий", "Yorum",
    "Komentarz", "コメント", "댓글", "评论", "留言",
)  # fmt: skip
_MENTIONS = re.compile(r"\A(?:@[\w.-]{1,60}(?:@[\w.-]{1,100})?\s{1,3})+")
_PICTURE = re.compile(r"!\[[^\[\]\n]{0,200}\]\([^()\n]{0,500}\)")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!~>-])")
_REPOSTS = frozenset({"", "转发微博", "轉發微博", "Repost"})  # what Weibo writes where somebody adds no words
_HEADING = re.compile(r"\A#{1,6} [^\n]{0,300}")
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n\s*")


@dataclass(frozen=True)
class _Post:
    """`reason` says why it holds no words of its author, or is empty. A note's paragraphs are told apart."""

    text: str
    sent_at: datetime | None
    reason: str = ""
    author: str = ""
    is_note: bool = False


class Posts:
    name = "posts"

    def sniff(self, head: bytes, name: str) -> float:
        seen = json_stream.glimpse(head, into=_into(head))
        first = (export_values.fields(value) for path, value in seen.items() if path[-1:] == (EACH,))
        return 0.9 if _is_one(head) or any(_post(fields) is not None for fields in first) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        head = stream.read(decoding.HEAD_BYTES)
        is_one = _is_one(head)
        into = frozenset[Path]() if is_one else _into(head)
        values = json_stream.walk(stream, encoding, into=into)
        found = [value for path, value in values if is_one or path[-1:] == (EACH,)]
        records = list(_records(found))
        if not any(isinstance(record, Utterance) for record in records):
            raise DamagedFile(gettext("This file lists posts, comments or notes, but none of them holds words."))
        yield from time_order.in_order(records)


def _into(head: bytes) -> frozenset[Path]:
    """The paths of the lists at the top of a file."""
    keys = json_stream.glimpse(head, into={()})
    return frozenset({(), *(path for path in keys if path and path[-1] != EACH)})


def _is_one(head: bytes) -> bool:
    """Whether the file is one entry itself."""
    seen = json_stream.glimpse(head, into={()})
    return _post({path[0]: value for path, value in seen.items() if path and path[0] != EACH}) is not None


def _records(found: list[Any]) -> Iterator[Record]:
    for number, value in enumerate(found, start=1):
        post = _post(export_values.fields(value))
        source_ref = f"entry {number}"
        if post is None:
            yield Skipped("of another kind", source_ref)
            continue
        text = export_values.words(post.text)
        if reason := post.reason or ("" if text else "empty"):
            yield Skipped(reason, source_ref)
            continue
        for paragraph in _PARAGRAPH_END.split(text) if post.is_note else [text]:
            if _HEADING.fullmatch(paragraph):
                yield Skipped("heading", source_ref)
            elif len(paragraph) > export_values.LONGEST_TEXT:
                yield Skipped("too long", source_ref)
            elif paragraph.strip():
                yield Utterance(post.author, paragraph.strip(), post.sent_at, source_ref)


def _post(fields: _Fields) -> _Post | None:
    """What an entry holds; None where it is of no kind that is known."""
    return next((post for read in _KINDS if (post := read(fields)) is not None), None)


def _of_facebook(fields: _Fields) -> _Post | None:
    data = [export_values.fields(one) for one in export_values.items(fields.get("data"))]
    is_known = any(one.keys() & {"post", "comment", "update_timestamp"} for one in data) or "attachments" in fields
    if "timestamp" not in fields or not is_known:
        return None
    comment = next((export_values.fields(one["comment"]) for one in data if "comment" in one), {})
    text = comment.get("comment") or next((one["post"] for one in data if one.get("post")), "")
    author = export_values.name(repaired(comment.get("author")))
    reason = "media" if not text and fields.get("attachments") else ""
    return _Post(repaired(text), export_values.seconds(fields["timestamp"]), reason, author)


def _of_instagram(fields: _Fields) -> _Post | None:
    media = [export_values.fields(one) for one in export_values.items(fields.get("media"))]
    if "uri" in fields:  # a story
        media = [fields]
    if not any("creation_timestamp" in one for one in media):
        return None
    text = next((one["title"] for one in (fields, *media) if one.get("title")), "")
    stamp = fields.get("creation_timestamp") or media[0].get("creation_timestamp")
    return _Post(repaired(text), export_values.seconds(stamp), "" if text else "media")


def _of_instagram_comment(fields: _Fields) -> _Post | None:
    parts = {repaired(key): export_values.fields(part) for key, part in _map(fields).items()}
    comment = next((parts[key] for key in _COMMENT if key in parts), None)
    if comment is None:
        return None
    stamp = next((part["timestamp"] for part in parts.values() if part.get("timestamp")), None)
    return _Post(repaired(comment.get("value")), export_values.seconds(stamp))


def _map(fields: _Fields) -> _Fields:
    return export_values.fields(fields.get("string_map_data"))


def _of_mastodon(fields: _Fields) -> _Post | None:
    if fields.get("type") not in {"Create", "Announce"} or "object" not in fields:
        return None
    note = export_values.fields(fields["object"])
    sent_at = export_values.iso(fields.get("published"))
    if fields["type"] == "Announce" or not note:
        return _Post("", sent_at, "shared from others")
    page = export_values.words(note.get("content"))
    text = "\n\n".join(paragraph.text for paragraph in markup.paragraphs(page[: export_values.LONGEST_TEXT]))
    return _Post(_MENTIONS.sub("", text), sent_at)


def _of_bluesky(fields: _Fields) -> _Post | None:
    record = next((one for key in ("value", "record") if isinstance(one := fields.get(key), dict)), fields)
    if record.get("$type") != "app.bsky.feed.post":
        return None
    return _Post(export_values.words(record.get("text")), export_values.iso(record.get("createdAt")))


def _of_keep(fields: _Fields) -> _Post | None:
    if "isTrashed" not in fields or not fields.keys() & {"textContent", "listContent"}:
        return None
    lines = (export_values.fields(one).get("text") for one in export_values.items(fields.get("listContent")))
    text = export_values.words(fields.get("textContent")) or "\n".join(map(export_values.words, lines))
    stamp = fields.get("createdTimestampUsec") or fields.get("userEditedTimestampUsec")
    reason = "deleted" if fields["isTrashed"] is True else ""
    return _Post(text, export_values.microseconds(stamp), reason, is_note=True)


def _of_day_one(fields: _Fields) -> _Post | None:
    if not {"uuid", "creationDate"} <= fields.keys():
        return None
    text = _PICTURE.sub("", export_values.words(fields.get("text")))
    text = emphasis.removed(_ESCAPED.sub(r"\1", text)).replace("\u200b", "")
    return _Post(text, export_values.iso(fields["creationDate"]), "" if text.strip() else "media", is_note=True)


def _of_simplenote(fields: _Fields) -> _Post | None:
    if not {"id", "content", "creationDate"} <= fields.keys():
        return None
    reason = "deleted" if fields.get("deleted") is True else ""
    text = export_values.words(fields["content"]).replace("\r\n", "\n")
    return _Post(text, export_values.iso(fields["creationDate"]), reason, is_note=True)


def _of_weibo(fields: _Fields) -> _Post | None:
    by_crawler, by_spider = {"bid", "text", "created_at"}, {"content", "publish_time", "original"}
    if not (by_crawler <= fields.keys() or by_spider <= fields.keys()):
        return None
    text = export_values.words(fields.get("text") or fields.get("content"))
    if text.startswith("转发理由:"):
        text = text.removeprefix("转发理由:").partition("原始用户:")[0]
    own = text.partition("//@")[0].strip()  # others' words on the way follow
    is_repost = own in _REPOSTS and (own != text or "retweet" in fields or fields.get("original") is False)
    sent_at = export_values.iso(fields.get("created_at") or fields.get("publish_time"))
    return _Post(own, sent_at, "repost" if is_repost else "", export_values.name(fields.get("screen_name")))


_KINDS: tuple[Callable[[_Fields], _Post | None], ...] = (
    _of_facebook,
    _of_instagram,
    _of_instagram_comment,
    _of_mastodon,
    _of_bluesky,
    _of_keep,
    _of_day_one,
    _of_simplenote,
    _of_weibo,
)
