"""The paragraphs of printed or recognised pages: lines that the page broke are joined again.

Hyphens at line ends are taken back, but for those of compounds. Running heads and page numbers are left out.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from personas.importers.base import Record
from personas.importers.documents import document, hyphens
from personas.importers.documents.document import Block

_EDGES = 2  # lines at the top and at the bottom that may be running heads
_SHORT = 0.8  # of the usual line: a paragraph's last line is mostly shorter
_ENDING = re.compile(r"[.!?…。！？:;”’\"')\]»]\s*$")
_DIGITS = re.compile(r"\d{1,9}")
_NUMBER = re.compile(r"\d+|\b[ivxlc]{1,7}\b")
PAGE_NUMBER = re.compile(
    r"[-–—|\s]{0,4}+(?:(?:page|seite|página|pagina|pagine|strona|sida|side|стр\.|страница|p\.|s\.)\s?)?\d{1,4}"
    r"(?:\s?(?:of|von|de|di|sur|van|z|из|/)\s?\d{1,4})?[-–—|\s]{0,4}|第?\s?\d{1,4}\s?[页頁](?:[\s,，/]{0,3}共\s?\d{1,4}\s?[页頁])?",
    re.IGNORECASE,
)
_HYPHEN = re.compile(r"[^\W\d_][-\u00ad\u2010]$")
_MANY = 0.4  # of the pages: a line that stands at the edge of so many is a running head


def records(pages: list[list[str]]) -> Iterator[Record]:
    """The records of a document whose pages have these lines. Raises DamagedFile where it holds no words."""
    pages = _without_running_heads(pages)
    is_chat = document.is_chat(line for page in pages for line in page)
    yield from document.records(_lines_of(pages) if is_chat else _paragraphs(pages))


def _lines_of(pages: list[list[str]]) -> Iterator[Block]:
    for number, page in enumerate(pages, start=1):
        yield from (Block(line, f"page {number}", is_line=True) for line in page)


def _paragraphs(pages: list[list[str]]) -> Iterator[Block]:
    """The paragraphs of all pages. One that runs on to the next page is joined, and stands where it began."""
    width = _usual_width(pages)
    known: set[str] = set()
    for line in chain.from_iterable(pages):
        hyphens.see_compounds(line, known)
    gathered: list[str] = []
    place = ""
    for number, page in enumerate(pages, start=1):
        for index, line in enumerate(page):
            if gathered and _ends(gathered[-1], line, width, is_page_end=index == 0):
                yield Block(_joined(gathered, known), place)
                gathered = []
            place = place if gathered else f"page {number}"
            gathered.append(line)
    if gathered:
        yield Block(_joined(gathered, known), place)


def _without_running_heads(pages: list[list[str]]) -> list[list[str]]:
    furniture = _running_heads(pages)
    return [_without(page, furniture) for page in pages]


def _running_heads(pages: list[list[str]]) -> set[str]:
    """Lines that stand at the edge of many pages, but for their numbers: titles, names, page numbers.

    "Dear Ana," may stand there, too.
    """
    edges = Counter(key for page in pages for key in {_key(line) for line in page[:_EDGES] + page[-_EDGES:]})
    heads = {key for key, count in edges.items() if count >= 3 and count >= _MANY * len(pages)}
    if len(pages) == 2:
        heads |= _numbered_heads(*pages)
    return {key for key in heads if not (key.endswith((",", "!", "?", "，", "：")) and any(map(str.isalpha, key)))}


def _numbered_heads(first: list[str], second: list[str]) -> set[str]:
    """Of two pages: lines at the same edge that differ only in a number, which is one more on the second page."""
    ends = [(first[:_EDGES], second[:_EDGES]), (first[-_EDGES:], second[-_EDGES:])]
    pairs = ((one, other) for ones, others in ends for one in ones for other in others if _key(one) == _key(other))
    return {_key(one) for one, other in pairs if _is_next(_DIGITS.findall(one), _DIGITS.findall(other))}


def _is_next(numbers: list[str], following: list[str]) -> bool:
    steps = [int(other) - int(one) for one, other in zip(numbers, following, strict=False)]
    return sorted(steps) == [*[0] * (len(steps) - 1), 1]


def _key(line: str) -> str:
    return _NUMBER.sub("#", line.strip().casefold())


def _without(page: list[str], furniture: set[str]) -> list[str]:
    last = len(page) - _EDGES
    return [
        line
        for index, line in enumerate(page)
        if not ((index < _EDGES or index >= last) and (_key(line) in furniture or PAGE_NUMBER.fullmatch(line.strip())))
    ]


def _usual_width(pages: list[list[str]]) -> int:
    """The length of a full line: nine of ten are not longer."""
    lengths = sorted(len(line) for page in pages for line in page)
    return lengths[len(lengths) * 9 // 10] if lengths else 0


def _ends(line: str, following: str, width: int, *, is_page_end: bool) -> bool:
    """Whether a paragraph ends with a line: it is short and closes a sentence, or the next one is set in."""
    if (following[:1] in "•–—-*" and following[1:2] == " ") or (is_page_end and _ENDING.search(line)):
        return True
    is_short = len(line) < _SHORT * width
    if is_short and _ENDING.search(line):
        return True
    is_set_in = following.startswith(("  ", "\t", "\u3000")) and not line.startswith(("  ", "\t", "\u3000"))
    if is_set_in and _ENDING.search(line):
        return True
    # A heading or the line of an address: short, and the next begins with a capital.
    return len(line) < 0.5 * width and not following[:1].islower() and not _HYPHEN.search(line)


def _joined(lines: list[str], known: set[str]) -> str:
    text = lines[0].strip()
    language = hyphens.language_of(" ".join(lines))
    for line in (line.strip() for line in lines[1:]):
        if hyphens.is_hyphenated(text, line):
            text = hyphens.joined(text, line, known=known, language=language)
        elif _is_wide(text[-1:]) and _is_wide(line[:1]):
            text += line
        else:
            text += f" {line}"
    return text


def _is_wide(character: str) -> bool:
    return "\u2e80" <= character <= "\uffef"
