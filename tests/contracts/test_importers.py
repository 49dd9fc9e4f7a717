"""The Importer contract, run against every registered importer, with samples of our own and the shared ones."""

import io
import json
import re
import struct
import tracemalloc
import zlib
from base64 import b64encode
from pathlib import Path

import pytest
from django.utils import translation

from personas.importers import registry
from personas.importers.base import ImportFailed, Recognition, Record, Remark, Skipped, Utterance
from personas.models import FORMAT_LABELS
from personas.reading import speech_weights
from personas.templatetags.places import place

_ENGLISH = re.compile(r"[a-z]{2,}")
_FILE = re.compile(r"\w+\.\w+")
SAMPLES = Path(__file__).parent / "importers"
OWN = {
    "whatsapp": ["whatsapp_android.txt", "whatsapp_ios.txt"],
    "character-card": ["card_v2.json"],
    "chat-log": ["chat_log.txt", "chat_log_browser.txt"],
    "transcript": ["transcript.txt"],
    "plain-text": ["letters.txt", "diary.md"],
    "line": ["line.txt"],
    "kakaotalk": ["kakaotalk.txt"],
    "qq": ["qq.txt"],
    "signal": ["signal.md", "signal.txt"],
    "imessage": ["imessage.txt", "imessage.html"],
    "chat-table": ["kakaotalk.csv", "viber.csv"],
    "chat-json": ["chat_json.json", "skype.json"],
    "chat-page": ["google_voice.html", "memotrace.html"],
    "tiktok": ["tiktok.json"],
    "posts": ["posts.json", "keep.json"],
    "tumblr": ["tumblr.xml", "tumblr_messages.xml", "tumblr.html"],
    "kindle": ["clippings.txt"],
    "blog": ["blog.xml", "notebook.enex"],
    "mail": ["mails.mbox", "mail.eml"],
    "docx": ["letters.docx"],
    "odt": ["letters.odt"],
    "epub": ["letters.epub"],
    "pdf": ["letters.pdf"],
    "rtf": ["letters.rtf"],
    "html": ["letters.html"],
    "latex": ["letters.tex"],
    "subtitles": ["talk.srt", "film.sub"],
    "zip": ["archive.zip"],
    "telegram": ["telegram.json", "telegram.html"],
    "messenger": ["messenger.json", "messenger.html"],
    "x-archive": ["tweets.js"],
    "discord": ["discord.json", "discord.txt", "discord.csv", "discord.html", "discord_package.json"],
    "sms": ["sms.xml"],
    "google-chat": ["google_chat.json"],
    "linkedin": ["linkedin.csv"],
    "chatgpt": ["chatgpt.json"],
    "silly-tavern": ["silly_tavern.jsonl"],
    "slack": ["slack.json"],
    "scan": ["scan.png"],
    "recording": ["voice.ogg"],
    "afterword": ["afterword.zip"],
    "afterword-words": ["afterword.jsonl"],
}
RECOGNISED = {"scan", "recording"}  # by networks that take seconds


@pytest.fixture(scope="module", autouse=True)
def _weights():
    speech_weights.folder()


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A one-pixel PNG with extra chunks before its picture."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        *chunks,
        (b"IDAT", zlib.compress(b"\0\0\0\0")),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def test_every_importer_has_a_sample_here_and_a_name_for_people():
    assert set(OWN) == set(registry.IMPORTERS) == set(FORMAT_LABELS)


@pytest.mark.parametrize(("name", "sample"), [(name, sample) for name, samples in OWN.items() for sample in samples])
def test_claims_its_own_samples_and_no_other(name, sample):
    with (SAMPLES / sample).open("rb") as stream:
        assert registry.choose(stream, sample).name == name


@pytest.mark.parametrize(("name", "sample"), [(name, sample) for name, samples in OWN.items() for sample in samples])
def test_content_decides_and_not_the_name(name, sample):
    with (SAMPLES / sample).open("rb") as stream:
        assert registry.choose(stream, "holiday.jpeg").name == name


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        pytest.param(name, sample, marks=[pytest.mark.slow] if name in RECOGNISED else [])
        for name, samples in OWN.items()
        for sample in samples
    ],
)
def test_every_record_is_an_utterance_or_a_counted_skip_that_leads_back(name, sample):
    with (SAMPLES / sample).open("rb") as stream:
        records = list(registry.get(name).parse(stream))
    assert any(isinstance(record, Utterance) for record in records)
    for record in records:
        if isinstance(record, Utterance):
            assert record.text.strip()
            assert record.source_ref
            assert record.sent_at is None or record.sent_at.tzinfo is not None
        elif isinstance(record, Skipped):
            assert record.reason
            assert record.source_ref
        else:
            assert isinstance(record, Remark | Recognition)
    places = {record.source_ref for record in records if isinstance(record, Utterance | Skipped)}
    places |= {record.place for record in records if isinstance(record, Recognition)}
    with translation.override("zh-hans"):
        assert [each for each in map(place, places) if _ENGLISH.search(_FILE.sub("", each))] == []


HOSTILE = {
    "empty": b"",
    "only blanks": b" \n\n \t\n",
    "only nul": bytes(5000),
    "pdf renamed": b"%PDF-1.7\n" + bytes(range(256)) * 20,
    "docx renamed": b"PK\x03\x04" + bytes(26) + b"word/document.xml" + bytes(200),
    "broken zip": b"PK\x03\x04" + b"\xff" * 300,
    "deep json": b'{"name":"a","description":"b","first_mes":"c","x":' + b"[" * 200_000,
    "png without a card": png(),
    "png cut off": png((b"tEXt", b"chara\0" + b64encode(b"{}")))[:60],
    "png with a huge chunk": b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 100 * 1024**2, b"tEXt") + b"chara\0aaaa",
    "png with a wrong checksum": png((b"tEXt", b"chara\0e30=")).replace(b"e30=", b"e31="),
    "png with broken base64": png((b"tEXt", b"chara\0eyJuYW1lIjogIkFs!!")),
    "png with cut base64": png((b"tEXt", b"chara\0" + b64encode(json.dumps({"name": "A" * 50}).encode())[:-9])),
    "png with a text bomb": png((b"zTXt", b"chara\0\0" + zlib.compress(bytes(40 * 1024**2)))),
    "json of something else": b'{"hello": "world"}',
    "json list": b"[1, 2, 3]",
    "web page": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence(case):
    stream = io.BytesIO(HOSTILE[case])
    with pytest.raises(ImportFailed) as refused:
        list(registry.choose(stream, "letters.txt").parse(stream))
    assert refused.value.user_message.endswith((".", "”."))
    assert len(refused.value.user_message) < 300


@pytest.mark.thorough
@pytest.mark.parametrize("name", registry.IMPORTERS)
@pytest.mark.parametrize("case", HOSTILE)
def test_no_importer_breaks_otherwise_when_it_is_given_a_file_that_is_not_its_own(name, case):
    try:
        records = list(registry.get(name).parse(io.BytesIO(HOSTILE[case])))
    except ImportFailed:
        return
    assert all(isinstance(record, Record) for record in records)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("whatsapp", "05/06/23, 17:17 - Ada: "),
        pytest.param("chat-log", "[17:17, 05/06/23] Ada: ", marks=pytest.mark.thorough),
    ],
)
def test_a_large_chat_streams_with_bounded_memory(name, head):
    line = head + "word " * 90 + "\n"
    stream = io.BytesIO((line * 15_000).encode())  # 7 MB
    tracemalloc.start()
    counted = sum(isinstance(record, Utterance) for record in registry.get(name).parse(stream))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counted == 15_000
    assert peak < 4 * 1024**2
