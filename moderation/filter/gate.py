"""Judges a persona's reply, sentence by sentence, before anybody sees it.

Each sentence is judged alone and as the continuation of the last TAIL cleared characters, so a violation across two
sentences is found. The whole reply is judged once more at the end. Personal data is masked before a sentence is
released. If the end of a sentence may be the beginning of a number or an address, it is held back until the next
sentence arrives. The first words of a reply are sent early only if they pass the filter on their own. Otherwise they
wait for the whole sentence. The rest of the sentence is judged together with its first words.

Not covered: a violation across more sentences than the tail holds. Only the last check can find it. Then the reply is
blocked after parts of it were shown, and the page removes them.
"""

import dataclasses
import re
from collections.abc import Callable, Generator, Iterator
from functools import partial
from uuid import UUID

from moderation.filter import assessment, pii
from moderation.filter.assessment import Verdict
from moderation.filter.classifiers.base import Category
from moderation.models import Direction, RuleAction
from text.sentences import has_end

TAIL = 200  # characters
_LONGEST_HELD = 64
_Judge = Callable[..., Verdict]
# Digits with the separators that people write between them, or a text with an @, at the very end.
_UNFINISHED = re.compile(r"(?:[+(（]?\d[\d\s().,;:\-‐–—·/]{0,64}|[^\s@]{1,64}@\S{0,64}|[+(（]\s{0,64})$")
# Characters of a sentence's first words. A part this short is never blocked alone. A longer part is judged at once.
_FEW = 80


class Blocked(Exception):
    """The reply must stop, and its shown parts must be removed."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.category)
        self.verdict = verdict


def cleared(
    sentences: Iterator[str],
    *,
    before: str = "",
    judged: Callable[[Verdict], None] = lambda verdict: None,
    is_minor: bool = False,
    persona_id: UUID | None = None,
    is_own: Callable[[str], bool] = lambda words: False,
) -> Generator[str]:
    """Yields the sentences that passed, masked where needed, in order. Joined, they are the reply that may be stored.

    `before` is earlier cleared text that the sentences continue. `judged` is called with the verdict of each part
    that passed. `is_minor`: the reader is under 18. `persona_id`: the persona whose own rules hold too.
    `is_own`: whether personal data stands in the words of the persona's owner, who reads the reply. It is shown if the
    policy allows that.

    Raises Blocked and ClassifierUnavailable. After either, nothing further may be shown.
    """
    judge: _Judge = partial(
        assessment.assess, direction=Direction.PERSONA, is_minor=is_minor, persona_id=persona_id, is_own=is_own
    )
    original = before  # the reply so far, as the model wrote it
    pieces = 0
    masked = ""
    pending = ""
    beginning = ""  # the first words of a sentence that is not complete
    for sentence in sentences:
        ready, pending = _hold_back(pending + sentence)
        if ready:
            verdict = _assessed(ready, original, beginning, judge)
            ends = has_end(ready)
            if not verdict.passes and not ends and len(ready) <= _FEW:
                pending = ready + pending
                continue
            cleared_text = _passed(verdict, judged)
            pieces += 1
            original += ready
            beginning = "" if ends or len(beginning + ready) > _FEW else beginning + ready
            masked += cleared_text
            yield cleared_text
    if pending:
        cleared_text = _passed(_assessed(pending, original, beginning, judge), judged)
        pieces += 1
        original += pending
        masked += cleared_text
        yield cleared_text
    if pieces > 1 or before:  # a single piece was already judged as a whole
        _judge_whole(original, masked, judge, is_own)


def _assessed(text: str, original: str, beginning: str, judge: _Judge) -> Verdict:
    before = original[: len(original) - len(beginning)][-TAIL:]
    return judge(text, before=before, begun=beginning)


def _passed(verdict: Verdict, judged: Callable[[Verdict], None]) -> str:
    if not verdict.passes:
        raise Blocked(verdict)
    judged(verdict)
    return verdict.text


def _judge_whole(original: str, masked: str, judge: _Judge, is_own: Callable[[str], bool]) -> None:
    """The last check. Personal data in shown pieces blocks the reply, because it cannot be masked any more."""
    if not original.strip():
        return
    verdict = judge(original)
    if not verdict.passes:
        raise Blocked(verdict)
    shown = (masked[span.start : span.end] for span in pii.find(masked))
    if verdict.action == RuleAction.MASK and not all(map(is_own, shown)):
        raise Blocked(dataclasses.replace(verdict, action=RuleAction.BLOCK, category=str(Category.PII)))


def _hold_back(text: str) -> tuple[str, str]:
    """The part that can be judged now, and the end that waits for the next sentence."""
    match = _UNFINISHED.search(text[-_LONGEST_HELD:])
    if match is None:
        return text, ""
    at = len(text) - len(match[0])
    return text[:at], text[at:]
