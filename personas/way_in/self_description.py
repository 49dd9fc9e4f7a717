"""A description drafted from somebody's own words: sentences in which they say who they are, each with its place.

A model of this size writes a description that sounds right and is wrong. So nothing is written: the sentences are
quotations, and the owner takes them one by one.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from personas.importers.base import Utterance
from text import graphemes
from text.scripts import is_mostly_han
from text.sentences import split

MOST = 8
_LEAST, _LONGEST = 15, 220  # characters; Chinese sentences are a third as long
_CONTEXT = 300  # characters of the words around a sentence
_READ = 2_000  # characters of one utterance

_I_AM = r"\bI(?:'m| am|’m| was)"
# What somebody says of themselves, by subject, the most telling subject first: patterns of English, then of Chinese.
_SUBJECTS: dict[str, re.Pattern[str]] = {
    subject: re.compile("|".join(patterns), re.IGNORECASE)
    for subject, patterns in {
        "work": (
            r"\bI (?:work|worked|teach|taught|retired|trained|serve|served)\b",
            rf"{_I_AM} an? (?:[\w-]+ )?\w+(?:er|or|ist|ian|man|woman|nurse|cook|pilot|chef)\b",
            r"\bmy (?:job|work|trade|shop|business)\b",
            r"我(?:是|当|做)[^，。]{0,8}[师生员医人家]|我在[^，。]{1,12}(?:工作|上班|教书)|我(?:退休|的工作)",
        ),
        "home": (
            r"\bI (?:live|lived|grew up|was born|come from|moved)\b",
            rf"{_I_AM} from\b|\bmy (?:house|home|garden|village|town)\b",
            r"我(?:住在|出生|长大|来自|搬到)|我家",
        ),
        "family": (
            r"\bmy (?:wife|husband|son|daughter|mother|father|mum|mom|dad|sister|brother|children|kids|family)\b",
            rf"\bmy (?:grand\w+|dog|cat)\b|{_I_AM} (?:married|a widow|a widower)\b",
            r"我的?(?:妈|爸|母亲|父亲|儿子|女儿|老婆|老公|妻子|丈夫|孩子|奶奶|爷爷|外婆|外公|姐|妹|哥|弟|猫|狗)",
        ),
        "love": (
            r"\bI (?:love|adore|enjoy|like|prefer|miss|hate|can't stand|cannot stand)\b|\bmy favou?rite\b",
            r"我(?:最?喜欢|爱|讨厌|想念)",
        ),
        "habit": (r"\bI (?:always|never|usually|every|still|used to)\b", r"我(?:总是|从来|每天|一直|习惯)"),
        "belief": (
            rf"\bI (?:believe|think that|hope|wish|fear|regret)\b|{_I_AM} (?:proud|afraid|glad|sorry|happy)\b",
            r"我(?:相信|觉得|希望|害怕|后悔)",
        ),
    }.items()
}
_UNFIT = re.compile(r"https?://|www\.|\S@\S|\d{5,}|[{}<>|\\_*\[\]?？]")


@dataclass(frozen=True)
class Candidate:
    """A sentence for the description, and the words that it rests on."""

    key: str
    sentence: str
    before: str  # the words of the same line around it
    after: str
    file: str
    source_ref: str


def candidates(utterances: Iterable[tuple[str, Utterance]], *, described: str = "") -> list[Candidate]:
    """At most MOST sentences, one of each subject before a second of any. `utterances` come with their file's name.

    Sentences that `described` already has are left out.
    """
    by_subject: dict[str, list[Candidate]] = {subject: [] for subject in _SUBJECTS}
    seen: set[str] = set()
    for file, utterance in utterances:
        for candidate in _of(file, utterance):
            subject = _subject(candidate.sentence)
            if subject and candidate.key not in seen and candidate.sentence not in described:
                seen.add(candidate.key)
                if len(by_subject[subject]) < MOST:
                    by_subject[subject].append(candidate)
    ordered = [sorted(found, key=lambda each: -_worth(each.sentence)) for found in by_subject.values()]
    rounds = (found[place] for place in range(MOST) for found in ordered if place < len(found))
    return [candidate for candidate, _ in zip(rounds, range(MOST), strict=False)]


def added(description: str, candidate: Candidate, *, name: str) -> str:
    """The description with the sentence as words of that name, on a line of its own."""
    says = f"{name}说：" if is_mostly_han(candidate.sentence) else f"{name} says: "
    return f"{description.rstrip()}\n{says if name else ''}“{candidate.sentence}”".lstrip()


def _of(file: str, utterance: Utterance) -> Iterator[Candidate]:
    text = utterance.text[:_READ]
    place = 0
    for raw in split(text):
        start, place = place, place + len(raw)
        sentence = " ".join(raw.split())
        if _is_fit(sentence):
            yield Candidate(
                key=sha256(sentence.casefold().encode()).hexdigest()[:16],
                sentence=sentence,
                before=graphemes.ending(text[:start], _CONTEXT).strip(),
                after=graphemes.beginning(text[place:], _CONTEXT).strip(),
                file=file,
                source_ref=utterance.source_ref,
            )


def _is_fit(sentence: str) -> bool:
    share = 3 if is_mostly_han(sentence) else 1
    return _LEAST // share <= len(sentence) <= _LONGEST // share and not _UNFIT.search(sentence)


def _subject(sentence: str) -> str:
    return next((subject for subject, pattern in _SUBJECTS.items() if pattern.search(sentence)), "")


def _worth(sentence: str) -> float:
    """How telling a sentence is. One of middle length that begins with its subject tells most."""
    ideal = 30 if is_mostly_han(sentence) else 90
    begins = sentence.startswith(("I ", "I'", "I’", "My ", "我"))
    return (0.5 if begins else 0.0) - abs(len(sentence) - ideal) / ideal
