"""No text can make the product think for long: every regular expression and every loop over words is linear.

A regular expression holds the interpreter while it searches, so a slow one stops every request of its process. All of
them are found here, in the modules themselves and in their source, and tried with strings made to be slow.
"""

import ast
import builtins
import importlib
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings

from chat.reply import cleaning, sentences
from generation import reply_text
from generation.engines.batching.stopping import StopStrings
from moderation import features
from moderation.crisis import ladder
from moderation.evasion import forms
from moderation.filter import injection, pii
from moderation.filter.classifiers import lexicon
from personas.audit import judges
from personas.importers import base, registry
from personas.importers.cards import character_card
from personas.importers.chats.any_app import transcript
from personas.importers.chats.whatsapp import export as whatsapp
from personas.importers.documents import plain_text
from personas.importers.times import dates
from personas.lorebook import book, decorators, triggering
from personas.memory import facts, search, units
from personas.models import Passage, Persona
from personas.portrait import computing
from personas.portrait.findings import Line
from personas.prompting import prompt, prompt_sheet, samples
from personas.reading import corpus
from tests import attacks, timing
from text import words

pytestmark = pytest.mark.thorough

ROOT = Path(settings.BASE_DIR)
ROOMS = ("accounts", "api", "chat", "generation", "moderation", "personas", "persona_site", "stories", "text")
LOOP_LIMIT = 1.0  # for a function that searches many times
MAKES_PATTERNS = re.compile(r"\bimport re\b|\bfrom re import\b|\bRegexValidator\b|\bany_of\b")
FUNCTIONS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}


class StandIn(dict[str, str]):
    """Gives a word for each name that only a running function knows."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__()
        self.module = module

    def __missing__(self, name: str) -> str:
        if hasattr(self.module, name) or hasattr(builtins, name):
            raise KeyError(name)
        return "Anna"


def modules() -> Iterator[ModuleType]:
    """Those that make patterns; importing the others, with what they import, takes longer than the whole test."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts and MAKES_PATTERNS.search(path.read_text(encoding="utf-8")):
                parts = path.relative_to(ROOT).with_suffix("").parts
                yield importlib.import_module(".".join(parts).removesuffix(".__init__"))


