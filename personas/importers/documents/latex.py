"""Documents in LaTeX (.tex). The words of the text are kept as they are printed, and a heading is one.

What is left out: the preamble, comments, notes, formulas on lines of their own, figures, code, lists of books, and the
arguments that name files, labels, lengths and colours. Macros of the writer's own are not expanded; their words stay.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext

from personas.importers.base import FileTooLarge, Record, Remark
from personas.importers.documents import document
from personas.importers.documents.document import Block
from personas.importers.encodings import decoding

# Above it stand only comments and commands: a chat may quote it.
_BEGINS = re.compile(
    r"\A(?:[ \t\r]*+(?:[%\\][^\n]*+)?\n)*?[ \t]*+\\(?:documentclass|documentstyle|begin\{(?:document|letter)\})"
)
_TOKEN = re.compile(
    r"\\(?P<edge>begin|end)[ \t]{0,9}\{(?P<frame>[^{}\n]{1,60})\}"
    r"|\\(?:verb\*?|lstinline(?:\[[^\[\]\n]{0,300}+\])?|mintinline(?:\[[^\[\]\n]{0,300}+\])?\{[^{}\n]{1,60}\})"
    r"(?:\{(?P<braced_code>[^{}\n]{0,300}+)\}|(?P<delimiter>[^A-Za-z\s*{\\])(?P<code>[^\n]{0,300}?)(?P=delimiter))"
    r"|(?P<address>\\(?:url|href|path|nolinkurl)\*?[ \t]*+\{[^{}\n]*+\})"
    r"|\\(?P<word>[A-Za-z@]{1,60})\*?[ \t]*+(?:\n(?![ \t]*+\n))?"
    r"|\\(?P<symbol>.)"
    r"|(?P<comment>%[^\n]*+(?:\n[ \t]*+(?!\n))?)"
    r"|(?P<paragraph>\n[ \t]*+\n\s*+)"
    r"|(?P<dollars>\$++)"
    r"|(?P<mark>[{}\[\]~&]|---|--|``|''|`|\?`|!`)"
    r"|(?P<text>[^\\%\n${}\[\]~&`'?!-]++|.)",
    re.DOTALL,
)
# What stands in brackets right behind a command. It ends in its own paragraph, outside of formulas and frames.
_OPTIONS = re.compile(r"(?:\[(?:[^\[\]$\n\\]|\n(?![ \t]*+\n)|\\(?!begin|end)){0,300}+\])*+")
# In German documents, "a is an umlaut.
_GERMAN = re.compile(r"\\usepackage(?:\[[^\[\]\n]{0,200}german[^\[\]\n]{0,100}\]\{babel\}|\{n?german\})")
_SHORTHAND = re.compile(r"(?<!\\)\"([aouAOUsz`'=~|\"-])")
_SHORTHANDS = {
    "a": "ä", "o": "ö", "u": "ü", "A": "Ä", "O": "Ö", "U": "Ü", "s": "ß", "z": "ß", "`": "„", "'": "“", "=": "-",
    "~": "-",
}  # fmt: skip
_LONGEST_TEXT = 4 * 1024**2  # characters: a library of two thousand pages
_HEADINGS = frozenset({"part", "chapter", "section", "subsection", "subsubsection", "paragraph", "title"})
_OWN_LINES = frozenset({"opening", "closing", "ps", "par", "item", "newpage", "clearpage", "cc", "encl"})
_LEFT_OUT_FRAMES = frozenset({
    "equation", "align", "alignat", "flalign", "eqnarray", "gather", "multline", "displaymath", "math", "figure",
    "wrapfigure", "tikzpicture", "verbatim", "lstlisting", "minted", "thebibliography", "filecontents", "comment",
})  # fmt: skip
# How many arguments that stand first are no words.
_NO_WORDS = {
    **dict.fromkeys((
        "label", "ref", "pageref", "eqref", "autoref", "cite", "citep", "citet", "nocite", "bibliography",
        "bibliographystyle", "includegraphics", "input", "include", "usepackage", "vspace", "hspace", "vskip",
        "pagestyle", "thispagestyle", "pagenumbering", "date", "author", "address", "signature", "name",
        "telephone", "location", "footnote", "footnotetext", "thanks", "marginpar", "index", "color", "pagecolor",
        "href", "textcolor", "hypersetup", "setcounter", "addtocounter", "definecolor", "usetheme",
        "selectlanguage", "foreignlanguage", "fontfamily", "linespread", "url", "cc", "encl",
    ), 1),
    **dict.fromkeys((
        "newcommand", "renewcommand", "providecommand", "setlength", "addtolength", "fontsize", "rule",
    ), 2),
    "newenvironment": 3,
    "addcontentsline": 3,
}  # fmt: skip
_FRAMES_WITH_ARGUMENT = frozenset({"letter", "tabular", "tabularx", "longtable", "minipage", "multicols", "array"})
_FRAMES_OF_FORMULAS = frozenset({
    "array", "matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "cases", "aligned",
    "alignedat", "split", "gathered", "subarray",
})  # fmt: skip
_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
_SIGNS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å", "AA": "Å", "l": "ł", "L": "Ł",
    "i": "i", "j": "j", "ldots": "…", "dots": "…", "textellipsis": "…", "textendash": "–", "textemdash": "—",
    "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“", "textquotedblright": "”", "glqq": "„",
    "grqq": "“", "flqq": "«", "frqq": "»", "guillemotleft": "«", "guillemotright": "»", "og": "« ", "fg": " »",
    "LaTeX": "LaTeX", "TeX": "TeX", "S": "§", "pounds": "£", "euro": "€", "texteuro": "€", "textbackslash": "\\",
    "textasciitilde": "~", "quad": " ", "qquad": " ", "space": " ", "newline": "\n", "linebreak": "\n",
    "copyright": "©", "dag": "†", "textdegree": "°", "textbar": "|", "textless": "<", "textgreater": ">",
}  # fmt: skip
_SYMBOLS = {"\\": "\n", ",": " ", ";": " ", ":": " ", " ": " ", "\n": " ", "\t": " "} | dict.fromkeys("-/@!()", "")
_MARKS = {
    "~": " ", "&": " ", "\n": " ", "---": "—", "--": "–", "``": "“", "''": "”", "`": "‘", "?`": "¿", "!`": "¡",
}  # fmt: skip


class Latex:
    name = "latex"

    def sniff(self, head: bytes, name: str) -> float:
        return 0.96 if _BEGINS.match(decoding.decode_head(head)) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        stream.seek(0)
        text = stream.read().decode(encoding.name, "replace").replace("\r\n", "\n")
        if len(text) > _LONGEST_TEXT:
            raise FileTooLarge(
                gettext("This LaTeX document holds more than %(longest_text)s characters. Split it.")
                % {"longest_text": f"{_LONGEST_TEXT:,}"}
            )
        preamble, begin, body = text.partition("\\begin{document}")
        body = (body if begin else text).partition("\\end{document}")[0]
        if _GERMAN.search(preamble):
            body = _SHORTHAND.sub(lambda match: _SHORTHANDS.get(match[1], ""), body)
        yield from document.records(_Printed().blocks(body))


class _Formula(NamedTuple):
    opener: str  # "$", "$$" or "["
    depth: int  # how many groups were open
    start: int  # how many pieces stand before it


class _Printed:
    """What a document prints, gathered from its beginning in one pass."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._groups: list[str] = []  # the open ones: "left out", "heading", "line" or ""
        self._next: list[str] = []  # what the next groups are
        self._left_out = 0  # open groups and frames without words
        self._accent = ""
        self._may_have_options = False
        self._formulas: list[_Formula] = []  # the open ones, the innermost last
        self._number = 0

    def blocks(self, text: str) -> Iterator[Block]:
        at = 0
        while token := _TOKEN.match(text, at):
            yield from self._take(token)
            at = token.end()
            if self._may_have_options and (options := _OPTIONS.match(text, at)):
                at = options.end()
        yield from self._ended()

    def _take(self, token: re.Match[str]) -> Iterator[Block]:
        kind, value = token.lastgroup or "", token[0]
        is_command = kind in {"frame", "word"} and not value[-1].isspace()
        self._may_have_options = is_command or value == "\\\\" or (value == "}" and bool(self._next))
        is_of_formula = bool(self._formulas) and token["frame"] in _FRAMES_OF_FORMULAS
        is_break = kind == "paragraph" or token["word"] in _OWN_LINES or (kind == "frame" and not is_of_formula)
        if is_break and not self._left_out:
            yield from self._ended()
        if kind == "frame":
            self._take_frame(token["edge"], token["frame"])
        elif kind == "mark" and value in {"{", "}"}:
            yield from self._take_brace(value)
        elif kind == "word":
            self._take_word(token["word"])
        elif kind == "symbol":
            self._take_symbol(value[1])
        elif kind == "dollars":
            self._take_dollars(len(value))
        elif kind in {"code", "braced_code"}:
            self._next = []
            self._put(token[kind])
        elif kind != "comment":
            self._next = []
            self._put("" if kind == "address" else _MARKS.get(value, value))

    def _take_frame(self, edge: str, frame: str) -> None:
        if frame.removesuffix("*") in _LEFT_OUT_FRAMES:
            self._left_out = max(0, self._left_out + (1 if edge == "begin" else -1))
        self._next = ["left out"] if edge == "begin" and frame in _FRAMES_WITH_ARGUMENT else []

    def _take_word(self, word: str) -> None:
        if self._left_out:
            return
        if word in _ACCENTS:
            self._accent = _ACCENTS[word]
        elif word in _HEADINGS:
            self._next = ["heading"]
        else:
            self._next = ["left out"] * _NO_WORDS.get(word, 0) or ["line"] * (word in _OWN_LINES)
            self._put(_SIGNS.get(word, ""))

    def _take_symbol(self, symbol: str) -> None:
        if symbol == "[":
            self._open_formula("[")
        elif symbol == "]":
            self._close_bracket()
        elif symbol in _ACCENTS:
            self._accent = _ACCENTS[symbol]
        else:
            self._put(_SYMBOLS.get(symbol, symbol))

    def _take_dollars(self, count: int) -> None:
        """As TeX takes them, one by one: `$a$$b$` is two formulas, `$$` elsewhere begins or ends one on a line of its
        own. In a group inside of a formula, as in `\\text{$a$}`, they begin another."""
        self._next = []
        while count > 0:
            innermost = self._formulas[-1] if self._formulas else None
            opener = innermost.opener if innermost and innermost.depth == len(self._groups) else ""
            taken = "$" if count == 1 or opener == "$" else "$$"
            if opener == taken:
                self._close_formula()
            elif opener != "$$":
                self._open_formula(taken)
            count -= len(taken)

    def _open_formula(self, opener: str) -> None:
        if not self._left_out:
            self._formulas.append(_Formula(opener, len(self._groups), len(self._pieces)))

    def _close_formula(self) -> None:
        """Only here a formula on lines of its own is left out: what follows an opener without an end may be words."""
        formula = self._formulas.pop()
        if formula.opener != "$":
            del self._pieces[formula.start :]
            self._accent = ""

    def _close_bracket(self) -> None:
        while self._formulas and self._formulas[-1].opener != "[":
            self._formulas.pop()
        if self._formulas:
            self._close_formula()

    def _take_brace(self, brace: str) -> Iterator[Block]:
        if brace == "{":
            kind = self._next.pop(0) if self._next and not self._left_out else ""
            if kind == "heading":
                yield from self._ended()
            self._groups.append(kind)
            self._left_out += kind == "left out"
            return
        kind = self._groups.pop() if self._groups else ""
        self._left_out -= kind == "left out" and self._left_out > 0
        while self._formulas and self._formulas[-1].depth > len(self._groups):
            self._formulas.pop()
        if kind in {"heading", "line"}:
            yield from self._ended(is_heading=kind == "heading")

    def _put(self, text: str) -> None:
        if self._left_out:
            self._accent = ""
            return
        if self._accent and text and not text[0].isspace():
            text = unicodedata.normalize("NFC", text[0] + self._accent) + text[1:]
            self._accent = ""
        self._pieces.append(text)

    def _ended(self, *, is_heading: bool = False) -> Iterator[Block]:
        """The paragraph that was gathered. A line's end in the file is a blank."""
        lines = (" ".join(line.split()) for line in "".join(self._pieces).split("\n"))
        text = "\n".join(line for line in lines if line)
        self._pieces = []
        self._formulas = []  # a formula ends in its paragraph
        if text:
            self._number += 1
            yield Block(text, f"paragraph {self._number}", is_heading)
