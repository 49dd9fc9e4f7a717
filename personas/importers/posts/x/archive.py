"""The archive of X (Twitter): posts, long posts and direct messages, from the whole archive or from one file of it.

A file of the archive is JSON behind `window.YTD.<kind>.part0 = `. It is cut at the first bracket and read as JSON; it
is never run.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext

from personas.importers.archives import member_files
from personas.importers.base import DamagedFile, Member, Record, Remark, Skipped, Utterance
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding
from personas.importers.posts.x import messages, plain_words
from personas.importers.syntax import export_values, json_stream
from personas.importers.syntax.json_stream import EACH
from personas.importers.times import dates, time_order

_START = re.compile(r"\A\s*+window\.YTD\.(?P<kind>\w{1,60})\.part\d{1,6}\s*=")
_POSTS = {"tweet": "tweet", "tweets": "tweet", "community_tweet": "tweet", "note_tweet": "noteTweet"}
_MESSAGES = frozenset({"direct_messages", "direct_message", "direct_messages_group", "direct_message_group"})
_FILE = re.compile(
    r"\A(?:.*/)?(?P<kind>account|tweets?|community-tweet|note-tweet|direct-messages?(?:-group)?)(?:-part(?P<part>\d{1,4}))?\.js"
)
_ORDER = ("account", "note-tweet", "tweet", "tweets", "community-tweet")
_MENTIONS = re.compile(r"\A(?:[.\s]?@\w{1,30}+\s*+)++")
_NOTE_BEGINNING = 60  # characters by which a long post and its short form are known to be the same
_STAMP = re.compile(r"\w{3} (\w{3}) (\d{1,2}) (\d{2}):(\d{2}):(\d{2}) [+-]\d{4} (\d{4})")


@dataclass(frozen=True)
class Account:
    """Whose archive it is. Empty where a file was uploaded without the others."""

    id: str = ""
    name: str = ""


class XArchive:
    name = "x-archive"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.97 if _START.match(decoding.decode_head(head[:4096])) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        yield from _parse(stream, Account(), set())

    def members(self, paths: Sequence[str]) -> list[str]:
        """What the owner wrote, the account first; then all other files of the archive, which are passed over."""
        matches = [match for path in paths if (match := _FILE.fullmatch(path))]
        by_place = {kind: place for place, kind in enumerate(_ORDER)}
        matches.sort(key=lambda match: (by_place.get(match["kind"], len(_ORDER)), int(match["part"] or 0), match[0]))
        if all(match["kind"] == "account" for match in matches):
            return []
        wanted = [match[0] for match in matches]
        folders = {path.rpartition("/")[0] for path in wanted}
        others = {path for path in paths if path.endswith(".js") and path.rpartition("/")[0] in folders}
        return [*wanted, *sorted(others.difference(wanted))]

    def parse_members(self, members: Sequence[Member]) -> Iterator[Record]:
        account, notes = Account(), set[str]()

        def read(member: Member, stream: BinaryIO) -> Iterator[Record]:
            nonlocal account
            kind = _kind(stream)
            if kind == "account":
                account = _account(stream)
            elif kind:
                yield from _parse(stream, account, notes)
            else:
                yield Skipped("file of another kind", member_files.place(member))

        yield from member_files.records([member for member in members if _FILE.fullmatch(member.path)], read)
        for member in members:
            if not _FILE.fullmatch(member.path):
                yield Skipped("file of another kind", member_files.place(member))


def _kind(stream: BinaryIO) -> str:
    stream.seek(0)
    start = _START.match(decoding.decode_head(stream.read(4096)))
    stream.seek(0)
    return start["kind"] if start else ""


def _account(stream: BinaryIO) -> Account:
    for _, value in json_stream.walk(stream, decoding.detect(stream), into={()}):
        account = export_values.fields(export_values.fields(value).get("account"))
        name = export_values.name(account.get("accountDisplayName")) or export_values.name(account.get("username"))
        return Account(export_values.key(account.get("accountId")), name)
    return Account()


def _parse(stream: BinaryIO, account: Account, notes: set[str]) -> Iterator[Record]:
    """The records of one file. `notes` gathers the beginnings of long posts, whose short forms are left out."""
    kind = _kind(stream)
    encoding = decoding.detect(stream)
    if encoding.is_guessed:
        yield Remark(decoding.remark(encoding))
    if kind in _MESSAGES:
        yield from messages.records(stream, encoding, own_id=account.id, own_name=account.name)
    elif kind in _POSTS:
        yield from time_order.in_order(_posts(stream, encoding, _POSTS[kind], account.name, notes))
    elif kind.startswith("deleted"):
        raise DamagedFile(
            gettext("This file of an X archive holds posts that their writer deleted. They are not read.")
        )
    else:
        raise DamagedFile(
            gettext(
                "This file of an X archive (%(replace)s.js) holds no posts and no messages. Upload tweets.js, "
                "note-tweet.js or direct-messages.js, or the whole archive."
            )
            % {"replace": kind.replace("_", "-")}
        )


def _posts(stream: BinaryIO, encoding: Encoding, field: str, name: str, notes: set[str]) -> Iterator[Record]:
    """Posts sorted by time and id: the file has them in no order, and ids grow with time."""
    posts: list[tuple[str, dict[str, Any]]] = []
    for path, value in json_stream.walk(stream, encoding, into={()}):
        fields = export_values.fields(value)
        post = export_values.fields(fields.get(field)) or (fields if path[-1] == EACH else {})
        post_id = export_values.key(post.get("id_str") or post.get("id") or post.get("noteTweetId"))
        posts.append((post_id.rjust(24, "0"), post))
    for post_id, post in sorted(posts, key=lambda pair: pair[0]):
        yield _record(post, name, notes, f"post {post_id.lstrip('0') or '?'}")


def _record(post: dict[str, Any], name: str, notes: set[str], source_ref: str) -> Utterance | Skipped:
    if "core" in post:
        text = plain_words.plain(export_values.fields(post["core"]).get("text"))
        notes.add(text[:_NOTE_BEGINNING])
        sent_at = export_values.iso(post.get("createdAt"))
    else:
        raw = post.get("full_text") or post.get("text")
        text = plain_words.plain(raw)
        if text.startswith("RT @"):
            return Skipped("repost", source_ref)
        if text.endswith("…") and text[:_NOTE_BEGINNING] in notes:
            return Skipped("short form of a long post", source_ref)
        is_reply = any(post.get(key) for key in ("in_reply_to_status_id_str", "in_reply_to_screen_name"))
        text = _MENTIONS.sub("", text, count=1) if is_reply else text
        sent_at = moment(post.get("created_at"))
    if not text:
        return Skipped("media" if "media" in export_values.fields(post.get("entities")) else "empty", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    return Utterance(name, text, sent_at, source_ref)


def moment(value: Any) -> datetime | None:
    """Thu Jun 15 20:41:07 +0000 2023"""
    match = _STAMP.fullmatch(value) if isinstance(value, str) and len(value) < 40 else None
    if match is None or match[1].casefold() not in dates.MONTHS:
        return export_values.iso(value)
    day, hour, minute, second, year = (int(match[group]) for group in (2, 3, 4, 5, 6))
    try:
        return datetime(year, dates.MONTHS[match[1].casefold()], day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
