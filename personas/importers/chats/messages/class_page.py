"""Messages of a page that an app's export wrote as HTML: what each is, by the classes of its elements."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from personas.importers.base import Remark
from personas.importers.encodings import decoding
from personas.importers.syntax import markup
from personas.importers.syntax.markup import Tag

IGNORED = ""  # the field of elements whose words are nobody's here: a quoted message, a preview of a link
_BLANK = re.compile(r"[ \t\r\n\f]+")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"}
)
_BLOCKS = frozenset({"div", "p", "pre", "blockquote", "li", "ul", "ol"})
_RAW = frozenset({"script", "style", "title", "head"})
_MOST_OPEN = 500  # elements inside one another; deeper ones are not followed
_MOST_MARKS = 100


@dataclass
class Block:
    """One message. `marks` are the classes inside it, `attributes` those of each field's first element."""

    tag: Tag
    marks: set[str] = field(default_factory=set)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        lines = "".join(self.parts.get(name, ())).split("\n")
        return "\n".join(line.strip(" ") for line in lines).strip()

    def attribute(self, name: str, key: str) -> str:
        return self.attributes.get(name, {}).get(key, "")


def beginning(head: bytes) -> str:
    """The beginning of a file as text if it is markup; else ""."""
    text = decoding.decode_head(head)
    return text if text.lstrip().startswith("<") else ""


def read(stream: BinaryIO) -> tuple[str, list[Remark]]:
    """A page as text, and the remark if its encoding had to be guessed."""
    encoding = decoding.detect(stream)
    text = stream.read().decode(encoding.name, "replace").removeprefix("\ufeff")
    return text, [Remark(decoding.remark(encoding))] if encoding.is_guessed else []


def classes(tag: Tag) -> list[str]:
    return tag.attributes.get("class", "")[:500].split()


def blocks(
    text: str, *, begins: frozenset[str], fields: Mapping[str, str], repeated: frozenset[str] = frozenset()
) -> Iterator[Block]:
    """The messages of a page in order. One begins at an element with a class of `begins`, and ends at the next.

    `fields` maps classes to the field that the words inside belong to; `<p>` stands for an element without a class.
    Only the first element of a field counts, but all of a `repeated` one, and nothing inside an IGNORED one.
    """
    block: Block | None = None
    reader = _Fields(fields, repeated)
    for token in markup.tokens(text):
        if isinstance(token, Tag) and not token.is_end and begins.intersection(classes(token)):
            if block is not None:
                yield block
            block = Block(token)
            reader = _Fields(fields, repeated)
        elif block is not None:
            reader.take(token, block)
    if block is not None:
        yield block


class _Fields:
    """Puts the words of one message into its fields; remembers which elements are open."""

    def __init__(self, fields: Mapping[str, str], repeated: frozenset[str]) -> None:
        self._fields = fields
        self._repeated = repeated
        self._open: list[tuple[str, str | None]] = []  # name, and the field of the words in it

    def take(self, token: Tag | str, block: Block) -> None:
        now = self._open[-1][1] if self._open else None
        if isinstance(token, str):
            self._add(block, now, token if self._is_verbatim() else _BLANK.sub(" ", token))
        elif token.is_end:
            self._close(token.name)
        else:
            if token.name == "br" or token.name in _BLOCKS:
                self._add(block, now, "\n")
            self._begin(token, now, block)

    def _add(self, block: Block, name: str | None, words: str) -> None:
        if name:
            block.parts[name].append(words)

    def _is_verbatim(self) -> bool:
        return any(name == "pre" for name, _ in self._open[-3:])

    def _begin(self, tag: Tag, now: str | None, block: Block) -> None:
        own = classes(tag)
        if len(block.marks) < _MOST_MARKS:
            block.marks.update(own)
        if tag.name in _VOID or tag.is_empty or len(self._open) >= _MOST_OPEN:
            return
        if tag.name in _RAW:
            now = IGNORED
        elif now != IGNORED:
            named = next((self._fields[one] for one in (*own, f"<{tag.name}>") if one in self._fields), None)
            if named and named in block.parts and named != now:
                if named in self._repeated:
                    block.parts[named].append("\n")
                else:
                    named = IGNORED
            if named:
                block.attributes.setdefault(named, tag.attributes)
                block.parts.setdefault(named, [])
            now = now if named is None else named
        self._open.append((tag.name, now))

    def _close(self, name: str) -> None:
        for place in range(len(self._open) - 1, max(-1, len(self._open) - 20), -1):
            if self._open[place][0] == name:
                del self._open[place:]
                return
