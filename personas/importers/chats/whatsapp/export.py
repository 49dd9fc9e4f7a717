"""WhatsApp's "Export chat" in every language's layout. Its .zip is opened by `archive`.

A file is read twice. The first pass (`layouts`) finds which layouts of head the file has, which words
stand where names stand, and what order day and month have; the second accepts only heads of
those layouts, so a chat line quoted inside a message stays part of the message.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.chats.messages import chat_heads, numbered_names, placeholders
from personas.importers.chats.whatsapp import app_words, events
from personas.importers.chats.whatsapp.heads import Head, read_head
from personas.importers.chats.whatsapp.known_heads import KnownHeads
from personas.importers.chats.whatsapp.layouts import Layout, Survey, first_split, tidy
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Block, Line

_LONGEST_TEXT = 100_000  # characters of one message; more than any app lets a person send
_SNIFFED_LINES = 400
_MOST_KEPT = 100_000  # names, and beginnings of messages
_NEVER = datetime.min.replace(tzinfo=UTC)
_FEW = 2  # lines of another layout; so few are a quotation, and no remark mentions them
_NAME_WITH_SENTENCE = re.compile(r"(?P<more>[^:\n]{1,60}[?!]): ")


@dataclass
class _Message:
    """A record that is being gathered: more lines may follow."""

    sent_at: datetime
    layout: Layout
    line: int
    lines: list[str]
    length: int = 0

    def add(self, line: str) -> None:
        self.length += len(line) + 1
        if self.length <= _LONGEST_TEXT:
            self.lines.append(line)


class WhatsApp:
    name = "whatsapp"

    def sniff(self, head: bytes, name: str) -> float:
        text = decoding.decode_head(head).splitlines()[:_SNIFFED_LINES]
        survey = Survey()
        survey.read(Line(number, line, "\n") for number, line in enumerate(text, start=1))
        if not survey.kept:
            return 0.0
        main = survey.kept[0]
        style = main.style
        # Signal's exporter writes [2023-06-15, 21:41]; WhatsApp's brackets always hold seconds.
        if style[0] and style[1] == "-" and not style[9]:
            return 0.0
        # Other exports also begin lines with a date: theirs is followed by a tab, or by a name and the line's end.
        names, heads = survey.names, sum(layout.heads for layout in survey.kept)
        again = sum(count for count in names.values() if count > 1)
        # In a large group, most lines may be about people who come and go.
        is_busy = style[-1] == " - " and bool(style[4]) and again * 2 >= names.total() >= heads / 20
        if names.total() < heads / 3 and not is_busy:
            return 0.0
        if style[-1] == " " and not style[0] and (again < heads / 2 or all(map(chat_heads.is_of_zoom, names))):
            return 0.0
        filled = sum(1 for line in text if line.strip())
        # Signal's newer exporter writes [2023-06-15 21:41:07]; what else marks it is known to its own reader.
        most = 0.9 if style[0] and style[1] == "-" and not style[4] else 1.0
        return min(most, 0.35 + heads / filled) if heads * 5 >= filled else 0.25

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        survey = Survey()
        is_utf8 = encoding.name in {"utf-8", "utf-8-sig"}
        if is_utf8:
            survey.read_blocks(decoding.blocks(stream))
        else:
            survey.read(decoding.ended_lines(stream, encoding))
        if not survey.kept:
            raise DamagedFile(gettext("No line of this file begins like a WhatsApp message, with a date and a time."))
        for layout in survey.kept:
            if layout.is_order_guessed and layout.sample is not None:
                written = str(layout.style[1]).join(str(number) for number in layout.sample.fields)
                yield Remark(
                    gettext("Dates such as %(written)s were read as %(order)s; the file does not say.")
                    % {"written": written, "order": gettext(layout.order)}
                )
        if len(survey.kept) > 1:
            yield Remark(
                gettext("The file has %(survey)s layouts, as of several phones; all of them were read.")
                % {"survey": len(survey.kept)}
            )
        reader = _Reader(survey)
        if is_utf8:
            yield from reader.read_blocks(decoding.blocks(stream))
        else:
            yield from reader.read_lines(decoding.ended_lines(stream, encoding))
        yield from reader.finished()


class _Reader:
    """Lines or blocks of lines in, records out, by what the survey learnt."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._names = survey.known_names()
        self._groups = survey.group_names()
        self._counts = survey.names
        self._labels = numbered_names.plain({tidy(name): count for name, count in survey.names.items()})
        self._people = events.People({tidy(name) for name in self._names if not self._is_rare(name)})
        self._has_other_app = sum(survey.foreign_names[name] for name in self._names) > _FEW
        self._is_first = True
        self._is_astray = False  # below a line of another app
        self._quoted = 0
        self._message: _Message | None = None
        self._end_before = ""
        self._main = survey.kept[0]
        self._has_cr_ends = self._main.ends["\r\n"] * 4 >= self._main.ends["\n"]  # of records
        self._is_bracketed = bool(self._main.style[0])
        self._known = KnownHeads(self._main.sample, self._values_of) if self._main.sample is not None else None
        self._speakers: dict[str, str] = {}  # as a line has them; "" where a name has to be looked at with care
        self._plain: dict[str, bool] = {}  # beginnings of words

    def read_lines(self, lines: Iterable[Line]) -> Iterator[Record]:
        for line in lines:
            if (record := self._take(line)) is not None:
                yield record

    def read_blocks(self, blocks: Iterable[Block]) -> Iterator[Record]:
        for block in blocks:
            known = self._known
            if known is None or not known.is_usable or not block.is_clean or self._is_first or self._has_other_app:
                yield from self.read_lines(decoding.block_lines(block))
            else:
                yield from self._of_block(block, known)

    def _of_block(self, block: Block, known: KnownHeads[datetime, timedelta]) -> Iterator[Record]:
        """As `read_lines`. Messages with a known head are gathered here, without a `_Message` for each."""
        name, text, sent_at, begun = "", "", _NEVER, 0  # of the message that is gathered here, if it has a name
        for number, line, end, may_begin, start in known.cut(block):
            if name and not may_begin:
                text += f"\n{line}" if len(text) <= _LONGEST_TEXT else ""
            elif start is None or (self._has_cr_ends and self._end_before != "\r\n"):  # it may be quoted
                if name:
                    self._message, name = self._message_from(name, text, sent_at, begun), ""
                if (record := self._take(Line(number, line, end))) is not None:
                    yield record
            else:
                if name:
                    yield self._of_known(name, text.rstrip(), sent_at, begun)
                elif self._message is not None:
                    yield self._record_of(self._message)
                    self._message = None
                name, text, midnight, since = start
                sent_at, begun = midnight + since, number
            self._end_before = end
        if name:
            self._message = self._message_from(name, text, sent_at, begun)

    def _message_from(self, name: str, text: str, sent_at: datetime, line: int) -> _Message:
        first, *following = text.split("\n")
        message = _Message(sent_at, self._main, line, [f"{name}: {first}"])
        for each in following:
            message.add(each)
        return message

    def _take(self, line: Line) -> Record | None:
        """The record that ends where this line begins, if any."""
        message = self._start_of_message(line, self._end_before, self._message)
        self._end_before = line.end
        if message is not None:
            record = self._record_of(self._message) if self._message is not None else None
            self._message, self._is_astray = message, False
            return record
        if self._message is None:
            return Skipped("before the first message", f"line {line.number}") if line.text.strip() else None
        if self._is_of_another_app(line.text):
            self._is_astray = True
            return Skipped("in another layout", f"line {line.number}") if line.text.strip() else None
        self._message.add(line.text)
        return None

    def finished(self) -> Iterator[Record]:
        if self._message is not None:
            yield self._record_of(self._message)
        if self._quoted > _FEW:
            yield Remark(
                gettext(
                    "%(quoted)s lines begin like messages of another layout. They were kept as quotations inside the "
                    "message above them. If they are messages, upload them as a file of their own."
                )
                % {"quoted": self._quoted}
            )

    def _start_of_message(self, line: Line, end_before: str, message: _Message | None) -> _Message | None:
        """The record that a line begins, or None where it belongs to the one before."""
        head = read_head(line.text)
        if head is None:
            return None
        layout = next(self._survey.layouts_for(head), None)
        sent_at = layout.moment(head) if layout else None
        if layout is None or sent_at is None or self._is_quoted(layout, sent_at, end_before, message):
            self._quoted += first_split(head.rest)[0] in self._names
            return None
        return _Message(sent_at=sent_at, layout=layout, line=line.number, lines=[head.rest])

    def _is_quoted(self, layout: Layout, sent_at: datetime, end_before: str, message: _Message | None) -> bool:
        if message is None:
            return False
        if layout.is_quoted(end_before, is_later=sent_at >= message.sent_at):
            return True
        if layout is message.layout or layout is self._survey.kept[0]:
            return False
        is_elsewhere = layout.first_line > message.layout.last_line or layout.last_line < message.layout.first_line
        return not (is_elsewhere and layout.heads > 1) and sent_at < message.sent_at

    def _is_of_another_app(self, line: str) -> bool:
        """Lines as a window of WhatsApp or of another app copies them, by somebody of this chat."""
        if not self._has_other_app or self._is_astray:
            return self._is_astray
        head = chat_heads.read(line)
        return head is not None and head.name in self._names

    def _record_of(self, message: _Message) -> Utterance | Skipped:
        source_ref = f"line {message.line}"
        is_first, self._is_first = self._is_first, False
        text = "\n".join(message.lines).rstrip()
        if message.length > _LONGEST_TEXT or len(text) > _LONGEST_TEXT:
            return Skipped("too long", source_ref)
        name, words = self._split(text, is_bracketed=bool(message.layout.style[0]))
        if not name:
            return Skipped("unreadable" if self._is_cut(text) else app_words.system_kind(text), source_ref)
        return self._utterance_or_skip(name, words, message.sent_at, source_ref, is_first=is_first)

    def _utterance_or_skip(
        self, name: str, words: str, sent_at: datetime, source_ref: str, *, is_first: bool = False
    ) -> Utterance | Skipped:
        if reason := self._why_not_speech(name, words, is_first=is_first):
            return Skipped(reason, source_ref)
        # Skype's copies are laid out as WhatsApp's exports.
        words = app_words.without_tail(chat_heads.without_quotation(words))
        if (caption := app_words.caption(words)) is not None:
            words = caption
        # Tools that read other apps lay their chats out alike, and write placeholders in brackets.
        if reason := app_words.kind(words) or ("media" if placeholders.is_media(words) else ""):
            return Skipped(reason, source_ref)
        return Utterance(speaker=self._label(name), text=words.strip("\n"), sent_at=sent_at, source_ref=source_ref)

    def _of_known(self, name: str, words: str, sent_at: datetime, number: int) -> Utterance | Skipped:
        """The record of a message with a known head. Words that only a person writes are not looked at any further."""
        speaker = self._speakers.get(name)
        if (
            speaker
            and self._plain.get(words[: app_words.BEGINNING])
            and words[-1] != ">"
            and " (" not in words
            and "\u200e" not in words
            and (self._is_bracketed or ": " not in words[:64])
            and len(words) <= _LONGEST_TEXT
        ):
            return Utterance(speaker, words, sent_at, f"line {number}")
        return self._of_line(name, words, sent_at, number)

    def _of_line(self, name: str, words: str, sent_at: datetime, number: int) -> Utterance | Skipped:
        """The record of a message that is new in some way, or may be the app's."""
        speaker = self._speakers.get(name)
        if speaker is None:
            speaker = self._speakers[name] = self._speaker_of(name.rstrip())
        beginning = words[: app_words.BEGINNING]
        if beginning not in self._plain:
            self._see_beginning(beginning)
        if speaker and len(words) <= _LONGEST_TEXT and (self._is_bracketed or ": " not in words):
            return self._utterance_or_skip(name.rstrip(), words, sent_at, f"line {number}")
        return self._record_of(self._message_from(name, words, sent_at, number))

    def _speaker_of(self, name: str) -> str:
        if len(self._speakers) >= _MOST_KEPT:
            self._speakers.clear()
        is_usual = self._names.get(name, name) == name and name not in self._groups and not self._is_rare(name)
        return self._label(name) if is_usual else ""

    def _label(self, name: str) -> str:
        name = tidy(name)
        return self._labels.get(name, name)

    def _see_beginning(self, beginning: str) -> None:
        """Keeps whether words that begin so are a person's, as far as their beginning can tell."""
        if len(self._plain) >= _MOST_KEPT:
            self._plain.clear()
        may_be_apps = (
            beginning[:1] in {"[", "［", "【", "<"} or app_words.may_begin(beginning) or events.may_begin(beginning)
        )
        self._plain[beginning] = not may_be_apps and not self._people.may_begin(beginning)

    def _values_of(self, head: Head) -> tuple[datetime, timedelta] | None:
        """Midnight and the time since, of a head of the main layout."""
        is_main = next(self._survey.layouts_for(head), None) is self._main
        moment = self._main.moment(head) if is_main else None
        if moment is None:
            return None
        midnight = moment.replace(hour=0, minute=0, second=0)
        return midnight, moment - midnight

    def _why_not_speech(self, name: str, words: str, *, is_first: bool) -> str:
        if name in self._groups:
            return app_words.system_kind(words)
        if is_first and app_words.is_greeting_of_app(words):
            return "system"
        return "system" if events.is_told_of(tidy(words) if "\n" not in words else words, self._people) else ""

    def _split(self, text: str, *, is_bracketed: bool) -> tuple[str, str]:
        """A record's name and its words; an empty name where nobody is named (Android's system lines)."""
        first_line, newline, following = text.partition("\n")
        name, words = first_split(first_line)
        if not name and (tight := first_line.partition(":")[0].rstrip()) in self._names and not self._is_cut(text):
            name, words = tight, first_line.partition(":")[2]
        whole = self._names.get(name, name)
        if whole != name and first_line.startswith(f"{whole}:"):
            name, words = whole, first_line[len(whole) + 1 :].removeprefix(" ")
        elif name and not is_bracketed and (more := _NAME_WITH_SENTENCE.match(words)):
            # Nobody ends a sentence with a mark and a colon, so a name that holds a sentence goes on to there.
            name, words = f"{name}: {more['more']}", words[more.end() :]
        if name and self._is_sentence_of_app(name, first_line):
            return "", text
        return name, words + newline + following

    def _is_sentence_of_app(self, name: str, line: str) -> bool:
        """Boris changed the subject to “Harvest: Sunday” has a colon, and no speaker."""
        return self._is_rare(name) and events.is_told_of(tidy(line), self._people)

    def _is_rare(self, name: str) -> bool:
        """Once in the file, and beginning with another's name: rather a sentence about that one."""
        if self._counts[name] > 1:
            return False
        words = name.split(" ")
        return any(" ".join(words[:count]) in self._names for count in range(1, min(len(words), 8)))

    def _is_cut(self, text: str) -> bool:
        """Nothing but a full stop after a name: what is left of a message that was cut."""
        name, colon, words = text.partition(":")
        return bool(colon) and name.rstrip() in self._names and words == "."
