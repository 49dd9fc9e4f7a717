"""Known heads are not read again. Large exports give what the careful reading of each line gives, with far less work."""

import io
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from benchmarks.synthetic_exports import texts
from personas.importers.base import Record, Remark
from personas.importers.chats.whatsapp import known_heads
from personas.importers.chats.whatsapp.export import WhatsApp, _Reader
from personas.importers.chats.whatsapp.layouts import Survey
from personas.importers.encodings import decoding

SAMPLES = Path(__file__).parents[2] / "contracts" / "importers"
ODD_LINES = [
    "12 apples", "", "[12/3/2020, 10:11:12] Bob: hi", "12/3/20, 10:11 - Bob: hi", "3/15/20, 9:41 PM - Bob: hi",
    "[10:12, 5/3/2021] Ana: x", "\u200e[05/06/2023, 17:18:30] Ana: \u200eimage omitted", "a\x0bb", "a\rb", "12/3/20, 10:11 - Bob left",
]  # fmt: skip
ENDS = [" <This message was edited>", " IMG-20230615-WA0001.jpg (file attached)", "\u200e", "\r", " (ok)", "?: yes"]


def line_by_line(raw: bytes) -> list[Record]:
    stream = io.BytesIO(raw)
    encoding = decoding.detect(stream)
    survey = Survey()
    survey.read(decoding.ended_lines(stream, encoding))
    reader = _Reader(survey)
    return [*reader.read_lines(decoding.ended_lines(stream, encoding)), *reader.finished()]


def spoilt(raw: bytes) -> Iterator[bytes]:
    """An export as it is, with other line ends, and with lines that are easily taken for something else."""
    yield from (raw, raw.replace(b"\r\n", b"\n"), raw.replace(b"\n", b"\r\n"))
    draw = random.Random(7)
    for _ in range(12):
        lines = raw.decode().split("\n")
        for _ in range(max(1, len(lines) // 12)):
            place = draw.randrange(len(lines))
            lines[place] = draw.choice([*ODD_LINES, *(lines[place] + end for end in ENDS), lines[place - 1]])
        yield "\n".join(lines).encode()


@pytest.mark.parametrize("sample", ["whatsapp_android.txt", "whatsapp_ios.txt"])
def test_known_heads_give_what_the_careful_reading_gives(sample, monkeypatch):
    monkeypatch.setattr(decoding, "_BLOCK", 700)
    for raw in spoilt((SAMPLES / sample).read_bytes() * 3):
        assert messages(WhatsApp().parse(io.BytesIO(raw))) == messages(line_by_line(raw))


def messages(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if not isinstance(record, Remark)]


HEADS = [
    "05/06/23, 17:{:02} - ",
    "6/{:d}/23, 9:41 PM - ",
    "{:d}.6.2023 klo 17.17 - ",
    "2023. 6. {:d}. 오후 5:17 - ",
    "[2023. 6. {:d}. 오후 5:17:07] ",
    "\u200e[{:d}/06/2023, 17:17:07] ",
]


@pytest.mark.parametrize("head", HEADS)
def test_hardly_a_head_of_a_large_export_is_read_by_itself(monkeypatch, head):
    """In layouts whose date and time have clear ends, whatever stands between them."""
    names = ("Ada", "Bo Ø")
    lines = [f"{head.format(number // 100 + 1)}{names[number % 2]}: {text}" for number, text in enumerate(texts(2_500))]
    reads = []
    read_head = known_heads.read_head
    monkeypatch.setattr(known_heads, "read_head", lambda line: reads.append(line) or read_head(line))
    monkeypatch.setattr(decoding, "_BLOCK", 1 << 13)
    raw = "\n".join(lines).encode()
    records = messages(WhatsApp().parse(io.BytesIO(raw)))
    assert len(records) == len(lines)
    assert 0 < len(reads) < len(lines) / 5
    assert records == messages(line_by_line(raw))


def test_a_line_without_end_takes_little_memory(monkeypatch):
    monkeypatch.setattr(decoding, "_BLOCK", 1 << 16)
    raw = b"05/06/23, 17:17 - Ada: " + b"x" * 5_000_000 + b"\n05/06/23, 17:18 - Ada: Yes.\n05/06/23, 17:19 - Ada: No."
    assert max(len(block.text) for block in decoding.blocks(io.BytesIO(raw))) < 1_000_000
    assert [getattr(record, "text", "") for record in messages(WhatsApp().parse(io.BytesIO(raw)))] == [
        "",
        "Yes.",
        "No.",
    ]
