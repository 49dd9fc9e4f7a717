"""Chooses a remote reply among several whole answers, by their first pieces.

The answers are drawn side by side: by one request, which reads the prompt once, where the server has `n`, and
otherwise by a request for each. Nothing is shown before the choice. Then the best answer streams on as it arrives.
Requests of other answers are closed. Answers of the same request run to their end, because the server reports the usage
only there.

Not covered: a server whose chat template has begun thoughts without a mark. The beginning of its thoughts is compared.
"""

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil, isfinite

from generation import reply_text
from generation.engine import Candidate, Choice, EngineError, EngineFailed, Ranking, Token, Usage, choose
from generation.engines.batching.stopping import StopStrings
from generation.engines.openai_events import Event, Part

_LONGEST = 40  # tokens of a first piece
_ALONE = 24  # tokens of the first answer after which the others have begun, if the server draws them
_ENOUGH = 5 / 8  # of the answers; when so many first pieces are drawn, the reader waits for no other

Item = Event | EngineError | None  # of a request: an event, the error that ended it, or None at its end
Put = Callable[[Item], None]
Ask = Callable[[int, int, Put], "Future[None]"]  # begins a request: the number of answers, and of the request


class Refused(EngineFailed):
    """The server does not accept the request as it is."""


@dataclass(eq=False)
class _Request:
    wanted: int  # answers of it that may be chosen
    reading: "Future[None]" = field(default_factory=Future)
    usage: Usage | None = None
    has_begun: bool = False
    is_over: bool = False


