"""Plain text and Markdown: letters, diaries, a seed paragraph, a list of sayings. One author, who is not named.

What an editor or a printer added (headings, place and date lines, addresses, page numbers, notes in brackets)
is skipped and counted. Letters signed by another hand than most come out under that signature.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import Record, Remark, Skipped, Utterance
from personas.importers.documents import diary, hyphens, letterheads, page_lines
from personas.importers.encodings import decoding
from personas.importers.syntax import emphasis
from personas.importers.times import dates

_HEADING = re.compile(
    r"""
    \#{1,6}\ +.{1,200}
    | (?:LETTER|Letter|LETTRE|Lettre|BRIEF|Brief|CARTA|Carta|CHAPTER|Chapter|ENTRY|Entry)\ +
      (?:No\.\ *)?(?:[IVXLCDM]+|\d{1,4})\.?
    | 第[〇一二三四五六七八九十百\d]{1,5}[封章节篇回][^。]{0,30}
    | [IVXLC]{1,8}\.
    """,
    re.VERBOSE,
)
_LETTER = re.compile(r"(?:#{1,6} +)?(?:LETTER|LETTRE|BRIEF|CARTA) +(?:No\. *)?(?:[IVXLCDM]+|\d{1,4})\b", re.IGNORECASE)
_PAGE = re.compile(r"\A[\[(-]*+ *+(?:[Pp]age |[Pp]\. ?|第)?\d{1,4}(?: ?/ ?\d{1,4})?(?:页| of \d{1,4})? *[\])-]*")
_RULE = re.compile(r"[-*_=~•·.\s—]{3,}")
_NOTE = re.compile(r"\A(?:\[[^\]]{0,2000}\]\.?|_\(?[^_]{30,2000}_\.?|\{[^}]{0,2000}\})", re.DOTALL)
_ADDRESS = re.compile(
    r"(?:(?:For|To) )?(?:Miss|Mrs|Mr|Messrs|Madame|Mme|M|The Rev|Rev|Capt|Captain|Sir|Lady|Dr|Prof)\b\.? ?[A-Z]"
)
_PLACE = re.compile(
    r"\d{4}|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:jan(?:uary)?|feb(?:ruary)?|march|april|june|july"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b",
    re.IGNORECASE,
)
# The line of an address with its code: 12345 Berlin. Springfield, IL 62704. London SW1A 1AA.
_POSTAL = re.compile(
    r"(?:[A-Z]{1,2}-)?\d{4,6} [^\W\d_][^\d\n]{1,40}|[^\W\d_][^\d\n]{1,40},? [A-Z]{2} \d{5}(?:-\d{4})?"
    r"|(?:[^\W\d_][^\d\n]{1,40},? )?[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}"
)
_BEGIN = re.compile(r"\*{3} ?START OF (?:THE|THIS) PROJECT", re.IGNORECASE)
_END = re.compile(r"\*{3} ?END OF (?:THE|THIS) PROJECT", re.IGNORECASE)
_BULLET = re.compile(r"\s{0,3}(?:[-*+•]|\d{1,3}[.)]) +(?:\[[ xX]\] +)?")
_PICTURE = re.compile(r"!\[[^\[\]\n]{0,200}\]\([^()\n]{0,500}\)")
_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\((?:https?:|mailto:|[./#])[^()\s]{0,500}\)")
# Signs of Chinese and Japanese that were set from top to bottom, as those of ordinary lines.
_LEVEL = str.maketrans(
    "︐︑︒︓︔︕︖︗︘︙︰︱︲︵︶︷︸︹︺︻︼︽︾︿﹀﹁﹂﹃﹄﹇﹈",
    "，、。：；！？〖〗…‥—–（）｛｝〔〕【】《》〈〉「」『』［］",
)
_FRONT_LINE = re.compile(r"\s*+(?:[\w-]{1,40}\s?:.{0,1000}|- .{0,1000})?")
_FRONT_LINES = 40  # that may stand at the top of a note between two rules, with its title, date and so on
_LONGEST_HEADING = 220  # characters
_WRAP = (45, 100)  # columns: lines of about this width were broken by a machine, not by their writer
_LONGEST_LETTERHEAD = 7  # lines
_FEWEST_OF_VERSE = 3  # lines
_MOST_SMALL_WORDS = 3  # of a line of an address, or of place and date: "Thursday, half past seven"
_LONGEST_ADDRESS_LINE = 45  # characters


@dataclass
class _Paragraph:
    line: int
    lines: list[str] = field(default_factory=list)


class PlainText:
    name = "plain-text"

    def sniff(self, head: bytes, name: str) -> float:
        text = decoding.decode_head(head)
        if not text.strip():
            return 0.0
        return 0.15 if name.casefold().endswith((".txt", ".md", ".markdown", ".text")) else 0.1

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        start, hands, known, days = _survey(decoding.lines(stream, encoding))
        usual = _usual(hands)
        others = {number: hand for number, hand in hands.items() if usual and not _same_hand(hand, usual)}
        if others:
            listed = ", ".join(sorted(set(others.values())))
            yield Remark(
                gettext("Most letters are signed %(usual)s; %(others)s by another hand (%(listed)s).")
                % {"usual": usual, "others": len(others), "listed": listed}
            )
        yield from _Reader(others, start, known, is_diary=days.is_diary).read(decoding.lines(stream, encoding))


class _Reader:
    """Lines in, records out; remembers which letter it is in and under which date."""

    def __init__(self, others: dict[int, str], start: int, known: set[str], *, is_diary: bool) -> None:
        self.known = known
        self.is_diary = is_diary
        self.is_beneath_day = False
        self.others = others
        self.start = start
        self.letter = 0
        self.sent_at: datetime | None = None
        self.last_known: datetime | None = None  # date above; a day of the moon's calendar has none
        self.lines_after_heading = 99
        self.is_signed = False
        self.in_code = False

    def read(self, lines: Iterable[tuple[int, str]]) -> Iterator[Record]:
        paragraph = _Paragraph(0)
        for number, line in lines:
            if number < self.start:
                if line.strip():
                    yield Skipped("printed matter before the text", f"line {number}")
                continue
            if _END.search(line):
                break
            text = line.strip()
            reason = self._furniture(text, is_first=not paragraph.lines)
            if text and not reason:
                dated = self._dated(text, is_first=not paragraph.lines)
                if dated:
                    yield from self._finished(paragraph)
                    paragraph = _Paragraph(0)
                    self.sent_at, text = dated
                    reason = "" if text else "date line"
            if reason or not text:
                yield from self._finished(paragraph)
                paragraph = _Paragraph(0)
                if reason:
                    yield Skipped(reason, f"line {number}")
                continue
            if not paragraph.lines:
                paragraph.line = number
            elif _BULLET.match(line):
                yield from self._finished(paragraph)
                paragraph = _Paragraph(number)
            paragraph.lines.append(_BULLET.sub("", text, count=1) if _BULLET.match(text) else text)
        yield from self._finished(paragraph)

    def _dated(self, text: str, *, is_first: bool) -> tuple[datetime | None, str] | None:
        words = diary.words_behind(text) if self.is_diary else None
        is_repeated = bool(words) and self.is_beneath_day  # the day as its entry's first word
        self.is_beneath_day = False
        if words is not None and not is_repeated:
            self.is_beneath_day = not words
            day = diary.day(text, self.last_known)
            self.last_known = day or self.last_known
            return day, words
        if not is_first:
            return None
        dated = dates.leading(text) or letterheads.behind_place(text) or dates.without_year(text, self.last_known)
        self.last_known = (dated and dated[0]) or self.last_known
        return (dated[0], "") if dated and letterheads.is_behind_date(dated[1]) else dated

    def _furniture(self, text: str, *, is_first: bool) -> str:
        """Why a line is none of the author's words, or ""."""
        if text.startswith(("```", "~~~")):
            self.in_code = not self.in_code
            return "code"
        if self.in_code and text:
            return "code"
        if not text:
            return ""
        if _is_heading(text):
            self.letter += bool(_LETTER.match(text))
            self.lines_after_heading, self.is_signed = 0, False
            dated = dates.leading(text)
            self.sent_at = dated[0] if dated else self.sent_at
            return "heading"
        self.lines_after_heading += 1
        if self.letter and self.lines_after_heading <= 2 and _is_place(text):
            dated = letterheads.behind_place(text)
            self.sent_at = dated[0] if dated else self.sent_at
            return "place and date"
        if self.is_diary and diary.is_title(text):
            return "heading"
        if _RULE.fullmatch(text):
            return "separating line"
        if is_first and (_PAGE.fullmatch(text) or page_lines.PAGE_NUMBER.fullmatch(text)):
            return "page number"
        if self.letter and is_signature(text):
            self.is_signed = True
            return "signature"
        if self.is_signed and len(text) < 80 and _ADDRESS.match(text):
            return "address"
        if self.start > 1 and is_first and (text.isupper() or (text[-1].isdigit() and "...." in text)):
            return "heading"  # of a printed book, or a line of its contents
        return ""

    def _finished(self, paragraph: _Paragraph) -> Iterator[Record]:
        if head := self._letterhead(paragraph.lines):
            yield Skipped("address", f"line {paragraph.line}")
            paragraph = _Paragraph(paragraph.line + head, paragraph.lines[head:])
        if not paragraph.lines:
            return
        source_ref = f"line {paragraph.line}"
        text = _joined(paragraph.lines, self.known)
        if _NOTE.fullmatch(text) and len(text) > 2:
            yield Skipped("note in brackets", source_ref)
            return
        if _is_address(paragraph.lines):
            yield Skipped("address", source_ref)
            return
        text = emphasis.removed(_LINK.sub(r"\1", _PICTURE.sub("", text))).strip().translate(_LEVEL)
        if not text:
            yield Skipped("media", source_ref)
            return
        yield Utterance(self.others.get(self.letter, ""), text, self.sent_at, source_ref)

    def _letterhead(self, lines: list[str]) -> int:
        """How many lines are an address with a date beneath, whose day is that of what follows."""
        for count, line in enumerate(lines[:_LONGEST_LETTERHEAD], start=1):
            dated = dates.leading(line) or letterheads.behind_place(line)
            if count > 1 and dated and not dated[1]:
                self.sent_at = self.last_known = dated[0]
                return count
            if len(line) > _LONGEST_ADDRESS_LINE or line[-1] in ":;" or not letterheads.is_address(line):
                break
        return 0


