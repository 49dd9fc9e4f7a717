"""A child process reads files, and hostile files harm only the child."""

import io
import json
import logging
import os
import resource
import tempfile
import threading
import time
import zipfile
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import psutil
import pytest
from PIL import Image

from personas import avatars
from personas.importers import registry
from personas.importers.base import DamagedFile, FileTooLarge, ImportFailed, Remark, Skipped, Utterance
from personas.importers.cards import character_card
from personas.importers.summary import Summary
from personas.reading import children, parsing
from tests.contracts.test_importers import png
from tests.site import command_line
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "contracts" / "importers"


@pytest.fixture
def hostile(settings, monkeypatch):
    """Runs tests/personas/hostile_child.py instead of the importers, with limits of one second and little memory."""
    settings.IMPORT_TIME = timedelta(seconds=1)
    settings.IMPORT_MEMORY = 256 * 1024**2
    settings.RECOGNITION_TIME = timedelta(seconds=2)
    settings.RECOGNITION_MEMORY = 384 * 1024**2
    settings.UPLOAD_BYTES = 1024**2
    monkeypatch.setattr(parsing, "JOB", "tests.personas.hostile_child")


def readers() -> list[psutil.Process]:
    """The running children of this process."""
    return [child for child in psutil.Process().children() if "personas.reading.confined" in command_line(child)]


def read(path: Path, name: str = "") -> tuple[list, parsing.Reading]:
    with path.open("rb") as file, parsing.opened(file, name=name or path.name) as reading:
        return list(reading), reading


# One of each way to read: lines, JSON, rows, a package, a document, a card, and what a machine recognises.
QUICK = {"whatsapp_ios.txt", "telegram.json", "discord.csv", "archive.zip", "letters.pdf", "card_v2.json", "scan.png"}
SAMPLE_NAMES = sorted(path.name for path in SAMPLES.iterdir())


@pytest.mark.parametrize(
    "sample",
    [pytest.param(name, marks=() if name in QUICK else pytest.mark.thorough) for name in SAMPLE_NAMES],
)
def test_a_child_reads_what_the_importer_reads(sample):
    utterances, reading = read(SAMPLES / sample)
    with (SAMPLES / sample).open("rb") as stream:
        importer = registry.choose(stream, sample)
        summary = Summary(importer.name)
        records = list(importer.parse(stream))
    assert utterances == [record for record in records if isinstance(record, Utterance)]
    summary.count(utterances)
    summary.skipped.update(record.reason for record in records if isinstance(record, Skipped))
    summary.remarks += [record.text for record in records if isinstance(record, Remark)]
    assert reading.format == importer.name
    assert reading.summary == summary
    assert (reading.card is not None) == (importer.name in {"character-card", "afterword"})


def test_a_time_that_nobody_wrote_at_is_unknown_whatever_the_format(tmp_path):
    """Programs write the first and the last moment they know for none. Both overflow in other time zones."""
    path = tmp_path / "times.txt"
    for year, is_known in (("0001", False), ("0999", False), ("1650", True), ("2999", True), ("9999", False)):
        rows = [{"speaker": "T", "text": "Yes.", "sent_at": f"{year}-12-31T23:59:59-14:00", "source_ref": "line 2"}]
        for name, content in {
            "archive": '{"afterword": "words", "version": 1}\n' + "\n".join(map(json.dumps, rows)) + "\n",
            "diary": f"{year}-12-31\n\nThe clock in the hall struck thirteen, and nobody but me woke up.\n",
        }.items():
            path.write_text(content, encoding="utf-8")
            utterances, reading = read(path)
            assert utterances, name
            assert {utterance.sent_at is not None for utterance in utterances} == {is_known}, (name, year)
            assert (reading.summary.first is not None) == is_known


def test_a_card_comes_whole_with_a_picture_that_is_safe():
    raw = png((b"tEXt", b"chara\0" + b64encode((SAMPLES / "card_v2.json").read_bytes())))
    path = SAMPLES / "card_v2.json"
    with path.open("rb") as stream:
        expected = character_card.read(stream)
    _, plain = read(path)
    assert plain.card == expected
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        with parsing.opened(file, name="card.png") as reading:
            list(reading)
    assert reading.card.picture[8:12] == b"WEBP"


