"""XML inside documents, read as a stream of elements with bounded memory. Entities and external parts are refused."""

import re
import xml.sax
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, Generic, TypeVar
from xml.sax.handler import ContentHandler

import defusedxml
import defusedxml.sax
from django.utils.translation import gettext

from personas.importers.base import DamagedFile

T = TypeVar("T")
CHUNK = 1 << 16
# It only names the kind of the document. One with brackets declares entities, and is refused.
_KIND = re.compile(rb"<!DOCTYPE\s[^<>\[\]]{1,300}>")
# Control characters, also written as references, which XML 1.0 forbids and exports of blogs hold all the same.
_FORBIDDEN = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#0{0,6}(?:[0-8]|1[124-9]|2\d|3[01]);"
    rb"|&#[xX]0{0,6}(?:1[0-9A-Fa-f]|[0-8bcefBCEF]);"
)
_OPEN_END = re.compile(rb"&[#xX0-9A-Fa-f]{0,11}\Z")  # a reference that may go on in the next chunk


class Collector(ContentHandler, Generic[T]):
    """A handler that puts what it has read into `ready`. Names of elements come without their prefix."""

    def __init__(self) -> None:
        super().__init__()
        self.ready: list[T] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def startElement(self, name: str, attrs: xml.sax.xmlreader.AttributesImpl) -> None:
        self.begin(_local(name), {_local(key): value for key, value in attrs.items()})

    def endElement(self, name: str) -> None:
        self.end(_local(name))


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def read(stream: BinaryIO, collector: Collector[T]) -> Iterator[T]:
    """Yields what the collector reads, while it reads. Raises DamagedFile."""
    parser = defusedxml.sax.make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(collector)
    try:
        for chunk in _chunks(stream):
            parser.feed(chunk)
            yield from collector.ready
            collector.ready.clear()
        parser.close()
    except (xml.sax.SAXException, defusedxml.DefusedXmlException, ValueError, LookupError) as error:
        raise DamagedFile(
            gettext(
                "The inside of this document is damaged, or holds parts that are not allowed. Save it again, or save "
                "it as "
                "plain text (.txt)."
            )
        ) from error
    yield from collector.ready
    collector.ready.clear()


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file, without the kind of the document and without what XML forbids."""
    chunk = _KIND.sub(b"", stream.read(CHUNK), count=1)
    if chunk.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")):  # UTF-16
        yield chunk
        yield from iter(partial(stream.read, CHUNK), b"")
        return
    while chunk:
        following = stream.read(CHUNK)
        cut = _OPEN_END.search(chunk, max(0, len(chunk) - 12)) if following else None
        end = cut.start() if cut else len(chunk)
        yield _FORBIDDEN.sub(b"", chunk[:end])
        chunk = chunk[end:] + following
