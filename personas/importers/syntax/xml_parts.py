"""XML inside documents, read as a stream of elements with bounded memory. Entities and external parts are refused."""

import re
import xml.sax
from collections.abc import Iterator
from typing import BinaryIO, Generic, TypeVar
from xml.sax.handler import ContentHandler

import defusedxml
import defusedxml.sax
from django.utils.translation import gettext

from personas.importers.base import DamagedFile

T = TypeVar("T")
_CHUNK = 1 << 16
# It only names the kind of the document. One with brackets declares entities, and is refused.
_KIND = re.compile(rb"<!DOCTYPE\s[^<>\[\]]{1,300}>")


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
        chunk = _KIND.sub(b"", stream.read(_CHUNK), count=1)
        while chunk:
            parser.feed(chunk)
            yield from collector.ready
            collector.ready.clear()
            chunk = stream.read(_CHUNK)
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
