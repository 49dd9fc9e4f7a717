"""Lists the importers, and chooses one for a file by its content."""

import io
import re
from functools import cache
from typing import BinaryIO

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext, gettext_noop

from personas.importers.archives import zips
from personas.importers.base import FileTooLarge, Importer, UnknownFormat
from personas.importers.cards import character_card
from personas.importers.chats.any_app import chat_log, table_columns
from personas.importers.encodings import decoding
from personas.importers.media import media_kinds

IMPORTERS = {
    "whatsapp": "personas.importers.chats.whatsapp.export.WhatsApp",
    "character-card": "personas.importers.cards.character_card.CharacterCard",
    "chat-log": "personas.importers.chats.any_app.chat_log.ChatLog",
    "transcript": "personas.importers.chats.any_app.transcript.Transcript",
    "plain-text": "personas.importers.documents.plain_text.PlainText",
    "line": "personas.importers.chats.line.Line",
    "kakaotalk": "personas.importers.chats.kakao.KakaoTalk",
    "qq": "personas.importers.chats.qq.QQ",
    "signal": "personas.importers.chats.signal.export.SignalExport",
    "imessage": "personas.importers.chats.imessage.export.IMessage",
    "chat-table": "personas.importers.chats.any_app.chat_table.ChatTable",
    "chat-json": "personas.importers.chats.any_app.chat_json.ChatJSON",
    "chat-page": "personas.importers.chats.any_app.chat_page.ChatPage",
    "tiktok": "personas.importers.chats.tiktok.TikTok",
    "posts": "personas.importers.posts.json_posts.Posts",
    "tumblr": "personas.importers.posts.tumblr.Tumblr",
    "kindle": "personas.importers.posts.kindle.Kindle",
    "blog": "personas.importers.posts.blogs.BlogExport",
    "mail": "personas.importers.mail.mailbox.Mail",
    "docx": "personas.importers.documents.word.Word",
    "odt": "personas.importers.documents.open_document.OpenDocument",
    "epub": "personas.importers.documents.epub.Epub",
    "pdf": "personas.importers.documents.pdf.Pdf",
    "rtf": "personas.importers.documents.rtf.Rtf",
    "html": "personas.importers.documents.web_page.WebPage",
    "latex": "personas.importers.documents.latex.Latex",
    "subtitles": "personas.importers.documents.subtitles.Subtitles",
    "zip": "personas.importers.archive.Archive",
    "telegram": "personas.importers.chats.telegram.export.Telegram",
    "messenger": "personas.importers.chats.messenger.export.Messenger",
    "x-archive": "personas.importers.posts.x.archive.XArchive",
    "discord": "personas.importers.chats.discord.export.Discord",
    "sms": "personas.importers.chats.sms.backup.SMS",
    "google-chat": "personas.importers.chats.google_chat.GoogleChat",
    "linkedin": "personas.importers.chats.linkedin.LinkedIn",
    "chatgpt": "personas.importers.chats.chatgpt.ChatGPT",
    "silly-tavern": "personas.importers.chats.silly_tavern.SillyTavern",
    "slack": "personas.importers.chats.slack.Slack",
    "scan": "personas.importers.documents.scan.Scan",
    "recording": "personas.importers.media.recording.Recording",
    "afterword": "personas.importers.cards.afterword.Afterword",
    "afterword-words": "personas.importers.cards.afterword.AfterwordWords",
}
# Their words may also stand in a document (`document`).
_CHATS = ("whatsapp", "line", "kakaotalk", "qq", "signal", "imessage", "chat-log", "transcript")
_UNSURE = 0.05

_AS_TEXT = "Save it as plain text (.txt) and upload that."
_MAGIC = [
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        gettext_noop(
            "an old Word, Excel or Outlook document, or one that is protected by a password. Open it, save it "
            "without a "
            "password as .docx or as plain text (.txt), and upload that."
        ),
    ),
    (b"!BDN", gettext_noop("a mailbox of Outlook (.pst). Export the mails as .eml or as mbox, and upload those.")),
    (
        b"bplist00",
        gettext_noop("a web archive or a list of an Apple app. Copy its words into a text file and upload that."),
    ),
    (b"SQLite format 3", gettext_noop("a database. Export the chat as text from the app itself.")),
    (b"\x1f\x8b", gettext_noop("a gzip archive. Unpack it and upload the files inside.")),
    (b"Rar!", gettext_noop("a RAR archive. Unpack it and upload the files inside.")),
    (b"7z\xbc\xaf\x27\x1c", gettext_noop("a 7z archive. Unpack it and upload the files inside.")),
]
# Not the text of one author: exports of other apps contain other people's words.
_OTHER_CHATS = [
    (
        re.compile(
            r"\A(?:From|Von|De|Da|От): .*\n(?:(?:To|Date|Sent|Subject|An|Datum|Gesendet|Betreff|Objet|À)\s?: .*\n)+"
        ),
        gettext_noop("a list of mails"),
    ),
    (
        re.compile(r"\A(?:char_)?name: [^\n]{1,200}\n(?:greeting|context|char_persona|char_greeting|user|bot): "),
        gettext_noop("a character in YAML"),
    ),
    (re.compile(r"\A\s*+[\[{].*?\"(?:messages|chats)\"\s*:", re.DOTALL), gettext_noop("a chat export in JSON")),
]
_OTHER_FILES = [
    (
        re.compile(r"\A\s*+(?:<\?xml\b|<!DOCTYPE (?!html)|<[A-Za-z][\w:.-]{0,60}\s[^<>]{0,500}\bxmlns)", re.IGNORECASE),
        gettext_noop("%(name)s is XML of another program. Save its words as plain text (.txt) there, and upload that."),
    ),
    (
        re.compile(r"\ABEGIN:V(?:CARD|CALENDAR)\b"),
        gettext_noop("%(name)s holds contacts or dates, and no words of a person. Upload letters, messages or posts."),
    ),
]

