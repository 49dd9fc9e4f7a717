"""What of a model's text is the reply: not its thoughts, not a label before it, not a turn of somebody else after it.

Three functions over pieces of text, which may be cut anywhere. What may still become a mark is held back, so nothing
is passed on that later proves to be none of the reply; all else passes at once. Each is linear in the text's length.

Covered, as the chat templates of these families write them: `<think>` and its relatives (Qwen, DeepSeek, GLM, Olmo,
Seed), `[THINK]` (Magistral), `◁think▷` and `<|open|>think<|sep|>` (Kimi), `<|START_THINKING|>` (Command),
`<|channel>thought` (Gemma 4), `<|channel|>analysis<|message|>` (Harmony; also as it looks when its special tokens are
left out: `analysisWe need …assistantfinal…`); ChatML, Llama 2 and 3, Gemma, Mistral, DeepSeek and Phi turns; Alpaca
and Vicuna headings. What stands in code or directly behind a quotation mark is a mention and stays.
Not covered: thoughts that no mark sets apart.
"""

from collections.abc import Generator, Iterable, Sequence
from functools import lru_cache

import regex

_TAG = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|analysis|reflection|scratchpad|inner_monologue)"
_FINAL = r"(?:<\|start\|>assistant)?<\|channel\|>final[^<>\n]{0,80}<\|message\|>"
_OPENS = (
    rf"<{_TAG}>|\[think\]|◁think▷|<\|(?:start_thinking|begin_of_thought)\|>|<\|open\|>think<\|sep\|>"
    r"|<\|channel>(?:thought|analysis)"
    r"|(?:<\|start\|>assistant)?<\|channel\|>(?!final)[^<>\n]{1,80}(?:<\|constrain\|>[^<>\n]{0,20})?<\|message\|>"
)
_CLOSES = (
    rf"</{_TAG}>|\[/think\]|◁/think▷|<\|(?:end_thinking|end_of_thought)\|>|<\|close\|>think<\|sep\|>|<channel\|>"
    rf"|{_FINAL}"
)
_WRAPS = r"</?(?:answer|final_answer)>|<\|(?:start|end)_response\|>"
_THOUGHTS = regex.compile(rf"(?P<opens>{_OPENS})|(?P<closes>{_CLOSES})|(?P<wraps>{_WRAPS})", regex.IGNORECASE)
_THOUGHTS_END = regex.compile(_CLOSES, regex.IGNORECASE)
# Harmony without its special tokens, at the very beginning of a text.
_BARE_ANALYSIS = regex.compile(r"\s{0,9}analysis(?=\p{Lu})")
_BARE_FINAL = regex.compile("assistantfinal")
_OPEN_END = regex.compile(rf"(?:<(?P<tag>{_TAG})>|\[(?P<name>THINK)\])\s{{0,9}}$", regex.IGNORECASE)
_MARK_BEGINNINGS = regex.compile(r"[<\[◁]")
_QUOTES = "`'\"‘’“”«»「『("
# Behind a mark: the sentence goes on, so the mark may only be spoken of.
_GOES_ON = regex.compile(r"[,;:.!?)]|[ ]\p{Ll}")

_MARKUP = (
    r"<[|｜][^<>|｜\s]{1,40}[|｜]>|<\|\w{2,20}>|<\w{2,20}\|>|</?(?:start_of_turn|end_of_turn|bos|eos)>|</s>"
    r"|\[/?INST\]|<</?SYS>>|\[\|\w{2,20}\|\]"
)
_HEADINGS = r"[ \t]{0,9}\#{1,6}[ \t]{0,3}(?:instruction|input|response|human|user|assistant|system|question)"
_ROLES = ("You", "User", "Human", "Assistant", "AI", "System", "用户", "人类", "助手")
# "You: a novel" is a title.
_TITLE = regex.compile(
    r"\s{1,3}(?:an?|the)\s{1,3}(?:[\w'’-]{1,20}\s{1,3}){0,3}(?:novel|memoir|story|tale|biography|autobiography|book|poem|play|film"
    r"|movie|musical|song|series|show|guide|history|life|romance|thriller|mystery|comedy|tragedy|portrait)\b",
    regex.IGNORECASE,
)
_LAST_HEADING = regex.compile(rf"{_HEADINGS}[ \t]{{0,3}}", regex.IGNORECASE)
_OWN_ROLES = ("Assistant", "AI", "Model")
_OWN_TURN = (
    r"(?:<s>|</s>|\[/INST\]|<[|｜](?:begin_of_text|assistant)[|｜]>"
    r"|(?:<\|(?:im_start|start_header_id|start)\|>|<start_of_turn>|<\|turn>)(?:assistant|model)"
    r"(?:<\|(?:end_header_id|im_sep|message)\|>|\n))"
)
_SAYS = (
    r"(?:,?\s{1,3}(?:\w{1,12}ly\s)?(?:says?|said|repl(?:ies|ied)|answer(?:s|ed)|respond(?:s|ed)|writes?|wrote|asks?|asked"
    r"|whisper(?:s|ed)|speaks?|spoke)(?:\s\w{1,12}ly)?|(?:说道?|回答道?))"
)
_DIRECTION = r"(?:\([^()\n]{1,80}\)|（[^（）\n]{1,40}）|\*[^*\n]{1,80}\*)"


