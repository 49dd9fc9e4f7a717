"""KakaoTalk's exports: of phones, of Windows, and the table of the Mac app, in Korean, English and other languages.

2016년 2월 5일 오전 1:33, 이름 : 텍스트              Android
2016. 2. 5. 오전 1:33, 이름 : 텍스트                 iPhone
February 10, 2016 at 2:33 AM, name : text            phones in English
[이름] [오전 1:01] 텍스트                            Windows, under a line with the day
2016-02-05 01:33:00,"이름","텍스트"                  Mac (see `chat_table`)
"""

# ruff: noqa: E501 - tables of words, several languages to a line

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark
from personas.importers.chats import app_words
from personas.importers.chats.messages import chat_heads, day_lines
from personas.importers.chats.messages.chat_heads import Stamp
from personas.importers.chats.messages.gathering import Head, Reason, messages
from personas.importers.encodings import decoding
from personas.importers.encodings.folding import fold
from personas.importers.times.clock import PERIOD, hour_of
from personas.importers.times.date_order import DateOrder, SampleDate, in_order

_TITLE = re.compile(
    r".{1,100}님과(?:의)? ?카카오톡 ?대화|KakaoTalk Chats with .{1,100}|.{0,100}(?:Talk|KakaoTalk) Chats?\b.{0,60}|Talk_\d{4}[.-]\d.{0,60}\.txt"
    r"|.{1,100}さんとのカカオトーク.{0,20}|Chat with .{1,100}"
)
_SAVED = re.compile(r"(?:저장한 ?날짜|Date Saved|Saved Date|保存日時?|保存した日)\s?[:：]")
_NAMED = re.compile(r"\A(?P<name>.{1,60}?) : ?")
_BRACKETED = re.compile(
    rf"\[(?P<name>[^\n]{{1,60}}?)\]\ \[(?:(?P<before>(?!\d)(?:{PERIOD}))\ ?)?(?P<hour>\d{{1,2}}):(?P<minute>[0-5]\d)"
    rf"(?:\ ?(?P<after>(?:{PERIOD})))?\](?:\ |$)",
    re.IGNORECASE,
)
_DATED = re.compile(r"\[(?P<name>[^\[\]\n]{1,60})\] \[(?P<stamp>\d{4}[^\[\]\n]{5,40})\](?: |$)")
_EVENT = re.compile(
    r"\A(?:.{1,80}님이 (?:들어왔습니다|나갔습니다|.{1,80}초대했습니다|.{1,80}내보냈습니다).{0,200}|.{1,80}님을 (?:초대|내보)[^\n]{0,60}|채팅방 관리자가 메시지를 가렸습니다\.?"
    r"|.{1,80} (?:has )?(?:joined this chatroom|left this chatroom|invited .{1,80}|joined\.|left\.).{0,200}|.{1,80}さんが(?:入室|退室|招待).{0,40})"
)
_PLACEHOLDER = re.compile(
    r"(?:사진|동영상|이모티콘|\(이모티콘\)|음성메시지|음성 메시지|연락처|묶음사진|선물|투표|지도|라이브톡|캘린더|할 일|멜론)(?: \d{1,3}장)?"
    r"|사진 ?\d{1,3}장|<(?:사진|동영상|이모티콘|파일|음성)[^<>\n]{0,30}>|(?:파일|File|ファイル) ?: ?\S.{0,200}"
    r"|(?:photos?|videos?|emoticons?|\(emoticons?\)|stickers?|voice (?:message|note)|contacts?|album|map|location)(?: \d{1,3})?|\d{1,3} photos?"
    r"|写真|動画|スタンプ|絵文字|ボイスメッセージ|[0-9a-f]{40,80}\.(?:jpe?g|png|gif|mp4|m4a|webp|heic)",
    re.IGNORECASE,
)
_DELETED = re.compile(
    r"삭제된 메시지입니다\.?|메시지가 삭제되었습니다\.?|(?:this|the) message (?:was|has been) deleted\.?|message deleted\.?|メッセージが削除されました。?",
    re.IGNORECASE,
)
_HEAD_CHARACTERS = 160
_SNIFFED_LINES = 400


class KakaoTalk:
    name = "kakaotalk"

    def sniff(self, head: bytes, name: str) -> float:
        lines = decoding.decode_head(head).splitlines()[:_SNIFFED_LINES]
        filled = sum(bool(line.strip()) for line in lines)
        phone = sum((record := _phone(line)) is not None and bool(_NAMED.match(record[1])) for line in lines)
        computer = sum(_BRACKETED.match(_folded(line)) is not None or _DATED.match(line) is not None for line in lines)
        records = max(phone, computer)
        has_title = any(_TITLE.fullmatch(line.strip()[:200]) or _SAVED.match(line) for line in lines[:5])
        if records and has_title:
            return 0.98
        return 0.9 if records >= 2 and records * 4 >= filled else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        order, is_guessed, heads = _survey(decoding.lines(stream, encoding))
        if not heads:
            raise DamagedFile(
                gettext("No line of this KakaoTalk export begins like a message, with a time and a name.")
            )
        if is_guessed:
            yield Remark(
                gettext("The dates were read as %(order)s; the file does not say.") % {"order": gettext(order)}
            )
        yield from messages(decoding.lines(stream, encoding), _Reader(order).read, _judge)