_WEB_ARCHIVE = re.compile(rb"From: <Saved? by ", re.IGNORECASE)


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
    # A card's text may stand anywhere in its picture.
    if best == "character-card" and media_kinds.is_picture(head) and not character_card.is_in_picture(stream):
        best = "scan"
    if best == "zip" and character_card.is_in_archive(stream):  # its list of files stands at its end
        best = "character-card"
        scores[best] = scores["zip"]
    if best in {"plain-text", "transcript", "chat-log"} or scores[best] < _UNSURE:
        _refuse_other_chats(decoding.decode_head(head), name, best)
        _refuse_table(head, name, best)
    if scores[best] < _UNSURE:
        raise UnknownFormat(
            gettext("%(name)s cannot be read: it is neither text, nor a document, nor a chat, nor a character card.")
            % {"name": name}
        )
    return get(best)


def may_hold_recording(head: bytes) -> bool:
    return media_kinds.is_recording(head) or head.startswith(zips.MAGIC)


def choose_text(stream: BinaryIO) -> Importer:
    """The reader for the text of a document: of a chat or a talk where its lines are one, else of one author.

    Raises UnknownFormat for a chat that cannot be read. Leaves the stream at its start.
    """
    stream.seek(0)
    head = stream.read(decoding.HEAD_BYTES)
    stream.seek(0)
    scores = {key: get(key).sniff(head, "") for key in _CHATS}
    best = max(scores, key=lambda key: scores[key])
    best = best if scores[best] > get("plain-text").sniff(head, "") else "plain-text"
    _refuse_other_chats(decoding.decode_head(head), "This document", best)
    return get(best)


def check_size(stream: BinaryIO, name: str) -> None:
    """Raises UnknownFormat for an empty file, FileTooLarge above the limit. Leaves the stream at its start."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    check_bytes(size, name)


def check_bytes(size: int, name: str) -> None:
    """As `check_size`, for a file that has not arrived yet."""
    if not size:
        raise UnknownFormat(gettext("%(name)s is empty.") % {"name": name})
    if size > settings.UPLOAD_BYTES:
        raise FileTooLarge(
            gettext("%(name)s has %(size)s MB; the limit is %(upload_bytes)s MB. Split it, or raise AFTERWORD_UPLOAD.")
            % {"name": name, "size": f"{size / 1024**2:.1f}", "upload_bytes": f"{settings.UPLOAD_BYTES / 1024**2:.0f}"}
        )


def _refuse_known(head: bytes, name: str) -> None:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            raise UnknownFormat(gettext("%(name)s is %(kind)s") % {"name": name, "kind": gettext(kind)})
    if head[4:8] == b"ftyp" and not media_kinds.is_recording(head):
        raise UnknownFormat(
            gettext("%(name)s is a picture as iPhones store it (HEIC). Save it as JPEG, and upload that.")
            % {"name": name}
        )
    if _WEB_ARCHIVE.match(head):
        raise UnknownFormat(
            gettext(
                "%(name)s is a web archive (.mht). In QQ, export the messages as text (.txt). In a browser, save "
                "the page as HTML."
            )
            % {"name": name}
        )
    if head.count(0) > len(head) // 10 and name.casefold().endswith(".bak"):
        raise UnknownFormat(
            gettext("%(name)s is a backup that only its own app can read. In the app, export the chat as text.")
            % {"name": name}
        )


def _refuse_table(head: bytes, name: str, best: str) -> None:
    if best == "plain-text" and (name.casefold().endswith((".csv", ".tsv")) or table_columns.is_table(head)):
        raise UnknownFormat(
            gettext(
                "%(name)s is a table, and its columns do not say who wrote which words. Call the columns Date, Name "
                "and Message in its first row, and upload it again."
            )
            % {"name": name}
        )


def _refuse_other_chats(text: str, name: str, best: str) -> None:
    if not text.strip():
        raise UnknownFormat(
            gettext("%(name)s holds no words that can be read. Upload text, a WhatsApp export or a character card.")
            % {"name": name}
        )
    for pattern, sentence in _OTHER_FILES:
        if pattern.match(text):
            raise UnknownFormat(gettext(sentence) % {"name": name})
    for pattern, kind in _OTHER_CHATS:
        if pattern.match(text):
            raise UnknownFormat(
                gettext(
                    "%(name)s looks like %(kind)s, which cannot be read yet. Turn it into lines of the form “Name: "
                    "words” in a text file, and upload that."
                )
                % {"name": name, "kind": gettext(kind)}
            )
    if best == "plain-text" and chat_log.looks_like_chat(text):
        raise UnknownFormat(
            gettext(
                "%(name)s looks like a chat copied from a window or written by another app, in a layout that "
                "cannot be read. Export the chat from the app itself (in WhatsApp: Export chat, Without media), "
                "or turn it into lines of the form “Name: words”."
            )
            % {"name": name}
        )
    if text.lstrip().startswith(("{", "[{")) or (text.lstrip()[:1] == "[" and text.rstrip()[-1:] == "]"):
        raise UnknownFormat(
            gettext(
                "%(name)s is JSON, but it is neither a character card nor an export that is known. Export the words "
                "as text, or save them as plain text (.txt), and upload that."
            )
            % {"name": name}
        )
