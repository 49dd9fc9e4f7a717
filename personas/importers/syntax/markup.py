"""Reads HTML as text, in a time that grows with its length. Nothing is run, and nothing outside the file is fetched.

The standard library's HTMLParser looks for the end of an unclosed comment again and again, which takes minutes for a
few megabytes. Here each character is passed once.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9:_-]{0,40}")
_ATTRIBUTE = re.compile(
    r"([A-Za-z_:][A-Za-z0-9_:.-]{0,60})\s{0,20}(?:=\s{0,20}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?"
)
_LONGEST_TAG = 20_000  # characters; a longer one (a picture inside the page) loses its attributes
_UNSEEN = frozenset(
    [
        "script",
        "style",
        "head",
        "title",
        "template",
        "noscript",
        "svg",
        "math",
        "object",
        "embed",
        "iframe",
        "select",
        "button",
        "nav",
        "rt",
        "rp",
    ]
)
# Notes, and the numbers of a printed book's pages, as EPUB and web pages mark them.
_NOTES = frozenset(
    f"{prefix}{kind}"
    for prefix in ("", "doc-")
    for kind in ("noteref", "footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes", "pagebreak")
) | {"titlepage", "halftitlepage", "copyright-page", "colophon", "imprint", "toc", "landmarks", "doc-toc"}
_RAW = frozenset(["script", "style", "title", "textarea", "xmp"])  # a "<" inside them is no tag
_RAW_ENDS = {name: re.compile(rf"</{name}", re.IGNORECASE) for name in _RAW}
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt)?\s*(?:;|$)|mso-hide", re.IGNORECASE
)
_BLANK = re.compile(r"[ \t\r\n\f]+")
_MOST_OPEN = 2_000  # elements inside one another; deeper ones are not followed


@dataclass(frozen=True)
class Tag:
    name: str
    is_end: bool
    attributes: dict[str, str]
    is_empty: bool = False  # <title/> has no end


@dataclass(frozen=True)
class Paragraph:
    """`quoted` is true inside a quotation of a mail."""

    text: str
    is_heading: bool = False
    quoted: bool = False


def tokens(text: str) -> Iterator[Tag | str]:
    """The tags and the texts of a page, in order, with the characters of its entities."""
    place, end = 0, len(text)
    while place < end:
        opening = text.find("<", place)
        if opening < 0:
            opening = end
        if opening > place:
            yield html.unescape(text[place:opening])
        if opening == end:
            return
        place = _behind_declaration(text, opening)
        if place != opening:
            continue
        name = _NAME.match(text, opening + 1 + text.startswith("/", opening + 1))
        if name is None:
            yield "<"
            place = opening + 1
            continue
        place = _tag_end(text, name.end())
        is_empty = text.endswith("/>", name.end(), place)
        tag = Tag(name[0].casefold(), text[opening + 1] == "/", _attributes(text[name.end() : place]), is_empty)
        yield tag
        if tag.name in _RAW and not (tag.is_end or tag.is_empty):
            closing = _RAW_ENDS[tag.name].search(text, place)
            yield text[place : closing.start() if closing else end]
            place = closing.start() if closing else end


def _behind_declaration(text: str, opening: int) -> int:
    """The end of a comment, a declaration or an instruction; `opening` where there is none."""
    for begin, close in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!", ">"), ("<?", ">")):
        if text.startswith(begin, opening):
            closing = text.find(close, opening + len(begin))
            return closing + len(close) if closing >= 0 else len(text)
    return opening


def _tag_end(text: str, place: int) -> int:
    """The place behind a tag's ">". One inside a quoted value does not count, as far as the next few tell."""
    start = place
    for _ in range(4):
        closing = text.find(">", place)
        if closing < 0:
            return len(text)
        inner = text[start:closing] if closing - start < _LONGEST_TAG else ""
        if inner.count('"') % 2 == 0 and (inner.count("'") % 2 == 0 or '"' in inner):
            return closing + 1
        place = closing + 1
    return place


def _attributes(text: str) -> dict[str, str]:
    if len(text) > _LONGEST_TAG:
        return {}
    return {
        match[1].casefold(): html.unescape(match[2] or match[3] or match[4] or "")
        for match in _ATTRIBUTE.finditer(text)
    }


def paragraphs(
    text: str, *, unseen: frozenset[str] = frozenset(), others: frozenset[str] = frozenset()
) -> Iterator[Paragraph]:
    """What a reader of the page sees, by paragraphs. `unseen` names further elements that are left out, `others` the
    classes and ids of such."""
    page = _Page(_UNSEEN | unseen, others)
    for token in tokens(text):
        yield from page.take(token)
    yield from page.finished()


@dataclass
class _Page:
    """Tokens in, paragraphs out; remembers what is hidden, quoted or a heading."""

    unseen: frozenset[str]
    others: frozenset[str]
    open: list[tuple[str, bool, bool]] = field(default_factory=list)  # name, is it hidden, is it quoted
    names: Counter[str] = field(default_factory=Counter)  # of the open elements
    parts: list[str] = field(default_factory=list)
    hidden: int = 0
    quoted: int = 0
    verbatim: int = 0
    heading: bool = False

    def take(self, token: Tag | str) -> Iterator[Paragraph]:
        if isinstance(token, str):
            if not self.hidden:
                self.parts.append(token if self.verbatim else _BLANK.sub(" ", token))
            return
        if token.name == "br" and not self.hidden:
            self.parts.append("\n")
        if token.name in _BLOCKS:
            yield from self.finished()
        self._close(token.name) if token.is_end else self._open(token)

    def _open(self, tag: Tag) -> None:
        if tag.name in _HEADINGS:
            self.heading = True
        if tag.name in _VOID or tag.is_empty or len(self.open) >= _MOST_OPEN:
            return
        kinds = f"{tag.attributes.get('epub:type', '')} {tag.attributes.get('role', '')}"[:200].split()
        is_hidden = (
            tag.name in self.unseen
            or not self.others.isdisjoint(
                f"{tag.attributes.get('class', '')} {tag.attributes.get('id', '')}"[:500].split()
            )
            or "hidden" in tag.attributes
            or not _NOTES.isdisjoint(kinds)
            or bool(_HIDDEN.search(tag.attributes.get("style", "")[:2000]))
        )
        is_quoted = tag.name == "blockquote" or "gmail_quote" in tag.attributes.get("class", "")
        self.open.append((tag.name, is_hidden, is_quoted))
        self.names[tag.name] += 1
        self.hidden += is_hidden
        self.quoted += is_quoted
        self.verbatim += tag.name in {"pre", "xmp"}

    def _close(self, name: str) -> None:
        if name in _HEADINGS:
            self.heading = False
        closed = "" if self.names[name] else name
        while closed != name:
            closed, is_hidden, is_quoted = self.open.pop()
            self.names[closed] -= 1
            self.hidden -= is_hidden
            self.quoted -= is_quoted
            self.verbatim -= closed in {"pre", "xmp"}

    def finished(self) -> Iterator[Paragraph]:
        text = "\n".join(line.strip() if not self.verbatim else line for line in "".join(self.parts).split("\n"))
        self.parts = []
        if text.strip():
            yield Paragraph(text.strip(), self.heading, self.quoted > 0)
