"""Finds the reply in a model's text: without the thoughts and the label before it, and without another turn after it.

The three functions work on pieces of text, which may be cut anywhere. Text that may still become a mark is held back,
so only text of the reply is passed on. All other text passes at once. Each function is linear in the text's length.

Covered, as the chat templates of these families write them: `<think>` and its relatives (Qwen, DeepSeek, GLM, Olmo,
Seed), `[THINK]` (Magistral), `◁think▷` and `<|open|>think<|sep|>` (Kimi), `<|START_THINKING|>` (Command),
`<|channel>thought` (Gemma 4), `<|channel|>analysis<|message|>` (Harmony; also as it looks when its special tokens are
left out: `analysisWe need …assistantfinal…`); ChatML, Llama 2 and 3, Gemma, Mistral, DeepSeek and Phi turns; Alpaca
and Vicuna headings. A mark in code or directly after a quotation mark is a mention and stays.
Not covered: thoughts without any mark.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence

import regex

from generation import reply_marks as marks


class ThoughtAloud(Exception):
    """The text passed on so far was thoughts: an end mark came without a beginning. `rest` begins with that mark."""

    def __init__(self, rest: str) -> None:
        super().__init__("Thoughts ended without a mark at their beginning.")
        self.rest = rest


def without_thoughts(pieces: Iterable[str], *, is_thinking: bool = False) -> Generator[str]:
    """The reply without the model's thoughts before it. Thoughts without an end mark last to the end of the text.

    A mark in the middle of a sentence begins thoughts only if an end mark follows. `is_thinking` says that the chat
    template has begun the thoughts. Raises ThoughtAloud.
    """
    reader = Thoughts(is_thinking)
    for piece in pieces:
        yield from reader.push(piece)
    if rest := reader.rest():
        yield rest


class Thoughts:
    """Separates thoughts from the reply, piece by piece, as `without_thoughts` does."""

    def __init__(self, is_thinking: bool = False) -> None:
        self._place = _Place()
        self._pending = ""
        self._end = marks.THOUGHTS_END if is_thinking else None  # the end mark, while within thoughts
        self._doubted: list[str] | None = None  # text that is part of the reply if no end mark follows
        self._is_first = not is_thinking
        self._has_thought = False

    def push(self, piece: str) -> Iterator[str]:
        """The text of the reply that the piece makes clear. Raises ThoughtAloud."""
        if self._is_plain(piece):
            yield piece
        else:
            yield from self._read(piece)

    def _is_plain(self, piece: str) -> bool:
        """Whether the piece can pass unchanged. Nearly all pieces can."""
        if self._pending or self._end or self._is_first or self._place.is_trimmed or marks.BEGINNINGS.search(piece):
            return False
        self._place.pass_by(piece)
        return True

    def _read(self, piece: str) -> Iterator[str]:
        self._pending += piece
        if self._is_first and self._may_be_bare():
            return
        self._is_first = False
        is_ready = True
        while self._pending and is_ready:
            if self._end is not None:
                is_ready = self._think(self._end)
                continue
            passage, is_ready = self._next_passage()
            if passage:
                self._place.pass_by(passage)
                yield passage

    def rest(self) -> str:
        """The held-back text that is part of the reply, at the end of the text."""
        if self._doubted is not None:
            return "".join(self._doubted) + self._pending
        if self._end is not None:
            return ""
        last = marks.THOUGHTS.fullmatch(self._pending.rstrip())
        if last is None or self._place.is_mention:
            return self._pending
        self._refuse_unopened(last)
        return ""

    def _may_be_bare(self) -> bool:
        """Whether the text may still begin like Harmony without its special tokens."""
        bare = marks.BARE_ANALYSIS.match(self._pending, partial=True)
        if bare and not bare.partial:
            self._end, self._pending = marks.BARE_FINAL, self._pending[bare.end() :]
        return bare is not None and bool(bare.partial)

    def _think(self, end: "regex.Pattern[str]") -> bool:
        """Skips thoughts. Returns whether they have ended."""
        mark = end.search(self._pending, partial=True)
        at = mark.start() if mark else len(self._pending)
        if self._doubted is not None:
            self._doubted.append(self._pending[:at])
        self._pending = self._pending[at:]
        if mark is None or mark.partial:
            return False
        self._pending = self._pending[len(mark[0]) :]
        self._end, self._doubted = None, None
        self._has_thought = self._place.is_trimmed = True
        return True

    def _next_passage(self) -> tuple[str, bool]:
        """The reply up to the next mark, or the mark if it is only mentioned; and whether more can be read now."""
        self._pending = self._place.trimmed(self._pending)
        mark = marks.THOUGHTS.search(self._pending, partial=True)
        at = mark.start() if mark else len(self._pending)
        if at or mark is None:
            passage, self._pending = self._pending[:at], self._pending[at:]
            return passage, bool(self._pending)
        following = self._pending[len(mark[0]) :]
        is_within = self._place.is_mid_line and self._place.is_after_blank
        goes_on = marks.GOES_ON.match(following, partial=True) if is_within else None
        if mark.partial or (goes_on and goes_on.partial):
            return "", False
        if self._place.is_mention or (mark["closes"] and goes_on):
            self._pending = following
            return mark[0], True
        if mark["opens"]:
            self._end, self._doubted = marks.THOUGHTS_END, [mark[0]] if goes_on else None
        else:
            self._refuse_unopened(mark)
            self._place.is_trimmed = True
        self._pending = following
        return "", True

    def _refuse_unopened(self, mark: "regex.Match[str]") -> None:
        if mark["closes"] and self._place.has_text and not self._has_thought:
            raise ThoughtAloud(self._pending)


def reply_in(text: str) -> str:
    """A whole text without its thoughts."""
    try:
        return "".join(without_thoughts([text]))
    except ThoughtAloud as thought:
        return reply_in(thought.rest)


def without_open_thought(prompt: str) -> str:
    """Ends the thoughts that a chat template has begun at the end of a prompt. Templates write the same end themselves
    if thinking is switched off. Any other prompt is returned unchanged."""
    match = marks.OPEN_END.search(prompt[-80:])
    if not match:
        return prompt
    return prompt + (f"</{match['tag']}>\n\n" if match["tag"] else f"[/{match['name']}]")


def without_label(pieces: Iterable[str], name: str) -> Generator[str]:
    """The text without whitespace and its author's label at the beginning: "**Mira Holm:**", "Mira says:".

    A stage direction before the label stays.
    """
    label = marks.label(name)
    pending = ""
    pieces = iter(pieces)
    for piece in pieces:
        pending = (pending + piece).lstrip()
        while (match := label.match(pending, partial=True)) and not match.partial and match.end() < len(pending):
            pending = _unlabelled(pending, match)
        if pending and not match:
            yield pending
            yield from pieces
            return
    while match := label.match(pending):
        pending = _unlabelled(pending, match)
    if pending:
        yield pending


def _unlabelled(text: str, label: "regex.Match[str]") -> str:
    return ((label["direction"] or "") + text[label.end() :].lstrip()).lstrip()


def until_next_turn(pieces: Iterable[str], names: Sequence[str] = (), *, before: str = "") -> Generator[str]:
    """The text up to the beginning of another turn: "User:" or one of `names` with a colon at the beginning of a line,
    the heading of an instruction, or a chat template's markup. `before` is the text that this text continues."""
    at_line, within = marks.turns(tuple(names))
    place = _Place()
    place.pass_by(before)
    pending = ""
    for piece in pieces:
        if not (pending or "\n" in piece) and place.is_mid_line and not marks.BEGINNINGS.search(piece):
            place.pass_by(piece)
            yield piece
            continue
        pending += piece
        while pending:
            match = (within if place.is_mid_line else at_line).search(pending, partial=True)
            at = match.start() if match else len(pending)
            if passed := pending[:at]:
                place.pass_by(passed)
                yield passed
            pending = pending[at:]
            if match is None or match.partial:
                break
            mark, following = match[0], pending[len(match[0]) :]
            title = marks.TITLE.match(following, partial=True) if match["role"] else None
            if title is not None and title.partial:
                break  # the next words decide whether it is a title
            if title is None and not place.is_mention:
                return
            place.pass_by(mark)
            yield mark
            pending = following
    if pending and not _is_turn(pending, at_line, place):
        yield pending


