"""Scans, scanned pages of a PDF, and recordings, read by the real models."""

import io
import struct
import wave
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from personas.importers import registry
from personas.importers.base import (
    FileTooLarge,
    ImportFailed,
    RecognisedLine,
    Recognition,
    Record,
    Remark,
    Skipped,
    Utterance,
)
from personas.importers.media import recognition
from personas.reading import speech_weights
from tests.personas.importers.builders import pdf, zipped

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "contracts" / "importers"
LETTER = ["Dear Ruth,", "the lemon tree has eleven lemons this year.", "Come before the wasps find them. Teo"]


@pytest.fixture(scope="module", autouse=True)
def _weights():
    speech_weights.folder()


def records(content: bytes, name: str = "file") -> list[Record]:
    stream = io.BytesIO(content)
    return list(registry.choose(stream, name).parse(stream))


def texts(found: list[Record]) -> list[str]:
    return [record.text for record in found if isinstance(record, Utterance)]


def recognitions(found: list[Record]) -> list[Recognition]:
    return [record for record in found if isinstance(record, Recognition)]


def page(*lines: str) -> Image.Image:
    picture = Image.new("L", (800, 740), 250)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((40, 40 + 60 * number), line, fill=30, font=ImageFont.load_default(34))
    return picture


def saved(picture: Image.Image, format: str, **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, format, **options)
    return target.getvalue()


def test_a_scan_gives_its_words_and_for_each_line_its_confidence_and_place():
    found = records((SAMPLES / "scan.png").read_bytes())
    [recognised] = recognitions(found)
    assert texts(found) == [" ".join(LETTER)]
    assert [line.text for line in recognised.lines] == LETTER
    assert all(0.9 < line.confidence <= 1 for line in recognised.lines)
    starts = [line.start for line in recognised.lines]
    assert starts == sorted(starts)
    assert 0 < starts[0] < starts[-1] < 1
    shown = Image.open(io.BytesIO(recognised.media))
    assert (shown.format, shown.size) == ("WEBP", (860, 740))
    assert any("Check them" in record.text for record in found if isinstance(record, Remark))


@pytest.mark.parametrize(
    "format", ["JPEG", *(pytest.param(each, marks=pytest.mark.thorough) for each in ("BMP", "GIF", "WEBP", "TIFF"))]
)
def test_pictures_of_every_usual_kind_are_read(format):
    assert "lemons" in texts(records(saved(page("The tree has lemons."), format)))[0]


def test_every_page_of_a_tiff_is_read():
    second = page("The second page has wasps.")
    tiff = saved(page("The first page has lemons."), "TIFF", save_all=True, append_images=[second])
    found = records(tiff)
    assert [recognised.place for recognised in recognitions(found)] == ["page 1", "page 2"]
    assert "lemons" in " ".join(texts(found))
    assert "wasps" in " ".join(texts(found))


def test_a_photograph_that_lies_on_its_side_is_turned_as_its_camera_says():
    picture = page("The tree has lemons.").convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees to the right
    content = saved(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)
    assert "lemons" in texts(records(content))[0]


def test_a_scanned_page_of_a_pdf_is_recognised_by_itself():
    scan = Image.open(SAMPLES / "scan.png")
    found = records(saved(scan, "PDF", resolution=200.0))
    assert "eleven lemons this year" in " ".join(texts(found))
    assert [recognised.place for recognised in recognitions(found)] == ["page 1"]


def test_only_the_pages_without_text_are_recognised():
    found = records(pdf([["I walked to the harbour again, and the boats were in."], []]))
    assert [recognised.place for recognised in recognitions(found)] == ["page 2"]
    assert [record for record in found if isinstance(record, Skipped)] == [Skipped("page without words", "page 2")]
    assert "harbour" in texts(found)[0]


def test_a_picture_without_words_is_refused_with_what_to_do():
    with pytest.raises(ImportFailed, match=r"No words were found in this picture\. .* take it again"):
        records(saved(Image.new("RGB", (400, 300), "teal"), "PNG"))


def test_a_recording_gives_its_words_and_the_sound_to_check_them_by():
    found = records((SAMPLES / "voice.ogg").read_bytes())
    [recognised] = recognitions(found)
    assert texts(found)[0].startswith("And so my fellow Americans, ask not what your country can do for you")
    assert [record.source_ref for record in found if isinstance(record, Utterance)] == ["0:00"]
    assert recognised.medium == "sound"
    assert all(0 < line.confidence <= 1 for line in recognised.lines)
    assert recognised.media[:3] == b"ID3" or recognised.media[0] == 0xFF
    assert 10 < len(recognised.media) / 4_000 < 13  # seconds, at 32 kbit a second


