"""Compares the candidates for the next words of a reply: which of them answers what was said?

A candidate's score is the sum of named parts. Mutual information says how much likelier the words are after this
message, and after this talk, than after a greeting (Li et al. 2016). Relevance compares meanings. Likelihood is what
the model learnt from readers' verdicts. The other parts keep a small model from its usual faults: words that are not
its own, words that it has said already, and words that the filter would withhold.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from chat.reply import leave_taking, low_mood, relevance, unwanted
from generation.engine import Candidate, Prompt
from moderation.categories import ClassifierUnavailable
from moderation.filter import assessment
from moderation.filter.encoder import EncoderMissing
from moderation.models import Direction, RuleAction
from personas.prompting.phrases import is_chinese, phrases_for
from personas.prompting.prompt import Line, Spoken
from personas.prompting.prompt_sheet import Sheet
from text import scripts, sentences
from text.scripts import HAN

_WORD = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
_SHORTEST, _SHORTEST_CHINESE = 3, 4  # words of a candidate that can be compared; in Chinese, characters
_RUN = 3  # words in a row that count as said by somebody else
# Weights. Those of the first five parts were fitted on written dialogues that the tune did not learn from, and on
# judged candidates (docs/quality.md); the others make a fault lose against any candidate without one.
_INFORMATION = {"answers": 0.75, "follows": 0.68}  # of the neutral prompts; a remote engine reports none
_LIKELIHOOD = 2.0
# Nats a token. Below it, likelihood does not tell sense from nonsense: words that people write are unlikely too.
_LEAST_LIKELIHOOD = -2.0
_RELEVANCE = 4.4
_ECHO = 3.4
_REPEATED = 3.0
_FOREIGN = 3.0
_WITHHELD = 20.0
_PERSONAL = 5.0
_UNFIT = 20.0
_EMPTY = 10.0
_DOUBT = 3  # tokens without information that are added to each candidate, so that one lucky word decides nothing


@dataclass(frozen=True)
class ReplyRanking:
    """A `generation.engine.Ranking` for one reply. A reply with one candidate costs nothing here."""

    sheet: Sheet
    turns: Sequence[Spoken]  # the last one is to be answered
    after: Callable[[Sequence[Spoken]], Prompt]  # the prompt for the reply to a talk
    is_brief: bool = False  # the reply ends with its first sentence
    is_low: bool = False  # the message is one of low mood
    is_minor: bool = False  # the reader is under 18
    persona_id: UUID | None = None  # whose own rules hold too

    @cached_property
    def message(self) -> str:
        """The person's newest message."""
        return next((turn.text for turn in reversed(self.turns) if turn.speaker == "user"), "")

    @cached_property
    def neutral(self) -> tuple[Prompt, Prompt]:
        """A greeting in place of the newest message, and in place of the whole talk."""
        greeting = Line("user", phrases_for(self.sheet.language).greeting)
        return self.after([*self.turns[:-1], greeting]), self.after([greeting])

    def is_whole(self, text: str) -> bool:
        least = _SHORTEST_CHINESE if is_chinese(self.sheet.language) else _SHORTEST
        return sentences.has_end(text) and len(_WORD.findall(text)) >= least

    def is_enough(self, text: str) -> bool:
        return self.is_brief and sentences.has_end(text)

    def scores(self, before: str, candidates: Sequence[Candidate]) -> Sequence[Mapping[str, float]]:
        """Raises ClassifierUnavailable."""
        texts = [candidate.text for candidate in candidates]
        verdicts = assessment.assess_turns(
            [(text, before) for text in texts],
            direction=Direction.PERSONA,
            is_minor=self.is_minor,
            persona_id=self.persona_id,
        )
        parts = [
            self._parts(before, candidate) | _faults(verdict) | self._unfit(candidate.text, verdict)
            for candidate, verdict in zip(candidates, verdicts, strict=True)
        ]
        if relevance.covers(self.sheet.language):
            for named, value in zip(parts, self._relevance([before + text for text in texts]), strict=True):
                named["relevant"] = _RELEVANCE * value
        return parts

    def _parts(self, before: str, candidate: Candidate) -> dict[str, float]:
        words = _words(candidate.text)
        if not words:
            return {"empty": -_EMPTY}
        certainty = len(words) / (len(words) + _DOUBT)
        parts = {
            name: weight * value * certainty
            for (name, weight), value in zip(_INFORMATION.items(), candidate.information, strict=False)
        }
        if candidate.likelihood is not None:
            parts["likely"] = _LIKELIHOOD * max(candidate.likelihood, _LEAST_LIKELIHOOD)
        runs = _runs(words)
        if echoed := runs & self._spoken:
            parts["echo"] = -_ECHO * len(echoed) / len(runs)
        if before and words in {_words(sentence) for sentence in sentences.split(before)}:
            parts["repeats"] = -_REPEATED
        if scripts.is_mostly_han(candidate.text) != is_chinese(self.sheet.language):
            parts["language"] = -_FOREIGN
        if self._is_unwanted(candidate.text):
            parts["unwanted"] = -_WITHHELD
        return parts

    def _unfit(self, text: str, verdict: assessment.Verdict) -> dict[str, float]:
        is_unfit = self.is_low and not low_mood.fits(text, verdict.probabilities, self.message)
        return {"unfit": -_UNFIT} if is_unfit else {}

    def _relevance(self, texts: Sequence[str]) -> list[float]:
        try:
            return relevance.relevance(self._context, texts)
        except EncoderMissing as error:
            raise ClassifierUnavailable(str(error)) from error

    @cached_property
    def _is_unwanted(self) -> Callable[[str], bool]:
        """Whether the site would leave out a sentence of this reply."""
        if leave_taking.says_goodbye(self.message):
            return leave_taking.holds_back
        return unwanted.is_unwanted

    @cached_property
    def _context(self) -> relevance.Vector:
        return relevance.context(self.turns, self.sheet.description)

    @cached_property
    def _spoken(self) -> frozenset[tuple[str, ...]]:
        """Runs of words in the samples, in the personas' parts of the talk, and in the message."""
        spoken = [turn.text for turn in self.turns if turn.speaker != "user"]
        return runs_in([*(exchange.persona for exchange in self.sheet.exchanges), *spoken, self.message])


def _faults(verdict: assessment.Verdict) -> dict[str, float]:
    if not verdict.passes:
        return {"withheld": -_WITHHELD}
    return {"personal": -_PERSONAL} if verdict.action == RuleAction.MASK else {}


def runs_in(texts: Iterable[str], *, length: int = _RUN) -> frozenset[tuple[str, ...]]:
    """All runs of `length` words in the texts."""
    return frozenset(run for text in texts for run in _runs(_words(text), length))


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


def _runs(words: Sequence[str], length: int = _RUN) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}