def _is_heading(text: str) -> bool:
    return len(text) <= _LONGEST_HEADING and _HEADING.fullmatch(text) is not None


def _is_place(text: str) -> bool:
    """STEVENTON, Thursday (January 16, 1796).  HENRIETTA STREET,  Paris, le 3 mai 1848"""
    if len(text) > 90:
        return False
    letters = [character for character in text if character.isalpha()]
    is_capital = sum(map(str.isupper, letters)) > 0.7 * max(1, len(letters))
    is_short = len(text) < 50 and _small_words(text) <= _MOST_SMALL_WORDS
    return is_capital or bool(_PLACE.search(text) and (text.split()[0].rstrip(",.").isupper() or is_short))


def _is_address(lines: list[str]) -> bool:
    """A block of short lines, one of them with a postal code: the head of a letter, or whom it goes to."""
    is_block = len(lines) > 1 and all(
        len(line) <= _LONGEST_ADDRESS_LINE and line[-1] not in "!?…:" and _small_words(line) <= _MOST_SMALL_WORDS
        for line in lines
    )
    return is_block and any(map(_POSTAL.fullmatch, lines))


def _small_words(line: str) -> int:
    return sum(word[0].islower() for word in line.split())


def is_signature(text: str) -> bool:
    """JANE AUSTEN.  J. A.  CASS. ELIZTH. AUSTEN"""
    words = text.rstrip(".").replace(",", " ").split()
    letters = [character for character in text if character.isalpha()]
    return (
        1 <= len(words) <= 4
        and 2 <= len(letters) <= 32
        and all(map(str.isupper, letters))
        and not any(character.isdigit() for character in text)
        and text.endswith(".")
    )