@pytest.mark.parametrize(
    ("deed", "kind", "sentence"),
    [
        ("burn", FileTooLarge, "Reading burn took more than 1 s, which is the limit. Split it into smaller files, or"),
        pytest.param("sleep", FileTooLarge, "took more than 1 s", marks=pytest.mark.thorough),
        pytest.param("drip", FileTooLarge, "took more than 1 s", marks=pytest.mark.thorough),
        pytest.param("ask_for_more", FileTooLarge, "took more than 1 s", marks=pytest.mark.thorough),
        ("hoard", FileTooLarge, "took more than 256 MB of memory, which is the limit. Split it .* raise IMPORT_MEMORY"),
        pytest.param("scream", FileTooLarge, "of memory", marks=pytest.mark.thorough),
        ("crash", DamagedFile, "crash cannot be read: the program that reads it ended unexpectedly"),
        pytest.param("leave", DamagedFile, "ended unexpectedly", marks=pytest.mark.thorough),
        pytest.param("fall_silent", DamagedFile, "ended unexpectedly", marks=pytest.mark.thorough),
        ("babble", DamagedFile, "ended unexpectedly"),
        pytest.param("lie", DamagedFile, "ended unexpectedly", marks=pytest.mark.thorough),
        pytest.param("invent", DamagedFile, "ended unexpectedly", marks=pytest.mark.thorough),
        pytest.param("break_the_log", DamagedFile, "ended unexpectedly", marks=pytest.mark.thorough),
        ("write", DamagedFile, "ended unexpectedly"),
        pytest.param("quote", DamagedFile, "ended unexpectedly", marks=pytest.mark.thorough),
    ],
)
def test_whatever_a_file_does_to_its_reader_is_one_sentence_within_the_limits(
    hostile, settings, tmp_path, deed, kind, sentence
):
    if "1 s" not in sentence:
        settings.IMPORT_TIME = timedelta(seconds=20)  # a busy processor needs more than one to meet the other limits
    path = tmp_path / "file"
    path.write_bytes(b"x")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    with pytest.raises(kind, match=sentence):
        read(path, deed)
    assert time.monotonic() - began < 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    assert not readers()


def test_the_reader_has_none_of_the_sites_secrets(hostile, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "x")
    monkeypatch.setenv("DATABASE_URL", "x")
    (tmp_path / "file").write_bytes(b"x")
    _, reading = read(tmp_path / "file", "tell_secrets")
    names = reading.summary.remarks[0].split()
    assert "PATH" in names
    assert not {"SECRET_KEY", "DATABASE_URL", "AFTERWORD_STATE", "DJANGO_SETTINGS_MODULE"} & set(names)


def test_pages_and_replies_go_before_a_reader(hostile, tmp_path):
    """`nice` counts within a session only, because Linux shares the processor among sessions first."""
    (tmp_path / "file").write_bytes(b"x")
    _, reading = read(tmp_path / "file", "tell_place")
    session, niceness = map(int, reading.summary.remarks[0].split())
    assert session == os.getsid(0)
    assert niceness == min(os.nice(0) + 10, 19)


