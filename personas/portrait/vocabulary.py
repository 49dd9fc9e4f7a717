"""The words that a persona uses more than people in general, and those that it uses less.

Each word's log-odds in the persona's words are compared with its log-odds in the language, with the language as the
prior and the difference in units of its own standard deviation (Monroe, Colaresi and Quinn, "Fightin' Words", Political
Analysis 2008, eqs. 15 to 19). So neither a word that was used twice nor the commonest words come first.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log, sqrt

from django.utils.translation import gettext

from personas.portrait.findings import Evidence, Finding, Line, Series, times
from personas.portrait.models import Section
from text.words import folded, frequency, is_han

_PRIOR = 500.0  # words of the language that the persona's words are weighed against
_LEAST = 3
_CERTAIN = 2.6  # standard deviations: one in a hundred such words is chance
_COMMON = 2.5e-4  # a word with a larger share of the language says little of a person
_IN_LISTS_OF_NAMES = 3e-6  # a rarer word that only comes with a capital is a name
_EXPECTED = 12.0  # times that an avoided word would be expected
_MOST_WORDS = 300_000
_SHOWN, _SHOWN_RARE = 24, 10
_MOST_DOUBLINGS = 7.0  # that a plot shows; a word that is in no list would make all other bars short


@dataclass
class _Used:
    evidence: Evidence = field(default_factory=Evidence)
    as_name: int = 0  # times that it had a capital within a sentence
    in_small_letters: int = 0


@dataclass(frozen=True)
class _Shift:
    word: str
    z: float
    ratio: float  # how many times as often as in the language
    used: _Used


class Vocabulary:
    def __init__(self, language: str) -> None:
        self.language = language
        self.used: dict[str, _Used] = defaultdict(_Used)
        self.total = self.han = 0

    def read(self, line: Line) -> None:
        for place, word in line.words:
            self.total += 1
            self.han += is_han(word)
            key = self._key(word)
            if len(self.used) >= _MOST_WORDS and key not in self.used:
                continue
            used = self.used[key]
            used.evidence.add(line)
            used.in_small_letters += word[:1].islower()
            used.as_name += word[:1].isupper() and _is_inside_sentence(line.text, place)

    def _key(self, word: str) -> str:
        """The word under which it is counted: “to-day” is “today”."""
        key = folded(word)
        whole = key.replace("-", "")
        return whole if whole != key and frequency(whole, self.language) > frequency(key, self.language) else key

    def findings(self) -> Iterator[Finding]:
        for shift in self._favourites():
            evidence = shift.used.evidence
            words = {"word": shift.word, "times": times(evidence.count), "ratio": _rounded(shift.ratio)}
            if shift.ratio > 999:
                text = gettext("“%(word)s” %(times)s, far more often than people in general.") % words
            else:
                text = gettext("“%(word)s” %(times)s, %(ratio)s times as often as people in general.") % words
            yield Finding(Section.WORDS, shift.word, text, evidence.lines, evidence.count)
        for word, expected, evidence in self._avoided():
            text = gettext("“%(word)s” %(times)s, where about %(expected)s were expected.") % {
                "word": word,
                "times": times(evidence.count) if evidence.count else gettext("never"),
                "expected": f"{expected:.0f}",
            }
            yield Finding(Section.RARE_WORDS, word, text, evidence.lines, evidence.count)

    def figures(self) -> dict[str, Series]:
        """Powers of two by which words are used more (above 0) or less than by people in general."""
        more: Series = [(shift.word, min(log(shift.ratio, 2), _MOST_DOUBLINGS)) for shift in self._favourites()[:12]]
        less: Series = [
            (word, log(max(evidence.count, 0.5) / expected, 2)) for word, expected, evidence in self._avoided()[:8]
        ]
        return {"words": [*more, *less]}

    def _favourites(self) -> list[_Shift]:
        shifts = [self._shift(word, used) for word, used in self.used.items() if self._may_be_favourite(word, used)]
        certain = [shift for shift in shifts if shift.z >= _CERTAIN]
        return sorted(certain, key=lambda shift: -shift.z)[:_SHOWN]

    def _may_be_favourite(self, word: str, used: _Used) -> bool:
        evidence = used.evidence
        is_rare = frequency(word, self.language) < _IN_LISTS_OF_NAMES
        is_name = 2 * used.as_name > evidence.count or (is_rare and not used.in_small_letters)
        is_name = is_name and not is_han(word) and self.language != "de"  # German nouns have capitals too
        is_seen = evidence.count >= _LEAST and evidence.is_in_several_lines
        return is_seen and not is_name and (is_han(word) or len(word) > 2) and frequency(word, self.language) < _COMMON

    def _shift(self, word: str, used: _Used) -> _Shift:
        count, share = used.evidence.count, frequency(word, self.language)
        own_total = self.han if is_han(word) else self.total - self.han
        prior = _PRIOR * share
        odds = (count + prior) / (own_total + _PRIOR - count - prior)
        z = (log(odds) - log(share / (1 - share))) / sqrt(1 / (count + prior))
        return _Shift(word, z, count / own_total / share, used)

    def _avoided(self) -> list[tuple[str, float, Evidence]]:
        """Common words that are used far less than expected, with the times that were expected."""
        found = []
        for word in _COMMON_WORDS["zh" if 2 * self.han > self.total else "en"]:
            total = self.han if is_han(word) else self.total - self.han
            expected = total * frequency(word, self.language)
            evidence = self.used[word].evidence if word in self.used else Evidence()
            if expected >= _EXPECTED and evidence.count < expected / 3:
                found.append((word, expected, evidence))
        return sorted(found, key=lambda row: (row[2].count + 1) / row[1])[:_SHOWN_RARE]


def _rounded(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _is_inside_sentence(text: str, place: int) -> bool:
    before = text[max(place - 3, 0) : place].rstrip()
    return bool(before) and before[-1] not in ".!?:…\"“”'(_*-—\n"


# Words of everyday talk and of letters whose absence says something. Forms of the articles and pronouns are not.
_ENGLISH = """
    yes no ok okay please thanks thank sorry love like want need really very just actually maybe always never good great
    nice happy beautiful bad hate money work people life time home friend family god today tomorrow think feel know hope
    wish can't don't won't should must because
"""
_CHINESE = """
    我 我们 你 你们 喜欢 爱 想 觉得 知道 可以 应该 一定 很 非常 真 好 不错 开心 高兴 谢谢 对不起 请 朋友 家 妈妈 爸爸 钱
    工作 生活 时间 今天 明天 因为 但是 没有 现在
"""
_COMMON_WORDS = {"en": _ENGLISH.split(), "zh": _CHINESE.split()}