def kept_in(value: Any, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    """The compiled patterns of a module's value, however deep in tuples, tables, classes and objects."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth > 6:
        return
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from kept_in(item, depth + 1)
    elif isinstance(value, dict):
        yield from kept_in([*value.keys(), *value.values()], depth)
    elif isinstance(value, type) and value.__module__.split(".")[0] in ROOMS:
        yield from kept_in(list(vars(value).values()), depth + 1)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from kept_in([getattr(value, each.name) for each in fields(value)], depth + 1)


def written_in(module: ModuleType) -> Iterator[re.Pattern[Any]]:
    """The patterns that stand where they are used: `re.search(r"…", text)`."""
    assert module.__file__
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            owner, _, function = ast.unparse(node.func).rpartition(".")
            is_written_out = isinstance(node.args[0], ast.Constant | ast.JoinedStr)
            # What `compile` makes of a value lies in the module, where `kept_in` sees it.
            is_search = owner == "re" and function in FUNCTIONS and (function != "compile" or is_written_out)
            if is_search or function == "RegexValidator":
                yield compiled(node, module)


def compiled(node: ast.Call, module: ModuleType) -> re.Pattern[Any]:
    parts = (ast.unparse(part) for part in (*node.args[1:], *(word.value for word in node.keywords)))
    flags = [eval(part) for part in parts if re.fullmatch(r"re\.[A-Z]+", part)]
    names = StandIn(module) if isinstance(node.args[0], ast.JoinedStr) else {}
    pattern = eval(ast.unparse(node.args[0]), vars(module), names)
    return re.compile(pattern, *flags)


@cache
def patterns() -> dict[str, dict[tuple[Any, int], re.Pattern[Any]]]:
    """By room; each once."""
    found: dict[str, dict[tuple[Any, int], re.Pattern[Any]]] = {room: {} for room in ROOMS}
    for module in modules():
        kept = [pattern for value in list(vars(module).values()) for pattern in kept_in(value)]
        for pattern in (*kept, *written_in(module)):
            found[module.__name__.split(".")[0]][pattern.pattern, pattern.flags] = pattern
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_every_pattern_is_linear(room: str) -> None:
    slow = []
    for pattern in patterns()[room].values():
        taken, taken_by_longer, attack = attacks.hardest(pattern)
        if attacks.is_slow(taken, taken_by_longer):
            slow.append(f"{pattern.pattern[:80]!r}: {taken:.3f} s, then {taken_by_longer:.3f} s for {attack!r:.200}")
    assert not slow


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bi\b(?: \w+'?\w*){0,4}? (?:want|going)",
        r"(?<!\w)(\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1(?!\w)",
        r"\s*(?:at\s*)?<edited>\s*$",
        r"^(?:a|aa)+$|b",
        r"x(?:[\w.-]+ ?){1,3}y",
        r"songs?[^.]{0,120}['‘][^\n]{1,240}[\"”]",
    ],
)
def test_a_slow_pattern_is_noticed(pattern: str) -> None:
    taken, taken_by_longer, _ = attacks.hardest(re.compile(pattern))
    assert attacks.is_slow(taken, taken_by_longer)


def test_every_pattern_is_seen() -> None:
    """Compiled at the top, in a tuple, in a dataclass, written where it is used, written with a name in it."""
    seen = {room: " ".join(str(p.pattern) for p in by_room.values()) for room, by_room in patterns().items()}
    assert "muldim" in seen["personas"]
    assert "a KakaoTalk" not in seen["personas"]
    assert "KakaoTalk Chats with" in seen["personas"]
    assert "language model|simulation" in seen["personas"]
    assert "embed+ed://" in seen["personas"]
    assert "Anna" in seen["personas"]
    assert "commit(?:ting)? suicide" in seen["moderation"]
    assert "rehomed" in seen["moderation"]
    assert "_API_KEY$" in seen["generation"]


# --- Loops over words ----------------------------------------------------------------------------

PIECES = (
    "a", " ", "\n", "i ", "i want ", "i will i want to ", "1", "1 ", "1-", "a@b.co ", "a@", "a.", "a. ", ". ",
    "...", "…", "。", "中", "中。", "!", '"', "*", "*a ", "_a ", "**a ", "(", "(she ", "<", "{{",
    "{{//", "[", "[a", "<s>", "<s<s", "A", " A", "a'", "0.", "192.168.0.1 ", "+1 202 555 0143 ",
    "call 202 555 0143 ", "4111 1111 1111 1111 ", "1/1/20, 10:00 - a: b\n", "a: b\n", "{{user}}: a\n",
    "中中路1号", "www.", "http://a ", "Dr. ", "no, ", "(smiles) ", "*sighs* ", "i" + (" " + "a" * 60) * 5 + " ",
    "songs '", "\u200e", "\u200e<", "wouldn't ", "5 Main Street, Main, ", "[2023-06-15, 21:41] a: b\n",
)  # fmt: skip


def exhausted(items: Iterable[object]) -> None:
    deque(items, maxlen=0)


def spoken(text: str) -> Iterator[str]:
    """As tokens come."""
    return (text[at : at + 3] for at in range(0, len(text), 3))


def stopped(text: str) -> None:
    stops = StopStrings(["\n", "Anna:", "<|"])
    for piece in spoken(text):
        stops.push(piece)


def parsed(importer: base.Importer, text: str) -> None:
    with suppress(base.ImportFailed):
        exhausted(importer.parse(io.BytesIO(text.encode())))


def chosen(text: str) -> None:
    with suppress(base.ImportFailed):
        registry.choose(io.BytesIO(text.encode()), "words.txt")


def turns(text: str, *, size: int, every: int) -> Iterator[tuple[base.Utterance, bool]]:
    for number, at in enumerate(range(0, len(text), size)):
        yield base.Utterance("Anna", text[at : at + size], None, ""), number % every == 0


def sampled(text: str, language: str) -> None:
    samples.samples(language=language, sayings=[text], passages=[Passage(text=text, prompted_by=text[:200])])


LOREBOOK = book.read(
    {"data": {"character_book": {"entries": [{"keys": ["(a|a)*b", "i want"], "content": "a", "use_regex": True}]}}}
)


def portrayed(text: str, language: str) -> None:
    line = Line.of(1, text, None, is_paragraph=False)
    for reader in computing.readers(language):
        reader.read(line)
        exhausted(reader.findings())


LOOPS: dict[str, Callable[[str], object]] = {
    "crisis": ladder.level,
    "asks how": ladder.asks_how,
    "lexicon": lambda text: lexicon.Lexicon().assess([text]),
    "personal data": lambda text: pii.mask(text, pii.find(text)),
    "features": features.buckets,
    "content": features.has_content,
    "sentences": lambda text: exhausted(sentences.split(spoken(text), may_begin=lambda first: True)),
    "sentences of a text": lambda text: exhausted(sentences.split([text])),
    "sentences, a character each": lambda text: exhausted(sentences.split(text)),
    "stop strings": stopped,
    "stuttering": lambda text: exhausted(cleaning.until_stuttering(spoken(text))),
    "label": lambda text: exhausted(reply_text.without_label(spoken(text), "a" * 40)),
    "directions": lambda text: exhausted(cleaning.without_directions(sentences.split(spoken(text)))),
    "repeated": lambda text: exhausted(cleaning.until_repeated(sentences.split(spoken(text)))),
    "echoes": lambda text: exhausted(cleaning.without_echoes(sentences.split(spoken(text)), [text])),
    "first echo": lambda text: cleaning.begins_no_echo([text])(text[:100]),
    "terms": search.terms,
    "fact_in": facts.fact_in,
    "kinds_asked": facts.kinds_asked,
    "units": units.units,
    "last_question": units.last_question,
    "prompt": prompt.one_line,
    "name": prompt.label,
    "corpus": lambda text: exhausted(corpus.pieces([(base.Utterance("", text, None, ""), True)])),
    "corpus of a talk": lambda text: exhausted(corpus.pieces(turns(text, size=2, every=2))),
    "corpus of short messages": lambda text: exhausted(corpus.pieces(turns(text, size=1, every=1))),
    "samples": lambda text: sampled(text, "en"),
    "Chinese samples": lambda text: sampled(text, "zh"),
    "placeholders": lambda text: prompt_sheet.opening_line(Persona(name="Anna", opening_line=text)),
    "date": dates.leading,
    "day without its year": partial(dates.without_year, before=None),
    "examples of a card": lambda text: exhausted(character_card.examples(text, "Anna")),
    "WhatsApp": lambda text: parsed(whatsapp.WhatsApp(), text),
    "plain text": lambda text: parsed(plain_text.PlainText(), text),
    "transcript": lambda text: parsed(transcript.Transcript(), text),
    "choice of importer": chosen,
    "disguises": forms.other_forms,
    "orders to a model": injection.gives_orders,
    "regard": lambda text: judges.regard(text, "en"),
    "decorators": decorators.read,
    "lorebook": lambda text: triggering.triggered(LOREBOOK, [("user", text)], limit=100),
    "words": words.words,
    "portrait": lambda text: portrayed(text, "en"),
    "Chinese portrait": lambda text: portrayed(text, "zh"),
}


@pytest.mark.parametrize("name", LOOPS)
def test_no_text_makes_a_loop_slow(name: str) -> None:
    def work(attack: attacks.Attack, length: int) -> object:
        return LOOPS[name](attack.text(length))

    tried = [attacks.Attack("", piece) for piece in PIECES]
    worst = max(
        tried, key=lambda attack: timing.seconds(partial(work, attack, attacks.CHARACTERS // 8), tries=1, cap=10.0)
    )
    assert timing.takes_at_most(LOOP_LIMIT, partial(work, worst, attacks.CHARACTERS)), worst
    assert timing.grows_in_proportion(partial(work, worst), 4 * attacks.CHARACTERS), worst
