"""Archives: each file through its own importer, the others counted, and nothing harmful unpacked."""

import io
import struct
import time
import zipfile
import zlib
from functools import partial

import pytest

from personas.importers import registry
from personas.importers.archive import Archive
from personas.importers.archives import zips
from personas.importers.base import FileTooLarge, ImportFailed, Utterance
from tests.personas.importers.builders import docx, mail, mbox, read, word_paragraphs, zipped

CHAT = "05/06/23, 17:17 - Ana: Did it survive?\n05/06/23, 17:18 - Beto: It did.\n05/06/23, 17:19 - Ana: Good.\n"
LETTER = "Dear Ana,\n\nthe lemon tree has survived the winter.\n"


def test_each_file_goes_through_its_own_importer():
    reading = read(
        zipped(
            {
                "WhatsApp Chat with Beto.txt": CHAT,
                "letters/first.docx": docx(word_paragraphs("I walked to the harbour.")),
                "letters/second.txt": LETTER,
                "mails.mbox": mbox(mail("The tree lives.")),
            }
        )
    )
    assert reading.format == "zip"
    assert reading.said == [
        ("Ana", "Did it survive?"),
        ("Beto", "It did."),
        ("Ana", "Good."),
        ("", "I walked to the harbour."),
        ("", "Dear Ana,"),
        ("", "the lemon tree has survived the winter."),
        ("Ana Reed", "The tree lives."),
    ]
    assert any("4 files of this archive were read" in remark for remark in reading.remarks)
    assert any("texts that name no author" in remark for remark in reading.remarks)


def test_a_place_names_the_file():
    assert read(zipped({"letters/second.txt": LETTER})).utterances[1].source_ref == "second.txt, line 3"


def test_what_is_not_read_is_counted_by_kind():
    files = {
        "_chat.txt": CHAT,
        "a.jpg": b"\xff\xd8\xff\xe0" + bytes(90),
        "b.png": b"\x89PNG\r\n\x1a\n" + bytes(90),
        "c.mp4": bytes(4) + b"ftypisom" + bytes(90),
        "d.opus": b"OggS" + bytes(90),
        "e.charx": zipped({"card.json": "{}"}),
        "f.css": "p { color: red }\n",
        "g.vcf": "BEGIN:VCARD\nFN:Ana\nEND:VCARD\n",
        "h.txt": "",
        "i.gz": b"\x1f\x8b\x08" + bytes(90),
        "__MACOSX/._chat.txt": b"\0\5\x16\7" + bytes(90),
        ".DS_Store": bytes(90),
    }
    reading = read(zipped(files))
    assert [speaker for speaker, _ in reading.said] == ["Ana", "Beto", "Ana"]
    assert reading.skipped == {
        "picture": 2,
        "video": 1,
        "sound recording": 1,
        "archive inside the archive": 2,
        "file of another kind": 1,
        "file that cannot be read": 1,
        "empty file": 1,
    }


def test_an_archive_inside_an_archive_is_read_and_one_inside_that_is_not():
    inner = zipped({"_chat.txt": CHAT, "a.jpg": b"\xff\xd8\xff\xe0" + bytes(90), "c.zip": zipped({"b.txt": LETTER})})
    reading = read(zipped({"Chat with Beto.zip": inner, "d.zip": zipped({"_chat.txt": CHAT.replace("Beto", "Carla")})}))
    assert {speaker for speaker, _ in reading.said} == {"Ana", "Beto", "Carla"}
    assert reading.utterances[0].source_ref == "Chat with Beto.zip, _chat.txt, line 1"
    assert reading.skipped == {"picture": 1, "archive inside the archive": 1}
    assert any("2 files of this archive were read" in remark for remark in reading.remarks)


def test_archives_inside_an_archive_share_its_limit(settings):
    settings.UPLOAD_BYTES = 100_000
    inner = zipped({f"{number}.txt": f"{number} {'Words. ' * 10_000}" for number in range(2)})
    with pytest.raises(FileTooLarge, match="unpack to more than"):
        read(zipped({"a.zip": inner, "b.zip": inner.replace(b"0.txt", b"2.txt")}))


