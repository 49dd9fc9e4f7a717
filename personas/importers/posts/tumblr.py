"""Tumblr's export of a blog: posts.xml, messages.xml, and the page of each post in older exports.

Reblogs quote what others wrote, so quotations are left out, and questions of others as well. The lines of a chat post
are its writer's words, as those of a play, unless it was reblogged. A message names its writer by an id, and only the
participants of a conversation by name. The owner is in every conversation, which tells who wrote what.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.archives import member_files
from personas.importers.base import DamagedFile, Member, Record, Remark, Skipped, Utterance
from personas.importers.chats.messages import chat_heads
from personas.importers.chats.messages.chat_heads import Stamp
from personas.importers.documents import web_page
from personas.importers.encodings import decoding
from personas.importers.syntax import export_values, markup, xml_parts

_HEAD = 4096  # characters in which the first element begins
_LINE = "line"
_WORDS = frozenset({
    "regular-body", "photo-caption", "video-caption", "audio-caption", "link-description", "answer", _LINE,
})  # fmt: skip
_VOID = frozenset({"br", "hr", "img"})
_YES = frozenset({"true", "1"})
_TYPES_OF_MEDIA = frozenset({"photo", "video", "audio"})
_WHY_NOT = {"draft": "draft", "submission": "of another kind"}  # by the state of a post
_WHY_NO_WORDS = {"IMAGE": "media", "POSTREF": "forwarded", "STICKER": "media"}  # by the type of a message
_ATTRIBUTION = re.compile(r"[\w-]{1,60} ?:|\((?:via|Source:) [^()\n]{1,100}\)")
_DEACTIVATED = re.compile(r"-deactivated\d{0,8}\Z")
_FOOTER = re.compile(r"<div id=\"footer\">\s{0,100}<span id=\"timestamp\">\s{0,100}([^<>]{1,60})")
_LAYOUT = re.compile(r"<(?:center|table)\b", re.IGNORECASE)
_BETWEEN_CELLS = re.compile(r"</t[dh]>\s{0,100}<t[dh](?:\s[^<>]{0,500})?>", re.IGNORECASE)
_PATH = re.compile(r"\A(?P<folder>(?:(?:.*/)?posts/)?)(?:posts\.xml|html/(?:submissions/)?[^/]{1,80}\.html)")
_SUBMISSION = re.compile(r"\A(?:.*/)?posts/html/submissions/[^/]{1,80}\.html")
_LONGEST = 2 * 1024**2  # characters of one post or message
_MOST_NAMES = 100_000


@dataclass
class _Item:
    """A post or a message. `people` are the participants of its conversation."""

    attributes: dict[str, str]
    people: tuple[str, ...] | None = None
    parts: list[str] = field(default_factory=list)
    length: int = 0

    @property
    def text(self) -> str:
        return "".join(self.parts).strip()


class Tumblr:
    name = "tumblr"

    def sniff(self, head: bytes, name: str) -> float:
        text = decoding.decode_head(head)
        if not text.lstrip().startswith("<"):
            return 0.0
        first = next((one.name for one in markup.tokens(text[:_HEAD].lstrip()) if isinstance(one, markup.Tag)), "")
        return 0.96 if first == "tumblr" or _FOOTER.search(text) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        stream.seek(0)
        if _FOOTER.search(decoding.decode_head(stream.read(decoding.HEAD_BYTES))):
            yield from _page(stream)
            return
        has_words = False
        for record in _export(stream):
            has_words |= isinstance(record, Utterance)
            yield record
        if not has_words:
            raise DamagedFile(gettext("This export of Tumblr holds no posts and no messages with words."))

    def members(self, paths: Sequence[str]) -> list[str]:
        """The posts, the pages that repeat them, and the pages that others submitted."""
        matches = [match for path in paths if (match := _PATH.fullmatch(path))]
        folders = {match["folder"] for match in matches if match[0].endswith("posts.xml")}
        return [match[0] for match in matches if match["folder"] in folders or _SUBMISSION.fullmatch(match[0])]

    def parse_members(self, members: Sequence[Member]) -> Iterator[Record]:
        yield from member_files.records([one for one in members if one.path.endswith(".xml")], self._member)
        for member in members:
            if _SUBMISSION.fullmatch(member.path):
                yield Skipped("of another kind", member_files.place(member))

    def _member(self, member: Member, stream: BinaryIO) -> Iterator[Record]:
        if self.sniff(stream.read(decoding.HEAD_BYTES), member.path):
            yield from self.parse(stream)
        else:
            yield Skipped("file of another kind", member_files.place(member))


class _Items(xml_parts.Collector[_Item]):
    """Posts with the words of their owner, and messages, in the order of the file."""

    def __init__(self) -> None:
        super().__init__()
        self._item: _Item | None = None
        self._people: list[str] = []
        self._conversation: tuple[str, ...] = ()
        self._is_of_owner = False  # whether the characters are words
        self._depth = 0  # of elements within these words; some exports do not escape them

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if self._is_of_owner:
            self._depth += 1
            self._put_markup(f"<{name}>")
            return
        if name == "participants":
            self._people = []
        elif name == "participant":
            self._item = _Item({})
        elif name == "post":
            self._item = _Item(attributes)
        elif name == "message":
            self._item = _Item(attributes, self._conversation)
        self._is_of_owner = name in {"participant", "message"} or name in _WORDS
        if name == _LINE:
            self.characters(html.escape(attributes.get("label") or "") + " ")

    def end(self, name: str) -> None:
        if self._depth:
            self._depth -= 1
            self._put_markup("" if name in _VOID else f"</{name}>")
            return
        if name == _LINE:
            self.characters("<br>")
        self._is_of_owner = False
        if name == "participants":
            self._conversation = tuple(self._people)
        if self._item is None:
            return
        if name == "participant" and len(self._people) < _MOST_NAMES:
            self._people.append(_DEACTIVATED.sub("", export_values.name(self._item.text)))
        elif name in {"post", "message"}:
            self.ready.append(self._item)
        if name in {"participant", "post", "message"}:
            self._item = None

    def _put_markup(self, tag: str) -> None:
        """Posts are pages, and messages plain text."""
        is_message = self._item is not None and self._item.people is not None
        self.characters("\n" * (tag == "<br>") if is_message else tag)

    def characters(self, content: str) -> None:
        if self._item is not None and self._is_of_owner:
            self._item.length += len(content)
            if self._item.length <= _LONGEST:
                self._item.parts.append(content)


class _Writers:
    """Who wrote a message, learnt from all conversations."""

    def __init__(self) -> None:
        self._ids: Counter[str] = Counter()  # of each writer, the conversations with other participants
        self._names: Counter[str] = Counter()
        self._seen: set[tuple[tuple[str, ...], str]] = set()  # participants, and one who wrote or ""
        self.is_unsure = False

    def see(self, people: tuple[str, ...], key: str) -> None:
        for counts, who, names in ((self._names, "", people), (self._ids, key, (key,))):
            if (people, who) not in self._seen and len(self._seen) < _MOST_NAMES:
                self._seen.add((people, who))
                counts.update(names)

    @cached_property
    def _owner(self) -> tuple[str, str]:
        """The name and the id that are in the most conversations; "" where none is in more than the others."""
        return _most_common(self._names), _most_common(self._ids)

    def name_of(self, key: str, people: tuple[str, ...]) -> str:
        if key in people:
            return key
        owner, owner_id = self._owner
        if owner in people and owner_id and len(people) == 2:
            return owner if key == owner_id else people[1 - people.index(owner)]
        self.is_unsure = True
        return key or export_values.DELETED


def _most_common(counts: Counter[str]) -> str:
    first, second = (*counts.most_common(2), ("", 0), ("", 0))[:2]
    return first[0] if first[1] > second[1] else ""


def _export(stream: BinaryIO) -> Iterator[Record]:
    writers = _Writers()
    stream.seek(0)
    for item in xml_parts.read(stream, _Items()):
        if item.people is not None:
            writers.see(item.people, export_values.key(item.attributes.get("participant")))
    stream.seek(0)
    for number, item in enumerate(xml_parts.read(stream, _Items()), start=1):
        if item.people is not None:
            yield _message(item, item.people, writers, f"message {number}")
        else:
            yield from _post(item, f"entry {number}")
    if writers.is_unsure:
        yield Remark(gettext("The export does not say who wrote which messages, so some writers have an id as a name."))


def _message(item: _Item, people: tuple[str, ...], writers: _Writers, source_ref: str) -> Utterance | Skipped:
    text = export_values.words(item.text)
    if reason := _WHY_NO_WORDS.get(item.attributes.get("type", "")):
        return Skipped(reason, source_ref)
    if not text or len(text) > export_values.LONGEST_TEXT or item.length > _LONGEST:
        return Skipped("too long" if text else "empty", source_ref)
    speaker = writers.name_of(export_values.key(item.attributes.get("participant")), people)
    return Utterance(speaker, text, export_values.seconds(item.attributes.get("ts")), source_ref)


def _post(item: _Item, source_ref: str) -> Iterator[Record]:
    kind = item.attributes.get("type", "")
    if reason := _WHY_NOT.get(item.attributes.get("state", "")):
        yield Skipped(reason, source_ref)
    elif item.length > _LONGEST:
        yield Skipped("too long", source_ref)
    elif kind == "conversation" and item.attributes.get("is_reblog", "") in _YES:
        yield Skipped("shared from others", source_ref)
    elif not item.text:
        yield Skipped("media" if kind in _TYPES_OF_MEDIA else "empty", source_ref)
    else:
        blog = export_values.name(item.attributes.get("tumblelog"))
        sent_at = export_values.seconds(item.attributes.get("unix-timestamp"))
        yield from _own_words(item.text, blog, sent_at, source_ref)


def _page(stream: BinaryIO) -> Iterator[Record]:
    text, remark = web_page.decoded(stream)
    if remark:
        yield Remark(remark)
    footer = _FOOTER.search(text)
    stamp = chat_heads.leading_stamp(footer[1].strip()) if footer else None
    yield from _own_words(text, "", _moment(stamp[0]) if stamp else None, "page 1")


def _moment(stamp: Stamp) -> datetime | None:
    try:
        return datetime(*stamp.day, *stamp.time, tzinfo=UTC) if stamp.day else None
    except ValueError:
        return None


def _own_words(text: str, speaker: str, sent_at: datetime | None, source_ref: str) -> Iterator[Record]:
    """The paragraphs of a post, without what it quotes and without the names of those who are quoted.

    A post whose lines are centred or stand in a table is one text, since its elements are its layout.
    """
    is_laid_out = _LAYOUT.search(text) is not None
    paragraphs = list(markup.paragraphs(_BETWEEN_CELLS.sub(" ", text), others=frozenset({"footer"})))
    if not paragraphs:
        yield Skipped("media" if "<img" in text else "empty", source_ref)
    own: list[str] = []
    for paragraph, following in pairwise([*paragraphs, markup.Paragraph("")]):
        words = export_values.words(paragraph.text)
        is_attribution = _ATTRIBUTION.fullmatch(words) and (following.quoted or words.startswith("("))
        if paragraph.is_heading or paragraph.quoted:
            yield Skipped("heading" if paragraph.is_heading else "quotation", source_ref)
        elif words and not is_attribution:
            own.append(words)
    for words in ["\n".join(own)] if own and is_laid_out else own:
        if len(words) > export_values.LONGEST_TEXT:
            yield Skipped("too long", source_ref)
        else:
            yield Utterance(speaker, words, sent_at, source_ref)
