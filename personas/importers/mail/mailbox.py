"""Mails: a mailbox (mbox, as of Google Takeout or Thunderbird) or a single one (.eml, .emlx).

Who speaks is told by the address. The name is the one that the address has most often. Only what a sender wrote is
read: quoted mails, signatures, spam and drafts are left out. The mails of one talk stand together, in time order.
"""

import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, FileTooLarge, Member, Record, Remark, Skipped, Utterance
from personas.importers.encodings import decoding
from personas.importers.mail import own_text, raw_mail
from personas.importers.mail.raw_mail import Headers

_SEPARATOR = re.compile(rb"\AFrom \S.{0,300}?\d\d:\d\d.{0,60}\r?\n?\Z")
_SHORT_SEPARATOR = re.compile(rb"\AFrom (?:-|MAILER-DAEMON|[^\s@]{1,100}@[^\s@]{1,100})?\s{0,3}\Z")  # without a time
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,70}:")
_KNOWN = re.compile(
    rb"(?:From|To|Subject|Date|Message-ID|MIME-Version|Return-Path|Received|Delivered-To|Content-Type|X-Gmail-Labels|X-GM-THRID|Cc|Reply-To):",
    re.IGNORECASE,
)
_FROM_ADDRESS = re.compile(rb"^From:[^\n]{0,800}@", re.IGNORECASE | re.MULTILINE)
_HIDDEN_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)  # a mailbox hides a line that begins with "From " so
_MARK = b"\xef\xbb\xbf"
_LONGEST_LINE = 1 << 20  # bytes; a longer line is read in pieces
_LONGEST_MAIL = 8 * 1024**2  # bytes; what follows is an attachment, and is not looked at
_MOST_MAILS = 200_000
_NAME_CHARACTERS = 50
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_PARENTS = 50  # steps towards the beginning of a talk


@dataclass(frozen=True)
class _Place:
    """Where a mail stands in the file."""

    number: int
    name: str  # for people
    start: int
    length: int
    headers: Headers


class Mail:
    name = "mail"

    def sniff(self, head: bytes, name: str) -> float:
        head = _without_length(head)[1]
        first, _, rest = head.partition(b"\n")
        is_mailbox = _SEPARATOR.match(first) is not None or _SHORT_SEPARATOR.match(first) is not None
        lines = (rest if is_mailbox else head).split(b"\n")[:200]
        end = next((index for index, line in enumerate(lines) if not line.strip()), len(lines))
        fields = lines[:end]
        is_headed = bool(fields) and all(_HEADER.match(line) or line[:1] in b" \t" for line in fields if line)
        known = sum(_KNOWN.match(line) is not None for line in fields)
        if not is_headed or known < 2 or not (is_mailbox or _FROM_ADDRESS.search(b"\n".join(fields))):
            return 0.0
        return 0.98

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        def read(place: _Place) -> bytes:
            stream.seek(place.start)
            raw = stream.read(min(place.length, _LONGEST_MAIL))
            return _HIDDEN_FROM.sub(rb"\1", raw) if place.start else raw

        yield from _mails(list(_places(stream)), read)

    def members(self, paths: Sequence[str]) -> list[str]:
        mails = [path for path in paths if path.casefold().endswith((".eml", ".emlx"))]
        return mails if len(mails) > 1 else []

    def parse_members(self, members: Sequence[Member]) -> Iterator[Record]:
        """Mails as files of their own, as of one mailbox: who has which address is told by all of them."""

        def read(place: _Place) -> bytes:
            with members[place.number - 1].open() as file:
                return _without_length(file.read(_LONGEST_MAIL))[1]

        yield from _mails([_member(number, member) for number, member in enumerate(members, start=1)], read)


def _mails(places: list[_Place], read: Callable[[_Place], bytes]) -> Iterator[Record]:
    box = _Mailbox([place for place in places if place.headers.sender.address or place.headers.sent_at])
    if not box.places:
        raise DamagedFile(gettext("This file holds no mail: no headers such as From: and Date: were found."))
    names = box.names()
    if any(place.length > _LONGEST_MAIL for place in box.places):
        yield Remark(gettext("Attachments were not looked at. Of very long mails only the beginning was read."))
    ids: set[str] = set()
    for place in box.in_order():
        reason = place.headers.skip or ("twice in the file" if place.headers.message_id in ids else "")
        ids |= {place.headers.message_id} - {""}
        if reason:
            yield Skipped(reason, place.name)
        else:
            yield from _records(read(place), place, names)


