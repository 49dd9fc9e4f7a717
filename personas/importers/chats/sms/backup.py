"""SMS Backup & Restore: an XML file with all text messages of a phone.

Pictures inside make it large, so they are dropped while it is read.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse
from django.utils.translation import gettext

from personas.importers.base import DamagedFile, FileTooLarge, Record, Remark, Skipped
from personas.importers.chats.sms import threads
from personas.importers.chats.sms.source import Source
from personas.importers.chats.sms.threads import Message
from personas.importers.encodings import decoding
from personas.importers.syntax import export_values

_START = re.compile(
    r"\A\s*+(?:<\?xml[^>]{0,200}>\s*+)?(?:<!--[^>]{0,400}-->\s*+|<\?[^>]{0,200}>\s*+)*+<(smses|calls)\b"
)
_RECEIVED, _SENT = "1", "2"
_OUTGOING = frozenset({_SENT, "4", "5", "6"})  # also waiting, failed and queued
_DRAFT = "3"
_FROM = "137"
_OWN_NUMBER = "insert-address-token"
MOST = 1_000_000  # messages that are held at once


class SMS:
    name = "sms"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.98 if _START.match(decoding.decode_head(head[:8192])) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        messages: list[Message] = []
        for number, element in enumerate(_elements(Source(stream, encoding)), start=1):
            message = _mms(element, number) if element.tag == "mms" else _sms(element, number)
            if isinstance(message, Skipped):
                yield message
                continue
            messages.append(message)
            if len(messages) > MOST:
                raise FileTooLarge(
                    gettext("This file holds more than %(most)s messages, which is the limit. Split it.")
                    % {"most": f"{MOST:,}"}
                )
        yield from threads.utterances(messages)


def _elements(source: Source) -> Iterator[Element]:
    """The messages, each whole and forgotten afterwards."""
    parser = DefusedXMLParser(encoding="utf-8", forbid_dtd=True)
    root: Element | None = None
    try:
        for event, element in iterparse(source, events=("start", "end"), parser=parser):
            root = element if root is None else root
            if event == "end" and element.tag in {"sms", "mms", "call"}:
                yield element
                root.clear()
    except DefusedXmlException as error:
        raise DamagedFile(
            gettext("This SMS backup defines entities or names a document type, which no backup does. It is not read.")
        ) from error
    except ParseError as error:
        raise DamagedFile(
            gettext("This SMS backup is cut off or damaged: its XML ends early or holds an error.")
        ) from error


def _value(element: Element, name: str) -> str:
    """An attribute; the app writes "null" where there is none."""
    value = element.get(name, "")
    return "" if value == "null" else value


def _sms(element: Element, number: int) -> Message | Skipped:
    source_ref = f"message {number}"
    if element.tag == "call":
        return Skipped("call", source_ref)
    kind = _value(element, "type")
    if kind == _DRAFT:
        return Skipped("draft", source_ref)
    text = export_values.words(_value(element, "body"))
    return _message(element, text, source_ref, is_own=kind in _OUTGOING, sender=_value(element, "address"))


def _mms(element: Element, number: int) -> Message | Skipped:
    source_ref = f"message {number}"
    box = _value(element, "msg_box")
    if box == _DRAFT:
        return Skipped("draft", source_ref)
    parts = [part for part in element.iter("part") if _value(part, "ct") != "application/smil"]
    texts = [export_values.words(_value(part, "text")) for part in parts if _value(part, "ct").startswith("text/plain")]
    text = "\n".join(filter(None, texts)) or export_values.words(_value(element, "body"))
    if not text:
        return Skipped("media" if parts else "empty", source_ref)
    senders = [_value(one, "address") for one in element.iter("addr") if _value(one, "type") == _FROM]
    sender = next(filter(None, senders), _value(element, "address"))
    is_own = box in _OUTGOING or sender == _OWN_NUMBER
    return _message(element, text, source_ref, is_own=is_own, sender=sender)


def _message(element: Element, text: str, source_ref: str, *, is_own: bool, sender: str) -> Message | Skipped:
    if not text:
        return Skipped("empty", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    return Message(
        thread=export_values.name(_value(element, "address")),
        names=export_values.name(_value(element, "contact_name")),
        sender="" if is_own else export_values.name(sender),
        text=text,
        sent_at=export_values.milliseconds(_value(element, "date")),
        source_ref=source_ref,
    )