class ThoughtAloud(Exception):
    """What was passed on so far were thoughts: a mark ends them that nothing had begun. `rest` begins with it."""

    def __init__(self, rest: str) -> None:
        super().__init__("Thoughts ended that no mark had begun.")
        self.rest = rest


def without_thoughts(pieces: Iterable[str], *, is_thinking: bool = False) -> Generator[str]:
    """The text without what a model thinks before it speaks. Thoughts that nothing ends are thoughts to the end.

    Where a sentence goes on behind a mark, it begins thoughts only if another one ends them.
    `is_thinking` says that the chat template has begun them. Raises ThoughtAloud.
    """
    place = _Place()
    held = ""
    doubted: list[str] | None = None  # what is not passed on yet, and will be if nothing ends it
    end = _THOUGHTS_END
    is_first = not is_thinking
    has_thought = False
    for piece in pieces:
        if not (held or is_thinking or is_first or place.is_trimmed) and not _MARK_BEGINNINGS.search(piece):
            place.pass_by(piece)
            yield piece
            continue
        held += piece
        if is_first and (bare := _BARE_ANALYSIS.match(held, partial=True)):
            if bare.partial:
                continue
            is_thinking, end, held = True, _BARE_FINAL, held[bare.end() :]
        is_first = False
        while held:
            if is_thinking:
                found = end.search(held, partial=True)
                at = found.start() if found else len(held)
                if doubted is not None:
                    doubted.append(held[:at])
                held = held[at:]
                if found is None or found.partial:
                    break
                held = held[len(found[0]) :]
                is_thinking, has_thought, doubted, end = False, True, None, _THOUGHTS_END
                place.is_trimmed = True
                continue
            held = place.trimmed(held)
            found = _THOUGHTS.search(held, partial=True)
            at = found.start() if found else len(held)
            if before := held[:at]:
                place.pass_by(before)
                yield before
            held = held[at:]
            if found is None or found.partial:
                break
            mark, rest = found[0], held[len(found[0]) :]
            goes_on = _GOES_ON.match(rest, partial=True) if place.is_mid_line and place.is_after_blank else None
            if goes_on and goes_on.partial:
                break  # the next characters show whether it is only spoken of
            if place.is_mention or (found["closes"] and goes_on):
                place.pass_by(mark)
                yield mark
            elif found["opens"]:
                is_thinking, doubted = True, [mark] if goes_on else None
            elif found["closes"] and place.has_text and not has_thought:
                raise ThoughtAloud(held)
            else:
                place.is_trimmed = True
            held = rest
    if doubted is not None:
        yield "".join(doubted) + held
    elif held and not is_thinking:
        last = _THOUGHTS.fullmatch(held.rstrip())
        if last is None or place.is_mention:
            yield held
        elif last["closes"] and place.has_text and not has_thought:
            raise ThoughtAloud(held)


def spoken(text: str) -> str:
    """A whole text without its thoughts."""
    try:
        return "".join(without_thoughts([text]))
    except ThoughtAloud as thought:
        return spoken(thought.rest)


def without_open_thought(prompt: str) -> str:
    """A prompt whose chat template begins the model's thoughts, with their end, as templates write it themselves where
    thinking is switched off."""
    found = _OPEN_END.search(prompt[-80:])
    if not found:
        return prompt
    return prompt + (f"</{found['tag']}>\n\n" if found["tag"] else f"[/{found['name']}]")


def without_label(pieces: Iterable[str], name: str) -> Generator[str]:
    """The text without blanks at its beginning and without its speaker's label there: "**Mira Holm:**", "Mira says:".

    A stage direction before the label stays.
    """
    label = _label(name)
    held = ""
    pieces = iter(pieces)
    for piece in pieces:
        held = (held + piece).lstrip()
        while (found := label.match(held, partial=True)) and not found.partial and found.end() < len(held):
            held = _unlabelled(held, found)
        if held and not found:
            yield held
            yield from pieces
            return
    while found := label.match(held):
        held = _unlabelled(held, found)
    if held:
        yield held