def test_a_file_that_cannot_be_read_is_named_with_the_reason_and_the_others_are_kept():
    reading = read(zipped({"_chat.txt": CHAT, "old.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)}))
    assert len(reading.said) == 3
    assert reading.skipped == {"file that cannot be read": 1}
    assert any("old.doc is an old Word" in remark for remark in reading.remarks)


def test_a_bad_file_ends_nothing_that_was_read_before_it_failed():
    table = "Date,User,Message\n2016-02-05 01:33:00,Ana,hi\n" + f'2016-02-05 01:33:00,Ana,"{"x" * 300_000}"\n'
    reading = read(zipped({"a.csv": table, "_chat.txt": CHAT}))
    assert [text for _, text in reading.said] == ["hi", "Did it survive?", "It did.", "Good."]


def test_reasons_are_written_out_for_a_few_files_only():
    files = {f"{n}.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) for n in range(30)}
    reading = read(zipped({"_chat.txt": CHAT, **files}))
    assert len([remark for remark in reading.remarks if "an old Word" in remark]) == 5
    assert any("25 more files" in remark for remark in reading.remarks)


@pytest.mark.parametrize("name", ["../../etc/passwd.txt", "/etc/passwd.txt", "C:\\Windows\\x.txt", "..\\..\\x.txt"])
def test_a_name_that_leads_elsewhere_is_only_a_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read(zipped({name: LETTER})).texts[0] == "Dear Ana,"
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_names_of_old_programs_are_shown_as_they_were_meant(encoding):
    name = "手纸.txt"
    raw = zipped({"x" * len(name.encode(encoding)): LETTER}).replace(
        b"x" * len(name.encode(encoding)), name.encode(encoding)
    )
    assert read(raw).utterances[0].source_ref == "手纸.txt, line 1"


def test_two_files_of_one_name_are_both_read_and_one_twice_is_read_once():
    raw = zipped({"a.txt": "first words here", "b.txt": "second words here", "c.txt": "first words here"})
    raw = raw.replace(b"b.txt", b"a.txt").replace(b"c.txt", b"a.txt")
    assert sorted(read(raw).texts) == ["first words here", "second words here"]


class Pages:
    """Reads two files of a set together, as exports that are written in pages."""

    name = "pages"

    def sniff(self, head, name):
        return 0.0

    def parse(self, stream):
        yield from ()

    def members(self, paths):
        return sorted(path for path in paths if path.startswith("inbox/"))

    def parse_members(self, members):
        for member in members:
            with member.open() as file:
                yield Utterance("Ana", file.read().decode(), None, member.path)


def test_files_that_belong_together_are_read_together(monkeypatch):
    monkeypatch.setitem(registry.IMPORTERS, "pages", "tests.personas.importers.test_archive.Pages")
    registry.get.cache_clear()
    reading = read(zipped({"inbox/2.json": "second", "inbox/1.json": "first", "_chat.txt": CHAT}))
    registry.get.cache_clear()
    assert reading.said[:2] == [("Ana", "first"), ("Ana", "second")]
    assert len(reading.said) == 5


def test_mails_as_files_of_their_own_are_read_as_of_one_mailbox():
    files = {
        "b.eml": mail("second", sender="A. Reed <ana@example.org>", minute=2),
        "a/first.eml": mail("first"),
        "c.eml": mail("third", minute=3),
    }
    reading = read(zipped(files))
    assert reading.said == [("Ana Reed", "first"), ("Ana Reed", "second"), ("Ana Reed", "third")]
    assert reading.utterances[0].source_ref == "first.eml"


# --- Hostile archives -----------------------------------------------------------------------------------


def locked() -> bytes:
    raw = bytearray(zipped({"a.txt": LETTER}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + place] |= 1
    return bytes(raw)


def lying() -> bytes:
    """An entry that says that it is small, and unpacks to 2.5 MB."""
    raw = bytearray(zipped({"a.txt": b"word " * 500_000}))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", raw, raw.index(mark) + place, 100)
    return bytes(raw)


def overlapping() -> bytes:
    """Many entries that share the same packed bytes."""
    words = b"word " * 150_000
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(words) + packer.flush()
    local = (
        struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, zlib.crc32(words), len(packed), len(words), 5, 0) + b"a.txt"
    )
    directory = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, zlib.crc32(words), len(packed), len(words), 5, 0, 0, 0, 0, 0, 0)
        + b"%05d" % number
        for number in range(9_000)
    )  # fmt: skip
    body = local + packed
    return body + directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9_000, 9_000, len(directory), len(body), 0)


HOSTILE = {
    "a password": (locked, "protected by a password"),
    "a bomb": (lambda: zipped({"a.txt": b"word " * 500_000}), "unpacks to more than 1 MB"),
    "a bomb that lies": (lying, "damaged inside|holds nothing that can be read|unpacks to more"),
    "many bombs": (lambda: zipped({f"{n}.txt": b"word " * 150_000 for n in range(8)}), "unpack to more than 2 MB together"),
    "overlapping entries": (overlapping, "damaged|unpack to more than 2 MB together"),
    "an archive in an archive in an archive": (lambda: zipped({"a.zip": zipped({"a.zip": zipped({"a.txt": LETTER})})}), "holds nothing that can be read"),
    "a bomb in an archive": (lambda: zipped({"a.zip": zipped({"a.txt": b"word " * 500_000})}), "unpacks to more than 1 MB"),
    "many bombs in archives": (lambda: zipped({f"{n}.zip": zipped({f"{n}.txt": b"word " * 150_000}) for n in range(8)}), "unpack to more than 2 MB together"),
    "only pictures": (lambda: zipped({"a.jpg": b"\xff\xd8\xff\xe0" + bytes(90)}), "holds nothing that can be read"),
    "nothing": (lambda: zipped({}), "empty|damaged"),
    "cut off": (lambda: zipped({"a.txt": LETTER * 99})[:-30], "damaged"),
    "too many entries": (lambda: zipped({str(n): b"" for n in range(20_001)}), "20,001 files; the limit is 20,000"),
    "a list of entries without end": (lambda: b"PK\3\4" + bytes(9_000_000) + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 9_000_000, 4, 0), "far more than 20,000 files"),
}  # fmt: skip