def test_what_a_reader_started_ends_with_it(hostile, tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    file = (tmp_path / "file").open("rb")
    with file, parsing.opened(file, name="start_another") as reading, pytest.raises(FileTooLarge):
        list(reading)
    other = int(reading.summary.remarks[0])
    wait_until(lambda: not psutil.pid_exists(other) or psutil.Process(other).status() == "zombie")


def test_a_failure_that_names_a_lone_surrogate_keeps_its_sentence(tmp_path):
    file = tmp_path / "export.json"
    file.write_text('{"messages": [{"text": "Dear Ada"')
    with pytest.raises(ImportFailed, match="looks like a chat export in JSON, which cannot be read yet"):
        read(file, "caf\udce9.json")


def test_no_log_quotes_the_file(hostile, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(DamagedFile):
        read(tmp_path / "file", "quote")
    assert "child.broken" in caplog.text
    assert all("marked-7f3a" not in repr(record.__dict__) for record in caplog.records)


def test_only_so_many_children_are_at_work_at_once(hostile, tmp_path, monkeypatch):
    monkeypatch.setattr(children, "_QUEUE_SECONDS", 0.01)
    (tmp_path / "file").write_bytes(b"x")
    release = threading.Event()

    def occupy(number: int) -> None:
        with (tmp_path / "file").open("rb") as file, parsing.opened(file, name="sleep"):
            occupied[number].set()
            release.wait(30)

    occupied = [threading.Event() for _ in range(children.MOST)]
    with ThreadPoolExecutor(children.MOST) as pool:
        work = [pool.submit(occupy, number) for number in range(children.MOST)]
        try:
            assert all(event.wait(30) for event in occupied)
            with pytest.raises(ImportFailed, match=r"other files are being read now\. Try again in a minute"):
                read(tmp_path / "file", "sleep")
        finally:
            release.set()
        for future in work:
            future.result()


def test_a_reader_whose_caller_has_enough_is_ended(hostile, tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with (tmp_path / "file").open("rb") as file, parsing.opened(file, name="drip"):
        assert readers()
    assert not readers()


def test_the_readers_start_is_cheap(tmp_path):
    """The child imports neither the site nor a model library, so it starts in tenths of a second with little memory."""
    limits = children.Limits(seconds=10, memory=512 * 1024**2)
    (tmp_path / "file").write_bytes(b"Dear Ann,\n\nI walked to the harbour again.\n")
    arguments = {"upload_bytes": 1024**2}
    with (tmp_path / "file").open("rb") as file:
        job = children.answers("tests.personas.imports_child", file, limits=limits, arguments=arguments)
        with closing(job) as answers:
            modules = set(msgspec.json.decode(dict(answers)["modules"]))
    assert "personas.importers.chats.whatsapp.export" in modules
    assert not {"torch", "transformers", "numpy", "celery", "django.db", "persona_site", "PIL", "pydantic"} & modules


# --- Files that are hostile to the importers themselves ------------------------------------------------


def zip_bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_chat.txt", bytes(60 * 1024**2))
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b'{"name":"a","description":"b","first_mes":"c","x":' + b"[" * 2_000_000,
        json.dumps({"name": "a", "description": "b", "first_mes": "c", "x": "y" * 9_000_000}).encode(),
        zip_bomb(),
        bytes(2_000_000),
    ],
    ids=["deep json", "long json", "zip bomb", "nul"],
)
def test_known_bombs_are_sentences(tmp_path, content):
    (tmp_path / "bomb").write_bytes(content)
    with pytest.raises(ImportFailed):
        read(tmp_path / "bomb")


@pytest.mark.parametrize(
    "deed",
    [
        "crash",
        "burn",
        *(
            pytest.param(deed, marks=pytest.mark.thorough)
            for deed in ("say_nothing", "draw", "lie", "babble", "break_the_log")
        ),
    ],
)
def test_whatever_a_picture_does_to_its_reader_is_a_refusal(monkeypatch, deed):
    monkeypatch.setattr(avatars, "JOB", "tests.personas.hostile_child")
    monkeypatch.setattr(avatars, "SECONDS", 1)
    with pytest.raises(avatars.PictureRefused):
        avatars.webp(io.BytesIO(deed.encode()), size=1)
    assert not readers()


def test_a_picture_that_takes_too_much_memory_is_refused(monkeypatch):
    target = io.BytesIO()
    Image.new("RGBA", (6300, 6300)).save(target, "PNG")  # 150 kB
    monkeypatch.setattr(avatars, "MEMORY", 256 * 1024**2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(avatars.PictureRefused, match=r"MB of memory to open, the limit\. Make it smaller"):
        avatars.webp(target, size=len(target.getvalue()))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