def _folded(line: str) -> str:
    start = line[:_HEAD_CHARACTERS]
    return start if start.isascii() else fold(start)[0]


def _phone(line: str) -> tuple[Stamp, str] | None:
    """The stamp of a phone's record and what stands behind its comma or colon."""
    if not line[:1].strip() or not any(map(str.isdigit, line[:24])):
        return None
    stamped = chat_heads.leading_stamp(line)
    if stamped is None or (stamped[0].fields is None and stamped[0].day is None):
        return None
    stamp, rest = stamped
    if rest.startswith(", "):
        return stamp, rest[2:]
    return (stamp, rest[1:]) if rest.startswith(": ") else None


def _survey(lines: Iterable[tuple[int, str]]) -> tuple[str, bool, int]:
    """The order of day and month, whether it is a guess, and the number of heads."""
    order, sample, heads = DateOrder(), None, 0
    for _, line in lines:
        phone = _phone(line)
        heads += phone is not None or _BRACKETED.match(_folded(line)) is not None or _DATED.match(line) is not None
        if phone is not None and (fields := phone[0].fields) is not None:
            order.see(fields)
            sample = SampleDate(phone[0].separator, fields[0] > 31, fields[2] > 99, phone[0].is_american)
    decided, is_guessed = order.decide(sample) if sample else ("", False)
    return decided, is_guessed, heads


class _Reader:
    """Lines in, heads out; remembers the day that the last day line told."""

    def __init__(self, order: str) -> None:
        self._order = order
        self._day: date | None = None
        self._is_before = True

    def read(self, line: str) -> Head | Reason | None:
        head = self._of_phone(line) or self._of_computer(line)
        if head is not None:
            self._is_before = False
            return head
        if (day := day_lines.read(line)) is not None:
            self._day = day.day("year, month, day") or day.day("day, month, year")
            return Reason("date line")
        if self._is_before and line.strip():
            return Reason("heading")
        if self._is_stamp(line):
            return Reason("date line")
        return Reason("system") if _EVENT.fullmatch(line.strip()[:400]) else None

    def _of_phone(self, line: str) -> Head | None:
        phone = _phone(line)
        if phone is None:
            return None
        stamp, rest = phone
        match = _NAMED.match(rest)
        sent_at = self._moment(stamp)
        return Head(match["name"].strip(), sent_at, rest[match.end() :]) if match else Head("", sent_at, rest)

    def _of_computer(self, line: str) -> Head | None:
        if not line.startswith("["):
            return None
        if (dated := _DATED.match(line)) and (stamped := chat_heads.leading_stamp(dated["stamp"])):
            return Head(dated["name"].strip(), self._moment(stamped[0]), line[dated.end() :])
        folded, places = fold(line[:_HEAD_CHARACTERS])
        match = _BRACKETED.match(folded)
        if match is None:
            return None
        hour = hour_of(int(match["hour"]), match["before"] or match["after"] or "")
        text = line[places[match.end() - 1] + 1 :]
        return Head(match["name"].strip(), _at(self._day, hour, int(match["minute"])), text)

    def _is_stamp(self, line: str) -> bool:
        """Phones write the time of a day's first message on a line of its own."""
        stamped = chat_heads.leading_stamp(line) if line[:1].strip() and len(line) < _HEAD_CHARACTERS else None
        return stamped is not None and bool(stamped[0].fields or stamped[0].day) and not stamped[1].strip()

    def _moment(self, stamp: Stamp) -> datetime | None:
        fields, order = (stamp.day, "year, month, day") if stamp.day else (stamp.fields, self._order)
        return _at(in_order(fields, order or "year, month, day") if fields else None, *stamp.time)


def _at(day: date | None, hour: int | None, minute: int, second: int = 0) -> datetime | None:
    if day is None or hour is None:
        return None
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)


def _judge(head: Head, text: str) -> Reason | str:
    if not head.speaker:
        return Reason(app_words.event(text))
    return Reason(reason) if (reason := kind(text)) else text


def is_event(text: str, speaker: str) -> bool:
    """Whether a table gives the sentence of an event to the person whom it is about."""
    return text.startswith(speaker) and _EVENT.fullmatch(text[:400]) is not None


def kind(text: str) -> str:
    """Why a message of KakaoTalk is not speech, or ""."""
    if len(text) < 300 and "\n" not in text:
        if _PLACEHOLDER.fullmatch(text):
            return "media"
        if _DELETED.fullmatch(text):
            return "deleted"
    return app_words.kind(text)
