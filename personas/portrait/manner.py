"""How a persona writes: how it begins and ends, how long its lines are, its marks, its emoji and its languages."""

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import log10

import regex
from django.utils.translation import gettext, gettext_noop, ngettext

from personas.portrait.findings import Evidence, Finding, Line, Series, percent, times
from personas.portrait.models import Section
from text.words import frequency, simplified

_LONGEST_PHRASE = 4  # words of a beginning or an end
_LEAST = 3  # times that something must be seen to be a habit
_SHOWN = 6
_MOST_PHRASES = 50_000  # that are remembered
_MOST_WAYS = 8  # of writing one phrase
_MARK = re.compile(r"[\W_]*")


@dataclass
class _Phrases:
    """Phrases by their words without case, with the way in which each is written."""

    evidence: dict[tuple[str, ...], Evidence] = field(default_factory=lambda: defaultdict(Evidence))
    written: dict[tuple[str, ...], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, line: Line, words: tuple[str, ...], written: str) -> None:
        key = tuple(map(str.casefold, words))
        self.evidence[key].add(line)
        ways = self.written[key]
        if len(ways) < _MOST_WAYS or written in ways:
            ways[written] = ways.get(written, 0) + 1

    def forget_rare(self) -> None:
        """Keeps memory bounded: phrases that were seen once so far are forgotten when there are very many."""
        if len(self.evidence) > _MOST_PHRASES:
            for key in [key for key, evidence in self.evidence.items() if evidence.count == 1]:
                del self.evidence[key]
                self.written.pop(key, None)

    def best(self, language: str, lines: int) -> list[tuple[str, Evidence]]:
        """The most telling phrases: frequent ones of words that are rare elsewhere. No phrase contains another."""
        least = max(_LEAST, lines // 200)
        common = {key: evidence for key, evidence in self.evidence.items() if evidence.count >= least}

        def weight(key: tuple[str, ...]) -> float:
            return common[key].count * sum(-log10(frequency(word, language)) - 2 for word in key)

        chosen: list[tuple[str, ...]] = []
        for key in sorted(common, key=weight, reverse=True):
            overlaps = any(_overlap(key, other) for other in chosen)
            if weight(key) > 0 and not overlaps:
                chosen.append(key)
            if len(chosen) == _SHOWN:
                break
        return [(max(self.written[key], key=self.written[key].__getitem__), common[key]) for key in chosen]


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return 2 * len(set(one) & set(other)) >= min(len(one), len(other))


_SHORTENED = {"mr", "mrs", "ms", "dr", "st", "prof", "rev", "capt"}  # the mark after them ends nothing
# A diary begins each day with its date, which is no habit of its writer.
_DATE = re.compile(r"[一二三四五六七八九十百〇零]+[年月日号號]?|初[一二三四五六七八九十]")


def _without_date(words: tuple[tuple[int, str], ...]) -> tuple[tuple[int, str], ...]:
    first = next((number for number, (_, word) in enumerate(words) if not _DATE.fullmatch(word)), len(words))
    return words[first:]


class Phrases:
    """Typical openings and closings."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.openings, self.closings = _Phrases(), _Phrases()
        self.lines = 0

    def read(self, line: Line) -> None:
        self.lines += 1
        words = _without_date(line.words)
        for length in range(1, min(_LONGEST_PHRASE, len(words)) + 1):
            self._read(line, words[:length], self.openings, is_whole=length == len(words))
        for length in range(1, min(_LONGEST_PHRASE, len(words) - 1) + 1):
            self._read(line, words[-length:], self.closings, is_whole=False)
        if self.lines % 2_000 == 0:
            self.openings.forget_rare()
            self.closings.forget_rare()

    def _read(self, line: Line, placed: tuple[tuple[int, str], ...], phrases: _Phrases, *, is_whole: bool) -> None:
        start, end = placed[0][0], placed[-1][0] + len(placed[-1][1])
        # A single word is a habit where a mark sets it off, as in “Hello,” or “, dear”.
        before, after = line.text[max(start - 2, 0) : start].strip()[-1:], line.text[end : end + 1]
        is_set_off = is_whole or not after.strip() or _is_mark(after) if phrases is self.openings else _is_mark(before)
        if len(placed) == 1 and (not is_set_off or after == " " or placed[0][1].casefold() in _SHORTENED):
            return
        phrases.add(line, tuple(word for _, word in placed), " ".join(line.text[start:end].split()))

    def findings(self) -> Iterator[Finding]:
        for section, phrases, sentence in (
            (Section.OPENINGS, self.openings, gettext("A line begins with “%(words)s” %(times)s.")),
            (Section.CLOSINGS, self.closings, gettext("A line ends with “%(words)s” %(times)s.")),
        ):
            for written, evidence in phrases.best(self.language, self.lines):
                text = sentence % {"words": written, "times": times(evidence.count)}
                yield Finding(section, written.casefold(), text, evidence.lines, evidence.count)

    def figures(self) -> dict[str, Series]:
        return {}


def _is_mark(text: str) -> bool:
    return bool(text.strip()) and _MARK.fullmatch(text) is not None


class Length:
    """How long the lines are: in words, or in characters where most lines are Chinese."""

    def __init__(self) -> None:
        self.words, self.characters = array("L"), array("L")
        self.ids = array("Q")
        self.han = self.paragraphs = 0

    def read(self, line: Line) -> None:
        self.words.append(len(line.words))
        self.characters.append(sum(not character.isspace() for character in line.text))
        self.ids.append(line.id)
        self.han += line.is_han
        self.paragraphs += line.is_paragraph

    @property
    def _unit(self) -> str:
        return "characters" if 2 * self.han > len(self.ids) else "words"

    @property
    def _sizes(self) -> "array[int]":
        return self.characters if self._unit == "characters" else self.words

    def _amount(self, size: int) -> str:
        if self._unit == "characters":
            return ngettext("%(size)s character", "%(size)s characters", size) % {"size": f"{size:,}"}
        return ngettext("%(size)s word", "%(size)s words", size) % {"size": f"{size:,}"}

    def findings(self) -> Iterator[Finding]:
        sizes, count = self._sizes, len(self.ids)
        if count < _LEAST:
            return
        order = sorted(range(count), key=lambda number: sizes[number])
        places = (0, count // 4, count // 2, 3 * count // 4, count - 1)
        shortest, low, middle, high, longest = (order[place] for place in places)
        if sizes[shortest] == sizes[longest]:
            sentence = gettext("Every %(kind)s has %(middle)s.")
        elif sizes[low] == sizes[high]:
            sentence = gettext(
                "A typical %(kind)s has %(middle)s, as most of them do. The shortest has %(shortest)s, and the "
                "longest has %(longest)s."
            )
        else:
            sentence = gettext(
                "A typical %(kind)s has %(middle)s. Half of them have %(low)s to %(high)s, and the longest has "
                "%(longest)s."
            )
        is_prose = 2 * self.paragraphs > count
        text = sentence % {
            "kind": gettext("paragraph") if is_prose else gettext("message"),
            "middle": self._amount(sizes[middle]),
            "shortest": f"{sizes[shortest]:,}",
            "low": f"{sizes[low]:,}",
            "high": f"{sizes[high]:,}",
            "longest": f"{sizes[longest]:,}",
        }
        lines = tuple(dict.fromkeys(self.ids[number] for number in (middle, shortest, low, high, longest)))
        yield Finding(Section.MANNER, "length", text, lines, count)

    def figures(self) -> dict[str, Series]:
        """How many lines have each length, in steps that double."""
        steps: Counter[int] = Counter(size.bit_length() for size in self._sizes)
        last = max(steps, default=0)
        return {
            "length": [(_step(number), steps[number]) for number in range(1, last + 1)],
            "length unit": [(self._unit, 0)],
        }


def _step(number: int) -> str:
    low, high = 1 << (number - 1), (1 << number) - 1
    return str(low) if low == high else f"{low}–{high}"


@dataclass(frozen=True)
class _Habit:
    """A mark or a way of writing. `least` is the share of lines from which on it is a habit."""

    name: str
    sentence: str
    least: float
    sign: re.Pattern[str] | Callable[[Line], bool]

    def is_in(self, line: Line) -> bool:
        return self.sign.search(line.text) is not None if isinstance(self.sign, re.Pattern) else self.sign(line)


def _has_capitals(line: Line) -> bool:
    return any(len(word) > 3 and word.isupper() for _, word in line.words)


def _has_no_capitals(line: Line) -> bool:
    letters = [character for character in line.text if character.isalpha() and character.upper() != character.lower()]
    return len(letters) > 10 and not any(character.isupper() for character in letters)


_STRETCHED = re.compile(r"([^\W\d_])\1\1")
_SMILEY = re.compile(r"(?<!\w)(?:[:;]-?[)(DP]|<3)")
_HABITS = (
    _Habit("no end", gettext_noop("Ends {share} of the lines without a mark."), 0.3, re.compile(r"[\w'’\"”)]\s*\Z")),
    _Habit("exclamation", gettext_noop("Uses exclamation marks in {share} of the lines."), 0.1, re.compile("[!！]")),
    _Habit("exclamations", gettext_noop("Doubles marks (“!!”, “?!”) in {share} of the lines."), 0.02,
           re.compile("[!?！？]{2}")),
    _Habit("question", gettext_noop("Asks a question in {share} of the lines."), 0.1, re.compile("[?？]")),
    _Habit("dots", gettext_noop("Trails off with dots in {share} of the lines."), 0.05, re.compile(r"\.\.\.|…|。。")),
    _Habit("dash", gettext_noop("Sets off thoughts with dashes in {share} of the lines."), 0.05,
           re.compile("--|[—–]|——")),
    _Habit("semicolon", gettext_noop("Uses semicolons in {share} of the lines."), 0.1, re.compile("[;；]")),
    _Habit("brackets", gettext_noop("Puts asides into brackets in {share} of the lines."), 0.05,
           re.compile(r"[(（]\w")),
    _Habit("wave", gettext_noop("Uses a wave (～) in {share} of the lines."), 0.03, re.compile("[~～]")),
    _Habit("capitals", gettext_noop("Writes words in capitals in {share} of the lines."), 0.03, _has_capitals),
    _Habit("small letters", gettext_noop("Writes {share} of the lines in small letters alone."), 0.1, _has_no_capitals),
    _Habit("stretched", gettext_noop("Stretches words (“sooo”, “哈哈哈”) in {share} of the lines."), 0.02, _STRETCHED),
    _Habit("smiley", gettext_noop("Writes smileys such as :) in {share} of the lines."), 0.02, _SMILEY),
    _Habit("link", gettext_noop("Sends links in {share} of the lines."), 0.05, re.compile(r"https?://")),
)  # fmt: skip


class Marks:
    """Habits of punctuation and spelling."""

    def __init__(self) -> None:
        self.evidence = {habit.name: Evidence() for habit in _HABITS}
        self.lines = 0

    def read(self, line: Line) -> None:
        self.lines += 1
        for habit in _HABITS:
            if habit.is_in(line):
                self.evidence[habit.name].add(line)

    def findings(self) -> Iterator[Finding]:
        for habit in _HABITS:
            evidence = self.evidence[habit.name]
            if evidence.count >= max(_LEAST, habit.least * self.lines):
                text = gettext(habit.sentence).format(share=percent(evidence.count, self.lines))
                yield Finding(Section.MANNER, habit.name, text, evidence.lines, evidence.count)

    def figures(self) -> dict[str, Series]:
        return {}


# A flag, or a picture with its tone of skin and what is joined to it.
_EMOJI = regex.compile(
    r"\p{RI}{2}|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)\p{EMod}?"
    r"(?:\u200D\p{Extended_Pictographic}\uFE0F?\p{EMod}?)*+"
)


class Emoji:
    def __init__(self) -> None:
        self.evidence: dict[str, Evidence] = defaultdict(Evidence)
        self.any = Evidence()
        self.lines = 0

    def read(self, line: Line) -> None:
        self.lines += 1
        seen = Counter(match[0] for match in _EMOJI.finditer(line.text))
        if seen:
            self.any.add(line)
        for emoji, count in seen.items():
            self.evidence[emoji].add(line, count)

    def findings(self) -> Iterator[Finding]:
        if self.any.count < _LEAST:
            return
        text = gettext("Uses emoji in %(share)s of the lines.") % {"share": percent(self.any.count, self.lines)}
        yield Finding(Section.MANNER, "emoji", text, self.any.lines, self.any.count)
        for emoji, evidence in sorted(self.evidence.items(), key=lambda item: -item[1].count)[:12]:
            text = gettext("%(emoji)s %(times)s.") % {"emoji": emoji, "times": times(evidence.count)}
            yield Finding(Section.EMOJI, emoji, text, evidence.lines, evidence.count)

    def figures(self) -> dict[str, Series]:
        return {}


_SCRIPTS = {
    gettext_noop("Japanese"): re.compile("[\u3040-\u30ff]"),
    gettext_noop("Korean"): re.compile("[\uac00-\ud7af]"),
    gettext_noop("Chinese"): re.compile("[\u3400-\u9fff]"),
    gettext_noop("Russian or another language in Cyrillic"): re.compile("[\u0400-\u04ff]"),
    gettext_noop("Greek"): re.compile("[\u0370-\u03ff]"),
    gettext_noop("Arabic"): re.compile("[\u0600-\u06ff]"),
    gettext_noop("Hebrew"): re.compile("[\u0590-\u05ff]"),
    gettext_noop("Hindi or another language in Devanagari"): re.compile("[\u0900-\u097f]"),
    gettext_noop("Thai"): re.compile("[\u0e00-\u0e7f]"),
}
# Short words by which a line in the Latin script shows its language. A word of two languages is in neither.
_SHORT_WORDS = {
    gettext_noop("English"): "the and you that was for are with have this not but what your my it is of i to",
    gettext_noop("German"): "der das und ist nicht ich ein eine mit auf dem den auch wir sie wie noch habe",
    gettext_noop("French"): "le les et est pas je vous une dans pour qui sur avec ce mais nous suis",
    gettext_noop("Spanish"): "el los y es no que una por con para mi muy pero está yo como",
    gettext_noop("Italian"): "il che non di è un per sono ma con mi lo gli una anche",
    gettext_noop("Portuguese"): "não que um para com os uma por mas você eu muito está isso",
    gettext_noop("Dutch"): "het een ik niet van dat je met op voor maar ook wel zijn",
    gettext_noop("Polish"): "nie to się na że jest do jak ale już mnie co",
    gettext_noop("Turkish"): "bir ve bu çok için ne ben değil ama var da",
}


def _telling(words: dict[str, str]) -> dict[str, set[str]]:
    counts = Counter(word for text in words.values() for word in text.split())
    return {name: {word for word in text.split() if counts[word] == 1} for name, text in words.items()}


_TELLING = _telling(_SHORT_WORDS)


class Languages:
    """The languages of the lines: by script, and in the Latin script by short words."""

    def __init__(self) -> None:
        self.evidence: dict[str, Evidence] = defaultdict(Evidence)
        self.traditional = self.known = 0

    def read(self, line: Line) -> None:
        name = _language_of(line)
        if name:
            self.known += 1
            self.evidence[name].add(line)
            self.traditional += name == "Chinese" and simplified(line.text) != line.text

    def findings(self) -> Iterator[Finding]:
        for name, evidence in sorted(self.evidence.items(), key=lambda item: -item[1].count):
            if evidence.count >= max(_LEAST, self.known / 100):
                words = {"share": percent(evidence.count, self.known), "language": gettext(name)}
                text = gettext("%(share)s of the lines are in %(language)s.") % words
                if name == "Chinese" and self.traditional:
                    share = percent(self.traditional, evidence.count)
                    text += " " + gettext("%(share)s of these have traditional characters.") % {"share": share}
                yield Finding(Section.LANGUAGES, name, text, evidence.lines, evidence.count)

    def figures(self) -> dict[str, Series]:
        return {}


def _language_of(line: Line) -> str:
    for name, script in _SCRIPTS.items():
        if len(script.findall(line.text)) > len(line.text) / 5:
            return name
    words = {word.casefold() for _, word in line.words}
    scores = {name: len(words & telling) for name, telling in _TELLING.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] else ""
