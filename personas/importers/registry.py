"""Lists the importers, and chooses one for a file by its content."""

import io
import re
from functools import cache
from typing import BinaryIO

from django.conf import settings
from django.utils.module_loading import import_string

from personas.importers import chat_log, decoding
from personas.importers.base import FileTooLarge, Importer, UnknownFormat

IMPORTERS = {
    "whatsapp": "personas.importers.whatsapp.WhatsApp",
    "character-card": "personas.importers.character_card.CharacterCard",
    "chat-log": "personas.importers.chat_log.ChatLog",
    "transcript": "personas.importers.transcript.Transcript",
    "plain-text": "personas.importers.plain_text.PlainText",
    "telegram": "personas.importers.telegram.Telegram",
    "messenger": "personas.importers.messenger.Messenger",
    "x-archive": "personas.importers.x_archive.XArchive",
    "discord": "personas.importers.discord.Discord",
    "sms": "personas.importers.sms.SMS",
    "google-chat": "personas.importers.google_chat.GoogleChat",
    "linkedin": "personas.importers.linkedin.LinkedIn",
    "chatgpt": "personas.importers.chatgpt.ChatGPT",
    "silly-tavern": "personas.importers.silly_tavern.SillyTavern",
    "slack": "personas.importers.slack.Slack",
}
_UNSURE = 0.05

_AS_TEXT = "Save it as plain text (.txt) and upload that."
_MAGIC = [
    (b"%PDF", f"a PDF document. {_AS_TEXT}"),
    (b"{\\rtf", f"an RTF document. {_AS_TEXT}"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"an old Word or Outlook document. {_AS_TEXT}"),
    (b"\xff\xd8\xff", "a JPEG picture. Upload it under Picture; words in it cannot be read."),
    (b"GIF8", "a GIF picture. Upload it under Picture; words in it cannot be read."),
    (b"SQLite format 3", "a database. Export the chat as text from the app itself."),
    (b"\x1f\x8b", "a gzip archive. Unpack it and upload the files inside."),
    (b"Rar!", "a RAR archive. Unpack it and upload the files inside."),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive. Unpack it and upload the files inside."),
    (b"OggS", "a sound recording. Only written words can be read."),
    (b"ID3", "a sound recording. Only written words can be read."),
]
_OFFICE = [
    (b"word/", f"a Word document. {_AS_TEXT}"),
    (b"xl/", f"a spreadsheet. {_AS_TEXT}"),
    (b"mimetypeapplication/vnd.oasis", f"an OpenDocument file. {_AS_TEXT}"),
    (b"mimetypeapplication/epub", f"an EPUB book. {_AS_TEXT}"),
]
# Exports of other apps contain other people's words, so they must not be read as the text of one author.
_OTHER_CHATS = [
    (re.compile(r"\[LINE\]"), "a LINE export"),
    (re.compile(r"消息记录|(?:\A|\n)消息对象:"), "a QQ export"),
    (re.compile(r"카카오톡 대화|KakaoTalk Chats with"), "a KakaoTalk export"),
    (re.compile(r"\AFrom \S.*\n(?:[\w-]+: .*\n)+"), "a mailbox"),
    (
        re.compile(
            r"\A(?:From|Von|De|Da|От): .*\n(?:(?:To|Date|Sent|Subject|An|Datum|Gesendet|Betreff|Objet|À)\s?: .*\n)+"
        ),
        "a list of mails",
    ),
    (re.compile(r"\A\s*+[\[{].*?\"(?:messages|chats)\"\s*:", re.DOTALL), "a chat export in JSON"),
    (re.compile(r"\[\d{4}-\d\d-\d\d,? \d\d:\d\d\] [^:\n]+: "), "a Signal export"),
]
# A diary may look the same. In a chat, the names recur.
_WECHAT = re.compile(r"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d\d(?::\d\d)? [^\s<][^\n:]{0,60}\n")
_WEB_PAGE = re.compile(r"\A\s*+(?:<!doctype html|<html\b)", re.IGNORECASE)


@cache
def get(name: str) -> Importer:
    """The importer of that name. Raises KeyError."""
    importer: Importer = import_string(IMPORTERS[name])()
    return importer


def choose(stream: BinaryIO, name: str) -> Importer:
    """The importer with the highest confidence. Leaves the stream at its start.

    Raises UnknownFormat (its message names the kind of file and what to do) or FileTooLarge, before any parsing.
    """
    check_size(stream, name)
    head = stream.read(decoding.HEAD_BYTES)
    stream.seek(0)
    _refuse_known(head, name)
    scores = {key: get(key).sniff(head, name) for key in IMPORTERS}
    best = max(scores, key=lambda key: scores[key])
    if best in {"plain-text", "transcript", "chat-log"} or scores[best] < _UNSURE:
        _refuse_other_chats(decoding.decode_head(head), name, best)
    if scores[best] < _UNSURE:
        raise UnknownFormat(
            f"{name} cannot be read: it is neither text, nor a chat, nor a character card (PNG, WebP or JSON)."
        )
    return get(best)


def check_size(stream: BinaryIO, name: str) -> None:
    """Raises UnknownFormat for an empty file, FileTooLarge above the limit. Leaves the stream at its start."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if not size:
        raise UnknownFormat(f"{name} is empty.")
    if size > settings.UPLOAD_BYTES:
        raise FileTooLarge(
            f"{name} has {size / 1024**2:.1f} MB; the limit is {settings.UPLOAD_BYTES / 1024**2:.0f} MB. "
            "Split it, or raise AFTERWORD_UPLOAD."
        )


def _refuse_known(head: bytes, name: str) -> None:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            raise UnknownFormat(f"{name} is {kind}")
    if head.startswith(b"PK"):
        for mark, kind in _OFFICE:
            if mark in head:
                raise UnknownFormat(f"{name} is {kind}")


def _refuse_other_chats(text: str, name: str, best: str) -> None:
    if _WEB_PAGE.match(text):
        raise UnknownFormat(f"{name} is a web page. Copy the words that you want into a text file and upload that.")
    if not text.strip():
        raise UnknownFormat(
            f"{name} holds no words that can be read. Upload text, a WhatsApp export or a character card."
        )
    wechat = [(_WECHAT, "a WeChat or QQ export")] if best == "chat-log" else []
    for pattern, kind in [*_OTHER_CHATS, *wechat]:
        if pattern.match(text):
            raise UnknownFormat(
                f"{name} looks like {kind}, which cannot be read yet. "
                "Turn it into lines of the form “Name: words” in a text file, and upload that."
            )
    if best == "plain-text" and chat_log.looks_like_chat(text):
        raise UnknownFormat(
            f"{name} looks like a chat copied from a window or written by another app, in a layout that cannot be "
            "read. Export the chat from the app itself (in WhatsApp: Export chat, Without media), or turn it into "
            "lines of the form “Name: words”."
        )
    if text.lstrip().startswith(("{", "[{")) or (text.lstrip()[:1] == "[" and text.rstrip()[-1:] == "]"):
        raise UnknownFormat(f"{name} is JSON, but it is not a character card.")