def _survey(lines: Iterable[tuple[int, str]]) -> tuple[int, dict[int, str], set[str], diary.Days]:
    """The line where the text begins, past what a library printed before it; the signature under each letter; the
    compounds with a hyphen; and whether the text is a diary."""
    days = diary.Days()
    start, letter = 1, 0
    known: set[str] = set()
    hands: dict[int, str] = {}
    is_front = False
    for number, line in lines:
        text = line.strip()
        is_front = (number == 1 and text == "---") or (
            is_front and number <= _FRONT_LINES and (text == "---" or _FRONT_LINE.fullmatch(line[:1_100]) is not None)
        )
        if is_front and number > 1 and text == "---":
            start, is_front = number + 1, False
        if _BEGIN.search(text):
            start, letter, hands = number + 1, 0, {}
        if _is_heading(text):
            letter += bool(_LETTER.match(text))
        elif letter and is_signature(text):
            hands.setdefault(letter, text)
        hyphens.see_compounds(line, known)
        days.see(text)
    return start, hands, known, days


def _usual(hands: dict[int, str]) -> str:
    """The fullest form of the signature that most letters bear; "" where none prevails."""
    initials = Counter(hand[0] for hand in hands.values())
    if not initials or initials.most_common(1)[0][1] < max(2, len(hands) / 2):
        return ""
    first = initials.most_common(1)[0][0]
    families = Counter(_family(hand) for hand in hands.values() if hand[0] == first and len(_family(hand)) > 1)
    family = families.most_common(1)[0][0] if families else ""
    return max((hand for hand in hands.values() if hand[0] == first and _family(hand) == family), key=len, default="")