def _without_length(head: bytes) -> tuple[int, bytes]:
    """A file without its mark of UTF-8, and without what Apple Mail (.emlx) puts around a mail: a line with its length,
    and a list behind it. The number of bytes to skip, and the rest."""
    skipped = len(_MARK) if head.startswith(_MARK) else 0
    first, newline, rest = head[skipped:].partition(b"\n")
    if newline and first.strip().isdigit() and len(first) < 20:
        return skipped + len(first) + 1, rest[: int(first)]
    return skipped, head[skipped:]


def _end(stream: BinaryIO, start: int) -> int | None:
    """Where the mail of Apple's app ends; None in any other file."""
    stream.seek(0)
    first = stream.read(start).removeprefix(_MARK).strip()
    return start + int(first) if first.isdigit() else None


def _places(stream: BinaryIO) -> Iterator[_Place]:
    """The mails of a file, with their headers."""
    stream.seek(0)
    start = _without_length(stream.read(200))[0]
    end = _end(stream, start)
    number, position, head, is_head, is_after_blank = 0, start, bytearray(), True, True
    while line := stream.readline(_LONGEST_LINE):
        is_new = is_after_blank and line.startswith(b"From ") and _separates(stream, line)
        if is_new:
            if head:
                number += 1
                yield _place(number, start, position, head)
            start, head, is_head = position + len(line), bytearray(), True
        elif is_head:
            is_head = bool(line.strip()) and len(head) < _LONGEST_LINE
            head += line
        position += len(line)
        is_after_blank = not line.strip()
    if head.strip():
        yield _place(number + 1, start, min(position, end or position), head)


def _separates(stream: BinaryIO, line: bytes) -> bool:
    """Whether a mail begins below a line. Where it has no time, headers must follow."""
    if _SEPARATOR.match(line) is not None:
        return True
    if _SHORT_SEPARATOR.match(line) is None:
        return False
    place = stream.tell()
    following = stream.readline(_LONGEST_LINE)
    stream.seek(place)
    return _KNOWN.match(following) is not None or following.startswith(b"X-")


def _place(number: int, start: int, end: int, head: bytearray) -> _Place:
    if number > _MOST_MAILS:
        raise FileTooLarge(
            gettext("This mailbox holds more than %(most_mails)s mails, which is the limit. Split it.")
            % {"most_mails": f"{_MOST_MAILS:,}"}
        )
    return _Place(number, f"mail {number}", start, end - start, raw_mail.headers(bytes(head)))


def _member(number: int, member: Member) -> _Place:
    with member.open() as file:
        head = _without_length(file.read(_LONGEST_LINE))[1]
        length = file.seek(0, io.SEEK_END)
    return _Place(number, member.path.rpartition("/")[2][-_NAME_CHARACTERS:], 0, length, raw_mail.headers(head))


@dataclass
class _Mailbox:
    """All mails of a file by their headers."""

    places: list[_Place]

    def names(self) -> dict[str, str]:
        """What to call each address: its most frequent name, with the address where two share it."""
        names: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for place in self.places:
            names[place.headers.sender.address][place.headers.sender.name] += 1
        usual = {address: counts.most_common(1)[0][0] for address, counts in names.items()}
        shared = Counter(usual.values())
        return {
            address: name if shared[name] == 1 or name == address else f"{name} <{address}>"
            for address, name in usual.items()
        }

    def in_order(self) -> list[_Place]:
        """Talk by talk, each by time; the talks by their first mail."""
        parents = {place.headers.message_id: place.headers.parent for place in self.places if place.headers.parent}
        talks = {place.number: place.headers.thread or _beginning(place.headers, parents) for place in self.places}
        first: dict[str, datetime] = {}
        for place in self.places:
            moment = place.headers.sent_at or _EARLIEST
            talk = talks[place.number] or str(place.number)
            first[talk] = min(first.get(talk, moment), moment)
        return sorted(
            self.places,
            key=lambda place: (
                first[talks[place.number] or str(place.number)],
                talks[place.number],
                place.headers.sent_at or _EARLIEST,
                place.number,
            ),
        )


def _beginning(headers: Headers, parents: dict[str, str]) -> str:
    """The id of the mail that began a talk, as far as the file tells."""
    message_id = headers.parent or headers.message_id
    for _ in range(_PARENTS):
        if message_id not in parents:
            break
        message_id = parents[message_id]
    return message_id


def _records(raw: bytes, place: _Place, names: dict[str, str]) -> Iterator[Record]:
    try:
        text = raw_mail.text_of(raw)
    except RecursionError:
        yield Skipped("unreadable", place.name)
        return
    words, is_cut = own_text.own_words(text)
    if not words:
        yield Skipped("only quoted or signed" if is_cut else "without text", place.name)
        return
    if is_cut:
        yield Skipped("quotation or signature", place.name)
    sender = place.headers.sender
    yield Utterance(names.get(sender.address, sender.name), decoding.clean(words), place.headers.sent_at, place.name)
