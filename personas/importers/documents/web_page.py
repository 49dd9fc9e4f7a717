"""Web pages and documents in HTML: what a reader sees. Scripts, hidden parts, menus and buttons are left out."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from personas.importers.base import Record, Remark
from personas.importers.documents import document
from personas.importers.documents.document import Block
from personas.importers.encodings import charsets, decoding
from personas.importers.syntax import markup

_PAGE = re.compile(
    r"\A\s*+(?:<\?xml[^>]{0,200}>\s*+)?(?:<!--.{0,2000}?-->\s*+)?"
    r"<(?:!doctype\s{1,9}html|html\b|head\b|body\b|(?:p|div|h[1-6]|article|section|main|table|[uo]l|blockquote|meta|title)"
    r"(?:\s[^<>]{0,500})?>)",
    re.IGNORECASE | re.DOTALL,
)
_CHARSET = re.compile(
    rb"<(?:meta[^>]{0,200}?charset|\?xml[^>]{0,100}?encoding)\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_:.-]{2,40})",
    re.IGNORECASE,
)
_LONGEST_PAGE = 60 * 1024**2  # characters
_UNSEEN = frozenset({"header", "footer", "aside", "form"})
# Of blogs: what readers wrote under a post, and what stands around it.
_OTHERS = frozenset(
    {
        "comments", "comments-area", "comment-list", "commentlist", "respond", "comment-respond", "disqus_thread",
        "sidebar", "secondary", "widget-area", "sharedaddy", "jp-relatedposts", "related-posts", "screen-reader-text",
        "skip-link", "post-navigation", "breadcrumbs", "breadcrumb", "blog-pager", "cookie-notice", "cookie-banner",
        "mw-editsection", "navbox", "reflist", "catlinks", "MsoFootnoteText", "MsoEndnoteText", "MsoCommentText",
    }
)  # fmt: skip


class WebPage:
    name = "html"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.9 if _PAGE.match(decoding.decode_head(head[:8192])) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        text, remark = decoded(stream)
        if remark:
            yield Remark(remark)
        yield from document.records(blocks(text, "paragraph"))


def blocks(text: str, place: str, *, unseen: frozenset[str] = _UNSEEN) -> Iterator[Block]:
    """The paragraphs of a page as blocks at "place 1", "place 2", …"""
    for number, paragraph in enumerate(markup.paragraphs(text, unseen=unseen, others=_OTHERS), start=1):
        yield Block(paragraph.text, f"{place} {number}", paragraph.is_heading)


def decoded(stream: BinaryIO) -> tuple[str, str]:
    """The page as text: by its mark, by the charset that it names, or by guess. And the remark if it was a guess."""
    stream.seek(0)
    head = stream.read(4096)
    encoding = decoding.detect(stream)
    named = _CHARSET.search(head)
    if encoding.is_guessed and named and (charset := charsets.codec(named[1].decode("ascii"))):
        encoding = decoding.Encoding(charset)
    stream.seek(0)
    text = stream.read(_LONGEST_PAGE).decode(encoding.name, "replace")
    return text.removeprefix("\ufeff"), decoding.remark(encoding) if encoding.is_guessed else ""