def test_what_is_known_is_not_recognised_again_and_an_emptied_line_is_left_out():
    content = (SAMPLES / "scan.png").read_bytes()
    [recognised] = recognitions(records(content))
    lines = [RecognisedLine("Dear Ruth, dearest,", 1, 0.1), RecognisedLine("", 1, 0.2)]
    granted: list[int] = []
    with recognition.using(known={recognised.digest: lines}, grant=granted.append):
        found = records(content)
    assert texts(found) == ["Dear Ruth, dearest,"]
    assert recognitions(found)[0].media == b""
    assert granted == []


def test_recognising_asks_for_its_time():
    granted: list[int] = []
    with recognition.using(known={}, grant=granted.append):
        records((SAMPLES / "scan.png").read_bytes())
    assert granted == [60]


def test_where_the_packages_are_missing_the_file_says_how_to_install_them(monkeypatch):
    monkeypatch.setitem(recognition._PACKAGES, "page", ("no_such_package",))
    monkeypatch.setitem(recognition._PACKAGES, "sound", ("no_such_package",))
    for sample in ("scan.png", "voice.ogg"):
        with pytest.raises(ImportFailed, match=r"not installed\. .* install it: .*requirements-recognition\.txt"):
            records((SAMPLES / sample).read_bytes())
    assert len(recognition.missing()) == 2
    found = records(pdf([["I walked to the harbour again."], []]))
    assert any(
        "1 of 2 pages are pictures or empty. Words in pictures" in r.text for r in found if isinstance(r, Remark)
    )


# --- In archives -----------------------------------------------------------------------------------


def test_pictures_and_recordings_beside_documents_are_read():
    archive = zipped(
        {
            "b/scan.png": (SAMPLES / "scan.png").read_bytes(),
            "a.txt": "I walked to the harbour again, and thought of the boats.",
            "voice.ogg": (SAMPLES / "voice.ogg").read_bytes(),
        }
    )
    found = records(archive)
    assert [text.split()[0] for text in texts(found)] == ["I", "Dear", "And"]
    assert [recognised.place for recognised in recognitions(found)] == ["scan.png, page 1", "voice.ogg, recording"]


def test_pictures_and_recordings_beside_a_chat_are_nobodys_words():
    archive = zipped(
        {
            "a.png": (SAMPLES / "scan.png").read_bytes(),
            "b.ogg": (SAMPLES / "voice.ogg").read_bytes(),
            "chat.txt": (SAMPLES / "whatsapp_android.txt").read_bytes(),
        }
    )
    found = records(archive)
    assert not recognitions(found)
    skips = {record.reason for record in found if isinstance(record, Skipped)}
    assert {"picture", "sound recording"} <= skips
    assert any("do not say who speaks" in record.text for record in found if isinstance(record, Remark))


# --- Hostile files ---------------------------------------------------------------------------------


def endless_sound() -> bytes:
    """Half an hour and a second of silence, whose head says that it is short."""
    target = io.BytesIO()
    with wave.open(target, "wb") as sound:
        sound.setparams((1, 1, 4000, 0, "NONE", ""))
        sound.writeframes(b"\x80" * 4000 * 1801)
    content = bytearray(target.getvalue())
    content[40:44] = struct.pack("<I", 0xFFFFFFFF)  # of a stream: as long as it goes on
    return bytes(content)


HOSTILE = {
    "a picture bomb": (
        lambda: saved(Image.new("1", (30_000, 30_000)), "PNG"),
        FileTooLarge,
        r"pixels; the limit is 40 million",
    ),
    "a picture cut off": (lambda: saved(page("lemons"), "JPEG")[:900], ImportFailed, "damaged"),
    "a picture of one pixel": (lambda: saved(Image.new("RGB", (1, 1)), "PNG"), ImportFailed, "No words"),
    "a TIFF of many pages": (
        lambda: saved(Image.new("1", (8, 8)), "TIFF", save_all=True, append_images=[Image.new("1", (8, 8))] * 100),
        FileTooLarge,
        "has 101 pages; the limit is 100",
    ),
    "endless sound": (endless_sound, FileTooLarge, "longer than 30 minutes"),
    "a recording cut off": (lambda: (SAMPLES / "voice.ogg").read_bytes()[:200], ImportFailed, "damaged|empty"),
    "a video of noise": (lambda: bytes(4) + b"ftypisom" + bytes(600), ImportFailed, "damaged"),
    "a film of noise": (lambda: b"\x1aE\xdf\xa3" + bytes(600), ImportFailed, "damaged"),
    "a picture of an iPhone": (lambda: bytes(4) + b"ftypheic" + bytes(600), ImportFailed, "HEIC.*Save it as JPEG"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_picture_or_recording_is_refused_with_a_sentence(case):
    make, kind, sentence = HOSTILE[case]
    with pytest.raises(kind, match=sentence):
        records(make())


def test_silence_holds_no_speech():
    target = io.BytesIO()
    with wave.open(target, "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 16_000 * 3))
    with pytest.raises(ImportFailed, match="No speech was found"):
        records(target.getvalue())
