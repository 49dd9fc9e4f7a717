"""What a persona says, sentence by sentence, before anybody sees it.

Each sentence is judged alone and as the continuation of the last TAIL characters that were cleared, so a thing said
across two sentences is seen; the whole reply is judged once more at the end. Personal data is masked before anything
leaves. A sentence's end that may be the beginning of a number or an address is held back until the next one shows what
it is. First words that come ahead of their sentence wait for it where they would not pass by themselves, and the rest
is judged with them.

Not covered: a thing said across more sentences than the tail holds, which only the last check can see. Then
the reply is blocked after parts of it were shown, and the page takes them back.
"""

import dataclasses
import re
from collections.abc import Callable, Generator, Iterator

from moderation.filter import assessment, pii
from moderation.filter.assessment import Verdict
from moderation.filter.classifiers.base import Category
from moderation.models import Direction, RuleAction
from text.sentences import has_end

TAIL = 200  # characters
_LONGEST_HELD = 64
# Digits with what people write between them, or something with an @, at the very end.
_UNFINISHED = re.compile(r"(?:[+(（]?\d[\d\s().,;:\-‐–—·/]{0,64}|[^\s@]{1,64}@\S{0,64}|[+(（]\s{0,64})$")
# Characters of a sentence's first words: too few to be refused for by themselves. A longer part is judged as it comes.
_FEW = 80


class Blocked(Exception):
    """The reply must stop; what was shown of it is taken back."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.category)
        self.verdict = verdict


def cleared(
    sentences: Iterator[str], *, before: str = "", judged: Callable[[Verdict], None] = lambda verdict: None
) -> Generator[str]:
    """The sentences, masked where needed, in order; joined they are the reply as it may be kept.

    `before` is text that they continue and that was cleared earlier; `judged` is given the verdict of each
    part that passed. Raises Blocked, and ClassifierUnavailable, in which case nothing further may be shown either.
    """
    said = before  # as the model wrote it
    pieces = 0
    shown = ""
    held = ""
    begun = ""  # the first words of a sentence that goes on
    for sentence in sentences:
        ready, held = _hold_back(held + sentence)
        if ready:
            verdict = _assessed(ready, said, begun)
            ends = has_end(ready)
            if not verdict.passes and not ends and len(ready) <= _FEW:
                held = ready + held
                continue
            passed = _passed(verdict, judged)
            pieces += 1
            said += ready
            begun = "" if ends or len(begun + ready) > _FEW else begun + ready
            shown += passed
            yield passed
    if held:
        passed = _passed(_assessed(held, said, begun), judged)
        pieces += 1
        said += held
        shown += passed
        yield passed
    if pieces > 1 or before:  # one piece that was everything has been judged as a whole already
        _judge_whole(said, shown)


def _assessed(text: str, said: str, begun: str) -> Verdict:
    before = said[: len(said) - len(begun)][-TAIL:]
    return assessment.assess(text, direction=Direction.PERSONA, before=before, begun=begun)


def _passed(verdict: Verdict, judged: Callable[[Verdict], None]) -> str:
    if not verdict.passes:
        raise Blocked(verdict)
    judged(verdict)
    return verdict.text


def _judge_whole(said: str, shown: str) -> None:
    """The last check; personal data that slipped through in pieces blocks, because it cannot be masked any more."""
    if not said.strip():
        return
    verdict = assessment.assess(said, direction=Direction.PERSONA)
    if not verdict.passes:
        raise Blocked(verdict)
    if verdict.action == RuleAction.MASK and pii.find(shown):
        raise Blocked(dataclasses.replace(verdict, action=RuleAction.BLOCK, category=str(Category.PII)))


def _hold_back(text: str) -> tuple[str, str]:
    """What may be judged now, and the end that waits for the next sentence."""
    match = _UNFINISHED.search(text[-_LONGEST_HELD:])
    if match is None:
        return text, ""
    at = len(text) - len(match[0])
    return text[:at], text[at:]
