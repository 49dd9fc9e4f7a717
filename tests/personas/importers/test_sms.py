"""SMS Backup & Restore."""

import io
import tracemalloc
from xml.sax.saxutils import quoteattr

import pytest

from personas.importers import registry
from personas.importers.base import DamagedFile
from personas.importers.chats.sms import source as sms_source
from tests.personas.importers.exports import records, said, skipped, times

ADA, BO = "+441632960001", "+441632960002"


def sms(body: str, *, minute: int = 0, kind: str = "1", address: str = ADA, name: str = "Ada") -> str:
    date = 1685985420000 + 60_000 * minute
    return f'<sms protocol="0" address="{address}" date="{date}" type="{kind}" subject="null" body={body if body[:1] == chr(34) else quoteattr(body)} contact_name="{name}" />'  # fmt: skip


def mms(parts: str, *, minute: int = 0, box: str = "1", address: str = ADA, name: str = "Ada", sender: str = "") -> str:
    date = 1685985420000 + 60_000 * minute
    addresses = f'<addrs><addr address="{sender}" type="137" charset="106" /></addrs>' if sender else ""
    return f'<mms date="{date}" msg_box="{box}" address="{address}" contact_name="{name}"><parts>{parts}</parts>{addresses}</mms>'  # fmt: skip


def part(text: str, ct: str = "text/plain") -> str:
    return f'<part seq="0" ct="{ct}" text={quoteattr(text)} />'


def backup(*messages: str) -> str:
    head = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n<!--File Created By SMS Backup & Restore v10-->\n"
    return f'{head}<?xml-stylesheet type="text/xsl" href="sms.xsl"?>\n<smses count="{len(messages)}">{"".join(messages)}</smses>'


def test_each_conversation_is_in_order_of_time_whatever_kind_its_messages_are():
    read = records(
        backup(
            sms("one"),
            sms("four", minute=9, kind="2", address="01632960001", name="(Unknown)"),
            sms("of bo", minute=2, address=BO, name="Bo"),
            sms("never sent", kind="3"),
            sms("null"),
            mms(part("<smil/>", "application/smil") + part("two") + part("and more"), minute=1, sender=ADA),
            mms(part("three"), minute=5, box="2", sender="insert-address-token"),
            mms('<part seq="0" ct="image/jpeg" text="null" data="AAAA" />', minute=6),
        ),
        format="sms",
    )
    assert said(read) == [("Ada", "one"), ("Ada", "two\nand more"), ("Me", "three"), ("Me", "four"), ("Bo", "of bo")]
    assert skipped(read) == {"draft": 1, "empty": 1, "media": 1}
    assert times(read)[0] == "2023-06-05T17:17:00"


def test_members_of_a_group_are_named_by_their_own_chats_or_by_the_group():
    group = {"address": f"{ADA}~{BO}", "name": "Ada B., Bobby"}
    read = records(
        backup(
            sms("alone", name="Ada Brown"),
            mms(part("hi"), minute=1, sender=ADA, **group),
            mms(part("hello"), minute=2, sender=BO, **group),
            mms(part("you two"), minute=3, box="2", sender="insert-address-token", **group),
            mms(part("stranger"), minute=4, sender="+33123456789", **group),
        ),
        format="sms",
    )
    assert said(read) == [
        ("Ada Brown", "alone"),
        ("Ada Brown", "hi"),
        ("Bobby", "hello"),
        ("Me", "you two"),
        ("+33123456789", "stranger"),
    ]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("&#55357;&#56349;", "🐝"),
        ("&#xD83D;&#xDC1D;!", "🐝!"),
        ("a&#55357;b", "a\ufffdb"),
        ("&#10;x&#0;y&#8;", "xy"),
        ("&lt;b&gt; &amp;amp; &quot;", '<b> &amp; "'),
        ("\ufffe\x07bell", "bell"),
    ],
)
def test_an_emoji_in_halves_and_forbidden_characters_are_read(written, text):
    assert said(records(backup(sms(f'"{written}"')), format="sms")) == [("Ada", text)]


@pytest.mark.parametrize("chunk", range(1, 60))
def test_halves_are_joined_wherever_the_file_is_cut_into_chunks(monkeypatch, chunk):
    monkeypatch.setattr(sms_source, "_CHUNK", chunk)
    read = records(backup(sms('"a&#55357;&#56349;&#55357;&#56349;&#xD83D;&#xdc1d;&amp;&#10;b"')), format="sms")
    assert said(read) == [("Ada", "a🐝🐝🐝&\nb")]


def test_pictures_do_not_fill_the_memory():
    picture = '<part seq="0" ct="image/jpeg" text="null" data="' + "QUJD" * 1_000_000 + '" />'
    written = backup(*(mms(picture + part("hi"), minute=n) for n in range(5))).encode()
    tracemalloc.start()
    read = records(written, format="sms")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(said(read)) == 5
    assert peak < 16 * 1024**2  # of 20 MB


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE smses [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE smses SYSTEM "http://example.org/x.dtd">',
        '<!DOCTYPE smses [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_backup_that_declares_entities_is_refused(declaration):
    with pytest.raises(DamagedFile, match="no backup does"):
        list(registry.get("sms").parse(io.BytesIO(f"{declaration}<smses>{sms('x')}</smses>".encode())))


def test_a_cut_backup_says_so():
    with pytest.raises(DamagedFile, match="cut off or damaged"):
        records(backup(sms("one"), sms("two"))[:-60], format="sms")