@dataclass(eq=False)
class Answer:
    request: _Request
    stops: StopStrings
    tokens: list[Token] = field(default_factory=list)
    count: int = 0  # of all its tokens, also of those that came after its end
    text: str = ""  # without thoughts, until the candidate is drawn
    rest: str = ""  # text that belongs to no token, at the end
    candidate: Candidate | None = None  # its first piece
    is_over: bool = False
    _thoughts: reply_text.Thoughts = field(default_factory=reply_text.Thoughts)
    _pieces: int = 0  # of `text`

    def take(self, part: Part, ranking: Ranking) -> None:
        """Adds an event's part."""
        if part.text is not None:
            self.count += 1
        if self.is_over:
            return
        if part.text is not None:
            text = self.stops.push(part.text)
            self.tokens.append(Token(text, logprob=part.logprob, alternatives=part.alternatives))
            self._read(text)
        if part.is_last or self.stops.found:
            self.end()
        elif self.candidate is None and self._is_drawn(ranking):
            self._draw()

    def end(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        self.rest = self.stops.finish()
        if self.candidate is None:
            self._read(self.rest, is_last=True)
            self._draw()

    def _is_drawn(self, ranking: Ranking) -> bool:
        return not self.stops.is_holding and (self._pieces >= _LONGEST or ranking.is_whole(self.text))

    def _draw(self) -> None:
        logprobs = [token.logprob for token in self.tokens if token.logprob is not None and isfinite(token.logprob)]
        likelihood = sum(logprobs) / len(logprobs) if logprobs else None
        self.candidate = Candidate(self.text, likelihood, ())

    def _read(self, text: str, *, is_last: bool = False) -> None:
        if self.candidate is not None:
            return
        try:
            visible = self._without_thoughts(text, is_last)
        except reply_text.ThoughtAloud as thought:
            self._thoughts, self.text = reply_text.Thoughts(), ""
            visible = self._without_thoughts(thought.rest, is_last)
        self.text += visible
        self._pieces += bool(visible)

    def _without_thoughts(self, text: str, is_last: bool) -> str:
        return "".join(self._thoughts.push(text)) + (self._thoughts.rest() if is_last else "")


class Answers:
    """The answers to one prompt. Only one thread may use it."""

    def __init__(
        self, ask: Ask, count: int, *, together: bool, stops: tuple[str, ...], ranking: Ranking, look_s: float
    ) -> None:
        """`together` asks for all answers in one request. `look_s` is how often a wait checks for a cancellation."""
        self.together = together  # False as soon as the server is seen to draw only one answer to a request
        self._ask = ask
        self._stops = stops
        self._ranking = ranking
        self._look_s = look_s
        self._items: queue.SimpleQueue[tuple[_Request, Item]] = queue.SimpleQueue()
        self._requests: list[_Request] = []
        self._answers: dict[tuple[_Request, int], Answer] = {}
        self._begin(count)

    def draw(self, cancelled: Callable[[], bool]) -> dict[Answer, Candidate]:
        """The answers whose first piece is drawn, as soon as they are enough; none if the reply was cancelled.

        Raises EngineError if no request is left.
        """
        while not cancelled():
            drawn = {
                answer: answer.candidate
                for answer in self._answers.values()
                if answer.candidate is not None and answer.request.wanted
            }
            if drawn and len(drawn) >= ceil(_ENOUGH * sum(request.wanted for request in self._requests)):
                return drawn
            self._take_next()
        return {}

    def choose(self, drawn: dict[Answer, Candidate], before: str) -> tuple[Answer, Choice]:
        """The best answer. All others end here."""
        choice = choose(self._ranking, before, list(drawn.values()))
        chosen = list(drawn)[choice.chosen]
        for request in self._requests:
            if request is not chosen.request:
                request.reading.cancel()
                request.wanted, request.is_over = 0, True
        for answer in self._answers.values():
            if answer is not chosen:
                answer.end()
        return chosen, choice

    def stream(self, chosen: Answer, choice: Choice, cancelled: Callable[[], bool]) -> Iterator[Token]:
        """The tokens of the answer, to the end of its request. The first one carries the choice."""
        sent = 0
        while True:
            for number, token in enumerate(chosen.tokens[sent:], sent):
                yield replace(token, choice=choice) if number == 0 else token
            sent = len(chosen.tokens)
            if chosen.request.is_over or chosen.stops.found or cancelled():
                return
            self._take_next()

    def usage(self, chosen: Answer | None, prompt_tokens: int) -> Usage:
        """The cost of all answers. `prompt_tokens` is an estimate, for a server that reports no usage."""
        request = chosen.request if chosen else None
        reported = request.usage if request else None
        own = sum(answer.count for answer in self._answers.values() if answer.request is request)
        others = sum(answer.count for answer in self._answers.values()) - own
        written = chosen.count if chosen else 0
        requests = sum(request.has_begun for request in self._requests)
        if reported is not None:
            # llama.cpp reports one of the answers. Each event counted here has a token or more.
            prompt_tokens, own = reported.prompt_tokens, max(own, reported.completion_tokens)
        return Usage(
            prompt_tokens,
            reported.cached_tokens if reported else 0,
            written,
            is_estimated=reported is None or requests > 1,
            dropped_prompt_tokens=prompt_tokens * max(0, requests - 1),
            dropped_completion_tokens=max(0, own - written) + others,
        )

    def close(self) -> None:
        for request in self._requests:
            request.reading.cancel()

    def _begin(self, count: int) -> None:
        """Begins to draw so many answers."""
        for size in [count] if self.together else [1] * count:
            request = _Request(size)
            self._requests.append(request)
            request.reading = self._ask(size, len(self._requests) - 1, partial(self._put, request))

    def _put(self, request: _Request, item: Item) -> None:
        self._items.put((request, item))

    def _take_next(self) -> None:
        """Takes one item if one arrives soon. Raises EngineError if no request is left."""
        try:
            request, item = self._items.get(timeout=self._look_s)
        except queue.Empty:
            return
        if isinstance(item, Event):
            self._take(request, item)
        elif request.is_over:
            return  # it was closed by `choose`
        elif item is None:
            self._end(request)
        else:
            self._fail(request, item)
        self._ask_for_missing(request)

    def _take(self, request: _Request, event: Event) -> None:
        request.has_begun = True
        request.usage = event.usage or request.usage
        for part in event.parts:
            if (request, part.choice) in self._answers or 0 <= part.choice < request.wanted:
                self._answer(request, part.choice).take(part, self._ranking)

    def _end(self, request: _Request) -> None:
        request.is_over = True
        self._answer(request, 0)  # which is empty if no event came
        answers = self._of(request)
        for answer in answers:
            answer.end()
        if len(answers) > 1:
            request.wanted = len(answers)

    def _fail(self, request: _Request, error: EngineError) -> None:
        wanted, request.wanted, request.is_over = request.wanted, 0, True
        if isinstance(error, Refused) and wanted > 1:
            self.together = False
            self._begin(wanted)
        elif not any(other.wanted for other in self._requests):
            raise error

    def _ask_for_missing(self, request: _Request) -> None:
        """Asks for the other answers one by one if the server draws only one in a request for several."""
        answers = self._of(request)
        if request.wanted > 1 and len(answers) == 1 and (answers[0].is_over or answers[0].count >= _ALONE):
            missing, request.wanted, self.together = request.wanted - 1, 1, False
            self._begin(missing)

    def _answer(self, request: _Request, number: int) -> Answer:
        return self._answers.setdefault((request, number), Answer(request, StopStrings(self._stops)))

    def _of(self, request: _Request) -> list[Answer]:
        return [answer for answer in self._answers.values() if answer.request is request]