def _is_turn(end: str, turn: "regex.Pattern[str]", place: "_Place") -> bool:
    """Whether the held-back end of a text begins another turn."""
    if place.is_mid_line or place.is_mention:
        return False
    return marks.LAST_HEADING.fullmatch(end) is not None or turn.fullmatch(end.rstrip()) is not None


_TICKS = regex.compile(r"`+|\n|[^`\n]+")


class _Place:
    """The end of the text passed on so far: its part of a line, whether within code or after a quotation mark."""

    def __init__(self) -> None:
        self.has_text = False
        self.is_mid_line = False
        self.is_trimmed = False  # whitespace is left out until text comes
        self._last = ""
        self._ticks = 0  # backticks in a row at the end
        self._is_block = self._is_code = False

    @property
    def is_mention(self) -> bool:
        return self._is_block or self._is_code or (self._last != "" and self._last in marks.QUOTES)

    @property
    def is_after_blank(self) -> bool:
        return self._last in (" ", "\t")

    def trimmed(self, text: str) -> str:
        if self.is_trimmed:
            text = text.lstrip()
            self.is_trimmed = not text
        return text

    def pass_by(self, text: str) -> None:
        if not text:
            return
        self._last = text[-1]
        if self._ticks or "`" in text or "\n" in text:
            for part in _TICKS.findall(text):
                self._pass_part(part)
        elif not self.is_mid_line:
            self.is_mid_line = not text.isspace()
        self.has_text = self.has_text or self.is_mid_line

    def _pass_part(self, part: str) -> None:
        if part[0] == "`":
            self._ticks += len(part)
            self.is_mid_line = True
            return
        if self._ticks >= 3:
            self._is_block = not self._is_block
        elif self._ticks:
            self._is_code = not self._is_code
        self._ticks = 0
        if part == "\n":
            self.has_text = self.has_text or self.is_mid_line
            self.is_mid_line = self._is_code = False
        else:
            self.is_mid_line = self.is_mid_line or not part.isspace()
