"""Texts in the encodings of the time before Unicode, and in UTF-16 without its mark."""

import pytest

from personas.importers.encodings import charsets
from tests.personas.importers.builders import mail, read

GERMAN, FRENCH, SPANISH = "Der Baum lebt. Grüße und Küsse.", "L’arbre vit, Léa ! À bientôt.", "¿Y tú? Mañana, niña."
SIMPLIFIED, TRADITIONAL = "树还活着。我明天去浇水。", "樹還活著。我明天去澆水。"
JAPANESE, KOREAN, RUSSIAN = "木はまだ生きています。", "나무는 살아 있다. 사랑한다.", "Дерево живо. Я тебя люблю."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "cp1252"), (GERMAN, "mac_roman"), (FRENCH, "cp1252"), (SPANISH, "cp1252"),
        (SIMPLIFIED, "gbk"), (TRADITIONAL, "big5"), (TRADITIONAL, "gbk"), (JAPANESE, "shift_jis"), (JAPANESE, "euc_jp"), (JAPANESE, "iso2022_jp"),
        (KOREAN, "euc_kr"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), ("Αγαπώ το δέντρο.", "cp1253"), ("Kocham cię, jutro przyjdę.", "cp1250"),
        ("Müller", "cp1252"), ("It’s so, and I’ve seen it.", "cp1252"), ("“Yes”", "cp1252"), ("树", "gbk"), ("王芳", "gbk"),
    ],
)  # fmt: skip
def test_letters_tell_the_encoding(text, encoding):
    assert read(f"{text}\n".encode(encoding), "letter.txt").texts == [text]


@pytest.mark.parametrize("sign", ["’", "–", "…", "é", "£"])
def test_one_sign_in_a_long_english_text_is_of_windows(sign):
    lines = [f"I walked {number} miles to the sea and back again." for number in range(200)]
    text = "\n".join([*lines, f"Then it rained {sign} and rained.", *lines])
    assert read(text.encode("cp1252"), "letter.txt").remarks
    assert f"Then it rained {sign} and rained." in "\n".join(read(text.encode("cp1252"), "letter.txt").texts)


def test_utf_8_with_a_few_damaged_places_stays_utf_8():
    text = "Grüße 🌳 aus dem Garten.\n" * 30
    damaged = text.encode() + b"Es regn\xc3 heute.\n"
    assert "\n".join(read(damaged, "letter.txt").texts) == text + "Es regn\ufffd heute."


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("text", [GERMAN, SIMPLIFIED, JAPANESE, KOREAN, RUSSIAN])
def test_unicode_is_read_with_and_without_its_mark(text, encoding):
    assert read(f"{text}\r\n\r\n{text}\r\n".encode(encoding), "letter.txt").texts == [text, text]


def test_a_mail_whose_charset_is_missing_or_wrong_is_read_by_its_letters():
    words = mail(SIMPLIFIED, sender="王芳 <wf@example.org>").encode("gbk")
    assert read(words).said == [("王芳", SIMPLIFIED)]
    assert charsets.decoded(SIMPLIFIED.encode("gbk"), "utf-8") == SIMPLIFIED
    broken = ("é" * 200).encode() + b"\xff"
    assert charsets.decoded(broken, "utf-8") == "é" * 200 + "\ufffd"


def test_a_page_is_read_in_the_encoding_that_its_xml_names():
    page = '<?xml version="1.0" encoding="iso-8859-2"?><html><body><p>Łódź</p></body></html>'
    assert read(page.encode("iso-8859-2")).texts == ["Łódź"]
