"""WhatsApp's "Export chat" in every language's layout. Its .zip is opened by `archive`.

A file is read twice. The first pass (`whatsapp_layouts`) finds which layouts of head the file has, which words
stand where names stand, and what order day and month have; the second accepts only heads of
those layouts, so a chat line quoted inside a message stays part of the message.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers import chat_heads, decoding, whatsapp_events, whatsapp_words
from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.decoding import Line
from personas.importers.whatsapp_heads import Head, read_head
from personas.importers.whatsapp_layouts import Layout, Survey, first_split, tidy

__all__ = ["WhatsApp", "read_head"]

_LONGEST_TEXT = 100_000  # characters of one message; more than any app lets a person send
_SNIFFED_LINES = 400
_FEW = 2  # lines of another layout: so many are a quotation that needs no word


@dataclass
class _Message:
    """A record that is being gathered: more lines may follow."""

    head: Head
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
        if names.total() < heads / 3 or (style[-1] == " " and not style[0] and again < heads / 2):
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
        yield from _Reader(survey).read(decoding.ended_lines(stream, encoding))


class _Reader:
    """Lines in, records out, by what the survey learnt."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._names = survey.known_names()
        self._groups = survey.group_names()
        self._counts = survey.names
        self._people = whatsapp_events.People({tidy(name) for name in self._names if not self._is_rare(name)})
        self._has_other_app = sum(survey.foreign_names[name] for name in self._names) > _FEW
        self._is_first = True
        self._is_astray = False  # below a line of another app
        self._quoted = 0

    def read(self, lines: Iterable[Line]) -> Iterator[Record]:
        message: _Message | None = None
        end_before = ""
        for line in lines:
            begun = self._begun(line, end_before, message)
            end_before = line.end
            if begun is not None:
                if message is not None:
                    yield self._finished(message)
                message, self._is_astray = begun, False
            elif message is None:
                if line.text.strip():
                    yield Skipped("before the first message", f"line {line.number}")
            elif self._is_of_another_app(line.text):
                self._is_astray = True
                if line.text.strip():
                    yield Skipped("in another layout", f"line {line.number}")
            else:
                message.add(line.text)
        if message is not None:
            yield self._finished(message)
        if self._quoted > _FEW:
            yield Remark(
                gettext(
                    "%(quoted)s lines begin like messages of another layout. They were kept as quotations inside the "
                    "message above them. If they are messages, upload them as a file of their own."
                )
                % {"quoted": self._quoted}
            )

    def _begun(self, line: Line, end_before: str, message: _Message | None) -> _Message | None:
        """The record that a line begins, or None where it belongs to the one before."""
        head = read_head(line.text)
        if head is None:
            return None
        layout = next(self._survey.layouts_for(head), None)
        sent_at = layout.moment(head) if layout else None
        if layout is None or sent_at is None or self._is_quoted(layout, sent_at, end_before, message):
            self._quoted += first_split(head.rest)[0] in self._names
            return None
        return _Message(head=head, sent_at=sent_at, layout=layout, line=line.number, lines=[head.rest])

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

    def _finished(self, message: _Message) -> Utterance | Skipped:
        source_ref = f"line {message.line}"
        is_first, self._is_first = self._is_first, False
        text = "\n".join(message.lines).rstrip()
        if message.length > _LONGEST_TEXT:
            return Skipped("too long", source_ref)
        name, words = self._split(text, is_bracketed=bool(message.head.style[0]))
        if not name:
            return Skipped("unreadable" if self._is_cut(text) else whatsapp_words.system_kind(text), source_ref)
        if reason := self._why_not_speech(name, words, is_first=is_first):
            return Skipped(reason, source_ref)
        words = whatsapp_words.without_tail(words)
        if (under := whatsapp_words.caption(words)) is not None:
            words = under
        if reason := whatsapp_words.kind(words):
            return Skipped(reason, source_ref)
        return Utterance(speaker=tidy(name), text=words.strip("\n"), sent_at=message.sent_at, source_ref=source_ref)

    def _why_not_speech(self, name: str, words: str, *, is_first: bool) -> str:
        if name in self._groups:
            return whatsapp_words.system_kind(words)
        if is_first and whatsapp_words.is_greeting_of_app(words):
            return "system"
        return "system" if whatsapp_events.is_told_of(tidy(words) if "\n" not in words else words, self._people) else ""

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
        return self._is_rare(name) and whatsapp_events.is_told_of(tidy(line), self._people)

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


_NAME_WITH_SENTENCE = re.compile(r"(?P<more>[^:\n]{1,60}[?!]): ")