def _unlabelled(text: str, label: "regex.Match[str]") -> str:
    return ((label["direction"] or "") + text[label.end() :].lstrip()).lstrip()


def until_next_turn(pieces: Iterable[str], names: Sequence[str] = (), *, before: str = "") -> Generator[str]:
    """The text up to where a model goes on with another turn: "User:" or one of `names` with a colon at the beginning
    of a line, a heading of an instruction, or a chat template's markup. `before` is what the text continues."""
    at_line, within = _turns(tuple(names))
    place = _Place()
    place.pass_by(before)
    held = ""
    for piece in pieces:
        if not (held or "\n" in piece) and place.is_mid_line and not _MARK_BEGINNINGS.search(piece):
            place.pass_by(piece)
            yield piece
            continue
        held += piece
        while held:
            found = (within if place.is_mid_line else at_line).search(held, partial=True)
            at = found.start() if found else len(held)
            if passed := held[:at]:
                place.pass_by(passed)
                yield passed
            held = held[at:]
            if found is None or found.partial:
                break
            mark, rest = found[0], held[len(found[0]) :]
            title = _TITLE.match(rest, partial=True) if found["role"] else None
            if title is not None and title.partial:
                break  # the next words show whether it is a title
            if title is None and not place.is_mention:
                return
            place.pass_by(mark)
            yield mark
            held = rest
    if held and not _is_turn(held, at_line, place):
        yield held


def _is_turn(end: str, turn: "regex.Pattern[str]", place: "_Place") -> bool:
    """Whether the very end of a text, which was held back, begins another turn."""
    if place.is_mid_line or place.is_mention:
        return False
    return _LAST_HEADING.fullmatch(end) is not None or turn.fullmatch(end.rstrip()) is not None


@lru_cache(maxsize=256)
def _label(name: str) -> "regex.Pattern[str]":
    words = name.split()
    own = sorted({name, *words[:1], *words[-1:], *_OWN_ROLES} - {""}, key=len, reverse=True)
    speaker = rf"(?:{'|'.join(map(regex.escape, own))})(?:[ ]\p{{Lu}}[\w'’-]{{0,20}}){{0,2}}"
    spoken = rf"{speaker}(?:\s?\([^()\n]{{0,60}}\))?{_SAYS}?"
    return regex.compile(
        rf"(?i:{_OWN_TURN})|(?P<direction>{_DIRECTION}[ \t]{{0,3}})?"
        rf"(?:(?P<bold>[*_]{{1,3}})(?:{spoken}(?P=bold)\s?[:：]|{spoken}\s?[:：]\s?(?P=bold))"
        rf"|\[{spoken}\]\s?[:：]|{spoken}\s?[:：])[ \t]{{0,3}}"
    )


@lru_cache(maxsize=256)
def _turns(names: tuple[str, ...]) -> "tuple[regex.Pattern[str], regex.Pattern[str]]":
    """What begins another turn, for a text that is at the beginning of a line and for one that is within it."""
    roles = sorted({*_ROLES, *filter(None, names)}, key=len, reverse=True)
    role = rf"(?:{'|'.join(map(regex.escape, roles))})"
    lines = (
        r"[ \t]{0,9}(?P<role>"
        rf"(?P<bold>[*_]{{1,3}})(?:{role}(?P=bold)[ \t]?[:：]|{role}[ \t]?[:：](?P=bold))|{role}[ \t]?[:：])"
        rf"|{_HEADINGS}[ \t]{{0,3}}(?:[:：]|(?=\n))"
    )
    first, later = (
        regex.compile(rf"(?:{anchor})(?:{lines})|{_MARKUP}", regex.IGNORECASE) for anchor in (r"\A|(?<=\n)", r"(?<=\n)")
    )
    return first, later


_TICKS = regex.compile(r"`+|\n|[^`\n]+")


class _Place:
    """Where the text that was passed on ends: in which part of a line, within code, behind a quotation mark."""

    def __init__(self) -> None:
        self.has_text = False
        self.is_mid_line = False
        self.is_trimmed = False  # blanks are left out until text comes
        self._last = ""
        self._ticks = 0  # in a row, at the very end
        self._is_block = self._is_code = False

    @property
    def is_mention(self) -> bool:
        return self._is_block or self._is_code or (self._last != "" and self._last in _QUOTES)

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
