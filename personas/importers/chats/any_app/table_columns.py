"""Which columns of a table hold a chat's times, names and words: by the names of columns, or by what stands in them.

Date,Time,Sender name,Phone number,Message      Viber, also without this line
Message Date,Type,Sender Name,Text              iMazing; Type is Incoming or Outgoing
Timestamp;From;Text                             any other
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from personas.importers.encodings import decoding
from personas.importers.syntax import csv_rows

_SAMPLE = 200  # rows
_FEWEST = 3  # columns of a table without names
_LONGEST_NAME = 60
_TEXT = """
    message|text|content|contents|body|message text|message body|message content|msg|comment
    |nachricht|inhalt|texto|mensaje|mensagem|conteúdo|contenido|messaggio|testo|contenu|texte|bericht|сообщение|текст
    |内容|消息|消息内容|文本|訊息|訊息內容|本文|メッセージ|메시지|내용|대화|mesaj|wiadomość|treść
"""
_SENDER = """
    sender name|sender|from|author|user|username|user name|name|sent by|speaker|display name
    |absender|von|remitente|autor|auteur|expéditeur|mittente|remetente|отправитель|автор|имя
    |发送者|发送人|发件人|姓名|昵称|發送者|傳送者|送信者|発言者|名前|보낸 사람|보낸사람|이름|사용자
    |gönderen|nadawca|sender id
"""
_OTHER = "contact name|contact|phone number|phone|number|address"  # of the person at the other end
_MOMENT = """
    date|message date|datetime|date time|date/time|timestamp|sent|sent at|sent date|date sent
    |created at|created|create time
    |datum|fecha|data|дата|日期|日付|日時|날짜|发送时间|發送時間|发送日期|tarih
    |time|uhrzeit|zeit|hora|heure|ora|время|时间|時間|時刻|시간|saat
"""
_TIME_OF_DAY = "time|uhrzeit|zeit|hora|heure|ora|время|时间|時間|時刻|시간|saat|czas"
_WAY = "type|direction|message type|incoming/outgoing|folder|richtung|方向"
_OUTGOING = frozenset({"outgoing", "sent", "out", "outbox", "ausgehend", "发送", "2"})
_SIGNAL_SENT = range(21, 27)  # of the last five bits of the type in Signal's database
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\.?(?:,?[ T]\d{1,2}[:.]\d\d\S{0,20}(?: [AP]M)?)?", re.IGNORECASE)
_CLOCK = re.compile(r"\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?: ?[AP]M)?", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[\d ()-]{6,20}")


@dataclass(frozen=True)
class Columns:
    """Places of columns from 0. `moment` are one or two, joined by a blank; `names` those that may name the sender,
    the best first; `others` those that name the person at the other end; `way` tells what the owner sent. `first_row`
    is 1 if the columns have names, else 0."""

    moment: tuple[int, ...]
    names: tuple[int, ...]
    others: tuple[int, ...]
    text: int
    way: int | None
    first_row: int
    count: int


def read(head: bytes) -> Columns | None:
    """The columns of a table that is a chat or one author's words; None where the file is none."""
    sample = rows(head)
    if not sample:
        return None
    return _by_names([" ".join(cell.casefold().replace("_", " ").split()) for cell in sample[0]]) or _by_cells(sample)


def rows(head: bytes) -> list[list[str]]:
    """The first rows of a table; the last line of the beginning may be cut, and is left out."""
    lines = decoding.decode_head(head).splitlines()
    whole = lines[:-1] if len(head) == decoding.HEAD_BYTES else lines
    try:
        return [row for row in islice(csv.reader(whole, delimiter=csv_rows.delimiter(head)), _SAMPLE) if row]
    except csv.Error:
        return []


def is_table(head: bytes) -> bool:
    """Whether all lines have as many cells, at least three, between semicolons or tabs. Prose may have commas so."""
    counts = Counter(len(row) for row in rows(head)) if csv_rows.delimiter(head) != "," else Counter[int]()
    return len(counts) == 1 and min(counts) >= _FEWEST and counts.total() > 1


def _by_names(names: Sequence[str]) -> Columns | None:
    text = _places(names, _TEXT)
    if not text or len(names) < 2:
        return None
    senders, others, moments = (_places(names, words) for words in (_SENDER, _OTHER, _MOMENT))
    if not (senders or others or moments):
        return None
    clocks = [place for place in _places(names, _TIME_OF_DAY) if place not in moments[:1]]
    way = _places(names, _WAY)
    return Columns(
        (*moments[:1], *clocks[:1]), tuple(senders), tuple(others), text[0], way[0] if way else None, 1, len(names)
    )


def _places(names: Sequence[str], words: str) -> list[int]:
    """Where the words of a table of words stand among the names of columns, in the order of that table."""
    wanted = [word.strip() for word in words.split("|")]
    return [place for word in wanted for place, name in enumerate(names) if name == word]


def is_outgoing(way: str) -> bool:
    """Whether the owner of a table sent a message, by its cell in the column `way`."""
    way = way.strip().casefold()
    is_of_signal = way.isdecimal() and len(way) < 12 and int(way) > 31 and int(way) % 32 in _SIGNAL_SENT
    return way in _OUTGOING or is_of_signal


def _by_cells(sample: list[list[str]]) -> Columns | None:
    count = Counter(map(len, sample)).most_common(1)[0][0]
    whole = [row for row in sample if len(row) >= count]
    if count < _FEWEST or len(whole) < 2 or len(whole) * 5 < len(sample) * 4:
        return None
    columns = [[row[place].strip() for row in whole] for place in range(count)]
    dates = [place for place, cells in enumerate(columns) if all(map(_DATE.fullmatch, cells))]
    clocks = [place for place, cells in enumerate(columns) if all(map(_CLOCK.fullmatch, cells))]
    if not dates:
        return None
    numbers = [place for place, cells in enumerate(columns) if _are_numbers(cells)]
    rest = [place for place in range(count) if place not in {*dates, *clocks, *numbers}]
    text = max(rest, key=lambda place: sum(map(len, columns[place])), default=None)
    names = [place for place in rest if place != text and _are_names(columns[place])]
    names.sort(key=lambda place: len(set(columns[place])))
    if text is None or not (names or numbers):
        return None
    return Columns((*dates[:1], *clocks[:1]), (*names, *numbers), (), text, None, 0, count)


def _are_numbers(cells: list[str]) -> bool:
    return all(not cell or _NUMBER.fullmatch(cell) for cell in cells)


def _are_names(cells: list[str]) -> bool:
    return len(set(cells)) < len(cells) and all(len(cell) <= _LONGEST_NAME for cell in cells)
