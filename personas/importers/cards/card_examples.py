"""Example dialogue of a character card -> exchanges between the user and the persona."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

Exchange = tuple[tuple[str, str], ...]  # of (speaker, text), speaker "user" or "persona"

_START = re.compile(r"<[ \t|/]{0,4}START[ \t|/]{0,4}>|^[ \t]{0,8}(?:\[|\{\{)[ \t]?START[ \t]?(?:\]|\}\})", re.I | re.M)
_HEAD = re.compile(
    r"""
    \A[\s>*_-]{0,8}
    (?P<name>\{\{[^{}\n]{1,40}\}\}|[^\s:：*_<][^:：*_\n]{0,59}|<[A-Za-z]{2,8}>)
    [ \t]{0,2}[*_]{0,3}[ \t]?(?P<colon>[:：])(?P<emphasis>[*_]{0,3})[ \t]?
    """,
    re.VERBOSE,
)
_ASIDE = re.compile(r"(?<![ \t])[ \t]*+[(（\[][^()（）\[\]]{0,50}[)）\]]$")  # Mira (whispering): …
_QUOTED = re.compile(r"[\"“”„«»‘’「」『』(（]\s*+([^\"“”„«»‘’「」『』()（）]{2,40}?)\s*+[\"“”„«»‘’「」『』)）]")
_MARK = re.compile(r"\A(\{\{|<)([^{}<>]*+)(\}\}|>)\Z")
_PERSONA_MARKS = {"{{char}}", "{{bot}}", "{{character}}", "<bot>", "<char>", "<character>"}
_USER_MARKS = {"{{user}}", "<user>", "you", "user"}
_TITLES = {
    "the", "a", "dr", "dr.", "doctor", "mr", "mr.", "mrs", "mrs.", "ms", "ms.", "miss", "sir", "lady", "lord",
    "king", "queen", "prince", "princess", "captain", "professor", "prof", "prof.", "saint", "st.", "uncle", "aunt",
    "father", "mother", "brother", "sister", "master", "mistress", "agent", "officer", "detective", "inspector",
    "colonel", "general", "major", "sergeant", "lieutenant", "herr", "frau", "monsieur", "madame", "señor",
    "señora", "don", "doña",
}  # fmt: skip
# What stands before a colon inside one person's words, and is no name.
_LABELS = {
    "note", "nb", "n.b.", "ps", "p.s.", "warning", "tip", "rule", "example", "question", "answer", "result", "step",
    "edit", "update", "summary", "hint", "remember", "ingredients", "title", "subject", "date", "time", "location",
    "mood", "status", "thoughts", "action", "setting", "scene", "http", "https",
}  # fmt: skip
_MOST_NAME_WORDS = 4


@dataclass(frozen=True)
class Examples:
    """`passed_over` is a reason and a place for each line that belongs neither to the user nor to the persona."""

    exchanges: tuple[Exchange, ...]
    passed_over: tuple[tuple[str, str], ...]


def read(text: str, *, name: str, nickname: str = "") -> Examples:
    """Prose without a name goes on with the persona's line before it. Elsewhere it is a narrator's, and belongs to
    nobody, like the line of a third speaker."""
    names = persona_names(name) | persona_names(nickname)
    exchanges: list[Exchange] = []
    passed_over: list[tuple[str, str]] = []
    for number, block in enumerate(_START.split(text)):
        turns, reasons = _turns(block, names)
        passed_over += [(reason, f"example {number}") for reason in reasons]
        if turns:
            exchanges.append(turns)
    return Examples(tuple(exchanges), tuple(passed_over))


def _turns(block: str, names: set[str]) -> tuple[Exchange, list[str]]:
    """One exchange, and why each line is left out that belongs to neither side."""
    turns: list[tuple[str, list[str]]] = []
    reasons: list[str] = []
    speaker = ""
    for line in block.splitlines():
        head = _speaker(line, names)
        if head is not None:
            speaker, words = head
        if head is not None and speaker != "other":
            turns.append((speaker, [words]))
        elif head is not None:
            reasons.append("third speaker")
        elif speaker == "persona":
            turns[-1][1].append(line)
        elif line.strip():
            reasons.append("narration")
    texts = ((who, "\n".join(lines).strip()) for who, lines in turns)
    return tuple((who, words) for who, words in texts if words), reasons


def examples(text: str, name: str) -> Iterator[Exchange]:
    yield from read(text, name=name).exchanges


def _speaker(line: str, names: set[str]) -> tuple[str, str] | None:
    """Who begins to speak in a line, "persona", "user" or "other", and the words; None where nobody does."""
    head = _HEAD.match(line)
    if head is None:
        return None
    words = line[head.end() :]
    name = _folded(head["name"])
    plain = _ASIDE.sub("", name)
    if name in _PERSONA_MARKS | names or plain in _PERSONA_MARKS | names:
        return "persona", words
    if plain in _USER_MARKS:
        return "user", words
    is_apart = not words or line[: head.end()][-1:].isspace() or head["colon"] == "：" or bool(head["emphasis"])
    if is_apart and (name.startswith("{{") or _is_name(_ASIDE.sub("", head["name"].strip()))):
        return "other", words
    return None


def _folded(name: str) -> str:
    folded = " ".join(name.split()).casefold()
    mark = _MARK.match(folded)
    return f"{mark[1]}{mark[2].strip()}{mark[3]}" if mark else folded


def _is_name(text: str) -> bool:
    """Jonah, Old Jonah, Anna de Vries, 约拿; not "he said" and not "Note"."""
    words = text.split()
    if not 1 <= len(words) <= _MOST_NAME_WORDS or any(character in '.,;!?"“”' for character in text.replace(". ", " ")):
        return False
    if words[0].casefold() in _LABELS or any(map(str.isdigit, text)):
        return False
    is_first_capital = not words[0][0].islower() and words[0][0].isalpha()
    return is_first_capital and not words[-1][0].islower()


def persona_names(name: str) -> set[str]:
    """How a card's lines may call its persona: the whole name, the first name, a nickname in quotes or brackets."""
    names = {name, *_QUOTED.findall(name)}
    plain = " ".join(_QUOTED.sub(" ", name).split())
    words = plain.replace("·", " ").replace("・", " ").split()
    titles = [word for word in words if word.casefold() in _TITLES]
    own = [word for word in words if word.casefold() not in _TITLES]
    names |= {plain, *own[:1]}
    if titles and own:
        names |= {" ".join([*titles, own[0]]), " ".join([*titles, own[-1]])}
    if len(plain) == 3 and all("\u4e00" <= character <= "\u9fff" for character in plain):
        names.add(plain[1:])  # a Chinese given name stands after its family name
    return {_folded(one.strip(" ,")) for one in names if len(one.strip(" ,")) > 1 or one == name} - {""}