def _family(hand: str) -> str:
    return hand.rstrip(".").split()[-1]


def _same_hand(hand: str, usual: str) -> bool:
    """Shares the family name or has none of its own, and begins alike. Signatures that share neither are jests."""
    return hand[0] == usual[0] or _family(hand) != _family(usual)


def _joined(lines: list[str], known: set[str]) -> str:
    """A paragraph's lines as one text: breaks made by a machine go, breaks made by the writer stay."""
    if len(lines) == 1:
        return lines[0]
    widths = [_width(line) for line in lines[:-1]]
    is_even = _WRAP[0] <= sum(widths) / len(widths) <= _WRAP[1] and min(widths) > _WRAP[0] * 0.6
    is_wrapped = is_even or (
        any(hyphens.is_hyphenated(*pair) for pair in pairwise(lines)) and not _is_verse(lines, widths)
    )
    if not is_wrapped:
        return "\n".join(lines)
    language = hyphens.language_of(" ".join(lines))
    text = lines[0]
    for line in lines[1:]:
        if hyphens.is_hyphenated(text, line):
            text = hyphens.joined(text, line, known=known, language=language)
        else:
            is_chinese = "\u2e80" <= text[-1:] <= "\uffef" and "\u2e80" <= line[:1] <= "\uffef"
            text += line if is_chinese else f" {line}"
    return text


def _is_verse(lines: list[str], widths: list[int]) -> bool:
    """Whether the writer broke the lines. A machine fills a line as far as the next word allows.

    `widths` are those of all lines but the last. The lines of a verse begin with capitals or end with marks, and a
    writer of lower case leaves room behind them.
    """
    if len(lines) < _FEWEST_OF_VERSE:
        return False
    if sum(line[0].isupper() for line in lines) > len(lines) / 2:
        return True
    ends = [line[-1] for line in lines[:-1] if line[-1] not in hyphens.HYPHENS]
    if ends and sum(end in ".,;:!?…—–。，；：！？" for end in ends) > len(ends) / 2:
        return True
    words = (line.partition(" ")[0] for line in lines[1:])
    has_room = sum(width + 1 + _width(word) <= max(widths) for width, word in zip(widths, words, strict=True))
    return max(widths) < _WRAP[0] and has_room > 0


def _width(line: str) -> int:
    """In columns. A Chinese character takes two."""
    return len(line) + sum("\u2e80" <= character <= "\uffef" for character in line)
