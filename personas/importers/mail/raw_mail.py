"""One mail as bytes: its headers, its sender, its moment and its text, whatever charset it claims.

The parser of the standard library is used with its old policy. The new one raises RecursionError for a header of a few
hundred brackets, which would lose the mail. So headers are cut and decoded here.
"""

# ruff: noqa: E501 - tables of words, several languages to a line

import email
import email.utils
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

from personas.importers.encodings import charsets, decoding
from personas.importers.mail import own_text
from personas.importers.syntax import markup

_LONGEST_HEADER = 2_000  # characters that are looked at
_LONGEST_NAME = 100
_MOST_PARTS = 200
_EXPUNGED = 0x8  # Thunderbird keeps deleted mails in the file until it tidies up
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_SPAM = frozenset(["spam", "junk", "correo no deseado", "no deseado", "lixo eletrônico", "posta indesiderata", "courrier indésirable", "ongewenste e-mail", "спам", "垃圾邮件", "垃圾郵件", "迷惑メール", "스팸함", "스팸", "istenmeyen posta"])  # fmt: skip
_DRAFTS = frozenset(["drafts", "draft", "entwürfe", "entwurf", "borradores", "borrador", "rascunhos", "rascunho", "brouillons", "brouillon", "bozze", "bozza", "concepten", "utkast", "kladder", "kladde", "luonnokset", "wersje robocze", "koncepty", "черновики", "чернетки", "taslaklar", "草稿", "下書き", "임시보관함", "المسودات", "טיוטות"])  # fmt: skip


@dataclass(frozen=True)
class Sender:
    """`address` is the key; names change."""

    address: str
    name: str


@dataclass(frozen=True)
class Headers:
    sender: Sender
    sent_at: datetime | None
    message_id: str
    parent: str  # the id of the mail that began the talk, or that this one answers
    thread: str  # the mailbox's own number of the talk
    skip: str  # why the mail is not read: spam, draft, automatic; or ""


def headers(raw: bytes) -> Headers:
    return _headers(BytesHeaderParser(policy=compat32).parsebytes(raw))


def _headers(message: Message) -> Headers:
    fields = _fields(message)
    references = _MESSAGE_ID.findall(fields.get("references", "")) or _MESSAGE_ID.findall(fields.get("in-reply-to", ""))
    ids = _MESSAGE_ID.findall(fields.get("message-id", ""))
    return Headers(
        sender=_sender(fields.get("from", "") or fields.get("sender", "")),
        sent_at=_moment(fields.get("date", "")),
        message_id=ids[0] if ids else "",
        parent=references[0] if references else "",
        thread=fields.get("x-gm-thrid", "").strip(),
        skip=_why_skipped(fields),
    )


def _fields(message: Message) -> dict[str, str]:
    """The first header of each name, cut, as characters. Bytes that are no ASCII are decoded as UTF-8 or GB 18030."""
    fields: dict[str, str] = {}
    for name, value in message.raw_items():
        text = str(value)[:_LONGEST_HEADER]
        if not text.isascii():
            text = charsets.decoded(text.encode("ascii", "surrogateescape"), "utf-8")
        fields.setdefault(name.casefold(), " ".join(text.split()))
    return fields


def _sender(text: str) -> Sender:
    """The sender's address in small letters, and the name beside it."""
    opening = text.rfind("<")
    closing = text.find(">", opening)
    if 0 <= opening < closing:
        name, address = text[:opening], text[opening + 1 : closing]
    else:
        name, _, rest = text.partition("(")
        name, address = rest.rpartition(")")[0], name
    name = " ".join(_unworded(name).strip().strip("\"'").replace('\\"', '"').split())
    address = address.strip().strip("\"'").casefold()
    return Sender(address[:_LONGEST_NAME], decoding.clean(name or address)[:_LONGEST_NAME].strip())


def _unworded(text: str) -> str:
    """A header with its encoded words (=?utf-8?b?…?=) as characters."""
    if "=?" not in text:
        return text
    try:
        return "".join(
            piece if isinstance(piece, str) else charsets.decoded(piece, charset or "utf-8")
            for piece, charset in decode_header(text)
        )
    except (ValueError, email.errors.MessageError):  # broken base64 within a word
        return text


def _moment(text: str) -> datetime | None:
    """The moment with the zone of its writer. Without a zone, the clock's time is kept as UTC."""
    try:
        moment = email.utils.parsedate_to_datetime(text[:200])
        moment.astimezone(UTC)  # years outside the calendar fail here
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _why_skipped(fields: dict[str, str]) -> str:
    labels = {label.strip().strip('"').casefold() for label in _unworded(fields.get("x-gmail-labels", "")).split(",")}
    is_spam = fields.get("x-spam-flag", "").casefold() == "yes" or fields.get(
        "x-spam-status", ""
    ).casefold().startswith("yes")
    if labels & _SPAM or is_spam:
        return "spam"
    status = fields.get("x-mozilla-status", "").strip()[:8]
    if re.fullmatch(r"[0-9A-Fa-f]{1,8}", status) and int(status, 16) & _EXPUNGED:
        return "deleted"
    if labels & _DRAFTS or "x-mozilla-draft-info" in fields:
        return "draft"
    return "automatic" if fields.get("auto-submitted", "no").casefold() not in {"no", ""} else ""


def text_of(raw: bytes) -> str:
    """The whole text of a mail: its plain part, or else its HTML as text. Raises RecursionError for a nested bomb."""
    return _text_of(email.message_from_bytes(raw, policy=compat32), [_MOST_PARTS])


def _text_of(part: Message, left: list[int]) -> str:
    """The text of a part and of those inside it. `left` counts down the parts that may still be looked at."""
    left[0] -= 1
    if left[0] < 0 or part.get_content_disposition() == "attachment" or part.get_content_maintype() == "message":
        return ""
    if not part.is_multipart():
        return _leaf(part)
    inner = [child for child in part.get_payload() if isinstance(child, Message)]
    if part.get_content_subtype() == "alternative":
        plain = [child for child in inner if child.get_content_type() == "text/plain"]
        texts = (_text_of(child, left) for child in [*plain, *(child for child in inner if child not in plain)])
        return next(filter(str.strip, texts), "")
    return "\n".join(filter(str.strip, (_text_of(child, left) for child in inner)))


def _leaf(part: Message) -> str:
    kind = part.get_content_type()
    if kind not in {"text/plain", "text/html"} or part.get_filename():
        return ""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    text = decoding.clean(charsets.decoded(payload, str(part.get_content_charset() or "utf-8")))
    if kind == "text/plain":
        if str(part.get_param("format", "")).casefold() != "flowed":
            return text
        return _unflowed(text, drops_blank=str(part.get_param("delsp", "")).casefold() == "yes")
    return "\n".join(
        f"> {paragraph.text}" if paragraph.quoted else f"{paragraph.text}\n"
        for paragraph in markup.paragraphs(text[: 4 * own_text.LONGEST_TEXT])
    )


def _unflowed(text: str, *, drops_blank: bool) -> str:
    """Lines that the mail program broke (they end in a blank) as one again. Apple's adds that blank (RFC 3676)."""
    lines: list[str] = []
    for line in text.splitlines():
        line = line.removeprefix(" ")
        joins = bool(lines) and lines[-1].endswith(" ") and lines[-1] != "-- "
        if joins and line != "-- " and lines[-1].startswith(">") == line.startswith(">"):
            lines[-1] = lines[-1][: -1 if drops_blank else None]
            lines[-1] += line.lstrip("> ") if line.startswith(">") else line
        else:
            lines.append(line)
    return "\n".join(lines)