@pytest.fixture
def _small_uploads(settings):
    settings.UPLOAD_BYTES = 1024**2


@pytest.mark.slow
@pytest.mark.usefixtures("_small_uploads")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_refused_with_a_sentence(case):
    make, sentence = HOSTILE[case]
    raw = make()
    began = time.process_time()
    with pytest.raises(ImportFailed, match=sentence) as refused:
        list(Archive().parse(io.BytesIO(raw)))
    assert time.process_time() - began < 20
    assert refused.value.user_message.endswith((".", "”."))


@pytest.mark.usefixtures("_small_uploads")
def test_an_archive_that_lies_is_counted_while_it_is_read(monkeypatch):
    """Python reads no more than an entry says. This library is trusted with nothing, so bytes are counted all the same."""
    archive = zipfile.ZipFile(io.BytesIO(zipped({f"{n}.txt": b"word " * 150_000 for n in range(8)})))
    budget = zips.Budget()
    unpack = partial(zips.unpacked, archive, budget=budget)
    with pytest.raises(FileTooLarge, match="unpack to more than 2 MB together"):
        list(map(unpack, archive.infolist()))
    assert 2 * 1024**2 < budget.spent < 3 * 1024**2


CHAT_JSON = '{"messages": [{"creator": {"name": "Ana"}, "message_id": "1", "text": "hello"}]}'
PAGE = "<!DOCTYPE html><html><body><p>What is in your archive.</p></body></html>"


def test_pages_and_notes_that_come_with_a_download_are_nobodys_words():
    folder = "Takeout/Google Chat/Groups/DM"
    reading = read(
        zipped({"README.txt": LETTER, "chat.html": PAGE, f"{folder}/messages.json": CHAT_JSON, "letter.txt": LETTER})
    )
    assert reading.said == [("Ana", "hello"), *read(LETTER).said]
    assert reading.skipped["file of another kind"] == 2


def test_pages_and_notes_without_a_download_are_words():
    assert read(zipped({"readme.txt": LETTER, "letter.html": PAGE})).said == [*read(LETTER).said, *read(PAGE).said]
