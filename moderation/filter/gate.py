"""Judges a persona's reply, sentence by sentence, before anybody sees it.

Each sentence is judged alone and as the continuation of the last TAIL cleared characters, so a violation across two
sentences is found. The whole reply is judged once more at the end. Personal data is masked before a sentence is
released. If the end of a sentence may be the beginning of a number or an address, it is held back until the next
sentence arrives. The first words of a reply are sent early only if they pass the filter on their own. Otherwise they
wait for the whole sentence. The rest of the sentence is judged together with its first words.

Not covered: a violation across more sentences than the tail holds. Only the last check can find it. Then the reply is
blocked after parts of it were shown, and the page removes them.
"""

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from moderation.categories import Category
from moderation.filter import assessment, pii
from moderation.filter.assessment import Verdict
from moderation.models import Direction, RuleAction
from text.sentences import has_end

TAIL = 200  # characters
_LONGEST_HELD = 64
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
    judge = partial(
        assessment.assess, direction=Direction.PERSONA, is_minor=is_minor, persona_id=persona_id, is_own=is_own
    )
    reply = _Reply(judge, judged, is_own, original=before)
    held_back = ""
    for sentence in sentences:
        ready, held_back = _hold_back(held_back + sentence)
        if not ready:
            continue
        verdict = reply.verdict_on(ready)
        if not verdict.passes and not has_end(ready) and len(ready) <= _FEW:
            held_back = ready + held_back
        else:
            yield reply.add(ready, verdict)
    if held_back:
        yield reply.add(held_back, reply.verdict_on(held_back))
    if reply.pieces > 1 or before:  # a single piece was already judged as a whole
        reply.refuse_as_whole()


@dataclass
class _Reply:
    """The reply so far."""

    judge: Callable[..., Verdict]
    judged: Callable[[Verdict], None]
    is_own: Callable[[str], bool]
    original: str  # as the model wrote it
    masked: str = ""  # as it is shown
    beginning: str = ""  # the first words of a sentence that is not complete
    pieces: int = 0

    def verdict_on(self, text: str) -> Verdict:
        """The verdict on a text that continues the reply."""
        before = self.original[: len(self.original) - len(self.beginning)][-TAIL:]
        return self.judge(text, before=before, begun=self.beginning)

    def add(self, text: str, verdict: Verdict) -> str:
        """Adds a text to the reply, and returns it as it may be shown. Raises Blocked."""
        if not verdict.passes:
            raise Blocked(verdict)
        self.judged(verdict)
        begun = self.beginning + text
        self.beginning = "" if has_end(text) or len(begun) > _FEW else begun
        self.original += text
        self.masked += verdict.text
        self.pieces += 1
        return verdict.text

    def refuse_as_whole(self) -> None:
        """The last check. Personal data in shown pieces blocks the reply, because it cannot be masked any more."""
        if not self.original.strip():
            return
        verdict = self.judge(self.original)
        if not verdict.passes:
            raise Blocked(verdict)
        shown = (self.masked[span.start : span.end] for span in pii.find(self.masked))
        if verdict.action == RuleAction.MASK and not all(map(self.is_own, shown)):
            raise Blocked(replace(verdict, action=RuleAction.BLOCK, category=str(Category.PII)))


def _hold_back(text: str) -> tuple[str, str]:
    """The part that can be judged now, and the end that waits for the next sentence."""
    match = _UNFINISHED.search(text[-_LONGEST_HELD:])
    if match is None:
        return text, ""
    at = len(text) - len(match[0])
    return text[:at], text[at:]
