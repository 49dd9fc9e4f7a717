"""The prompt for the next words of a story, and the script of a continuation. Pure: no database, no clock, no model.

The room is `context_length - max_tokens`, less a small reserve. Its parts, in the order of the prompt:

1. title, narrator and premise, up to a third of the room;
2. a line for each chapter whose text does not fit whole: its summary, or its first sentence where its author wrote
   none. Up to a fifth of the room; the oldest goes first. So the beginning of a long story stays known;
3. the end of the story's text, as far as it fits. Its first paragraph moves in steps of BLOCK, so that the beginning of
   a cached prompt stays valid.
"""

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from chat.reply import cleaning, sentences
from chat.reply.reply_run import Script
from generation import reply_text
from generation.engine import EngineInfo, Prompt, PromptMessage, PromptTooLong, Sampling
from personas.prompting.prompt import MESSAGE_OVERHEAD, RESERVE, cut_end, cut_middle, one_line
from personas.prompting.prompt_sheet import Sheet
from stories.models import Dial
from stories.phrases import Phrases, phrases_for
from text.sentences import split

Count = Callable[[str], int]

BLOCK = 4  # paragraphs
_LEAST = 48  # tokens of the story's end, without which nothing can be continued
_MOST_TOKENS = 90  # of a continuation
_REPETITION = 1.1  # with less, small models turn in circles
_STOP = ("<|im_", "<|end", "\n###")
_HEADING = 16  # characters of a line in which a heading shows
_EARLIER = 12  # paragraphs that a continuation is compared with, so that it is no echo of them
# Chosen by reading continuations, docs/decisions/0020-stories.md.
TEMPERATURES = {Dial.STEADY: 0.5, Dial.LIVELY: 0.8, Dial.WILD: 1.1}

_QUOTED = re.compile('["“”「」『』]')
_YOU = re.compile(r"\byour?\b|[你您]", re.IGNORECASE)


@dataclass(frozen=True)
class Chapter:
    title: str
    summary: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Telling:
    """All of a story that a prompt may hold."""

    title: str
    premise: str
    chapters: tuple[Chapter, ...]
    is_open: bool  # the last sentence has no end yet


def script(sheet: Sheet, telling: Telling, dial: Dial) -> Script:
    """The narrator's next words."""

    def make(info: EngineInfo, count: Count) -> tuple[Prompt, Sampling]:
        values = sampling(info, dial)
        return build(sheet, telling, info, values.max_tokens, count), values

    written = [paragraph for chapter in telling.chapters for paragraph in chapter.paragraphs]
    return Script(
        build=make,
        stages=(
            reply_text.until_next_turn,
            partial(until_heading, phrases=phrases_for(sheet.language)),
            cleaning.until_stuttering,
            sentences.split,
            without_asides,
            cleaning.until_repeated,
            partial(cleaning.without_echoes, earlier=written[-_EARLIER:]),
            cleaning.without_broken_end,
        ),
    )


def sampling(info: EngineInfo, dial: Dial) -> Sampling:
    """The model's own values with the temperature of the dial. The person chooses, so nothing is ranked."""
    return replace(
        info.sampling,
        temperature=TEMPERATURES[dial],
        repetition_penalty=_REPETITION,
        max_tokens=_MOST_TOKENS,
        candidates=1,
        stop=(),
    )


def build(sheet: Sheet, telling: Telling, info: EngineInfo, max_tokens: int, count: Count) -> Prompt:
    """The prompt for the next words. Raises PromptTooLong.

    A model that follows instructions reads the story and is asked to go on. A small model with a chat template is asked
    for the story, and the story so far stands as the beginning of its own answer. A base model reads a book.
    """
    phrases = phrases_for(sheet.language)
    room = info.context_length - max_tokens - RESERVE
    if info.prompt_form == "chat":
        about = _about(sheet, telling, phrases.task, room // 3, count)
    elif info.has_chat_template:
        about = _about(sheet, telling, phrases.asked, room // 3, count)
    else:
        about = _about(sheet, telling, phrases.told_by, room // 3, count)
    left = room - count(about) - 3 * MESSAGE_OVERHEAD
    if left < _LEAST:
        raise PromptTooLong(f"{info.context_length} tokens of context leave no room beside {max_tokens} for a story.")
    story = "\n\n".join(_lines(telling.chapters, phrases, left, count))
    if info.prompt_form == "chat":
        task = phrases.end_sentence if telling.is_open else phrases.go_on
        messages = (PromptMessage("system", about), PromptMessage("user", f"{story}\n\n[{task}]".strip()))
        return Prompt("chat", messages=messages, stop=_STOP)
    if info.has_chat_template:
        messages = (PromptMessage("system", phrases.novelist), PromptMessage("user", about))
        return Prompt("chat", messages=messages, prefix=story, stop=_STOP)
    return Prompt("transcript", text=f"{about}\n\n{story}", stop=_STOP)


def _about(sheet: Sheet, telling: Telling, words: str, limit: int, count: Count) -> str:
    """Who narrates, and what the story is about."""
    description = cut_end(one_line(sheet.description), limit // 2, count)
    narrator = words.format(name=one_line(sheet.name), description=description).strip()
    premise = phrases_for(sheet.language).premise.format(premise=one_line(telling.premise)) if telling.premise else ""
    return cut_end("\n".join(filter(None, [one_line(telling.title), narrator, premise])), limit, count)


def _lines(chapters: Sequence[Chapter], phrases: Phrases, room: int, count: Count) -> list[str]:
    """The story as far as it fits: headings and paragraphs. What does not fit is told by a line for each chapter."""
    lines: list[tuple[int, str]] = []  # number of the chapter, and the text
    for number, chapter in enumerate(chapters, 1):
        if len(chapters) > 1 or chapter.title:
            lines.append((number, heading(chapter.title, number, phrases)))
        lines += [(number, one_line(paragraph)) for paragraph in chapter.paragraphs]
    texts = [text for _, text in lines]
    if _beginning_of_end(texts, room, count) == 0:
        return texts
    start = _beginning_of_end(texts, room - room // 5, count)
    start = min(-(-start // BLOCK) * BLOCK, len(texts) - 1)
    texts[-1] = cut_middle(texts[-1], room - room // 5, count)
    told = [_summary(chapter, number, phrases) for number, chapter in enumerate(chapters[: lines[start][0]], 1)]
    return [*told[_beginning_of_end(told, room // 5, count) :], *texts[start:]]


def _beginning_of_end(texts: Sequence[str], limit: int, count: Count) -> int:
    """The index from which on the texts fit into `limit` tokens together."""
    for index in range(len(texts), 0, -1):
        limit -= count(texts[index - 1]) + 2  # with the blank line after it
        if limit < 0:
            return index
    return 0


def heading(title: str, number: int, phrases: Phrases) -> str:
    return (phrases.titled if title else phrases.chapter).format(number=number, title=one_line(title))


def _summary(chapter: Chapter, number: int, phrases: Phrases) -> str:
    """What a chapter tells, in a line."""
    first = split(chapter.paragraphs[0])[0] if chapter.paragraphs else ""
    summary = phrases.so_far.format(summary=one_line(chapter.summary or first))
    return f"{heading(chapter.title, number, phrases)}\n{summary}"


# --- Stages of a continuation ----------------------------------------------------------------------


def until_heading(pieces: Iterator[str], phrases: Phrases) -> Generator[str]:
    """The text up to a line that begins another chapter or ends the book. Lines are held until they have a word."""
    line, passed = "", 0  # how much of the line was passed on
    for piece in pieces:
        line += piece
        while "\n" in line:
            whole, line = line.split("\n", 1)
            if not passed and phrases.heading.match(whole):
                return
            yield whole[passed:] + "\n"
            passed = 0
        if passed or len(line) > _HEADING:
            if not passed and phrases.heading.match(line):
                return
            yield line[passed:]
            passed = len(line)
    if line[passed:] and (passed or not phrases.heading.match(line)):
        yield line[passed:]


def without_asides(sentences: Iterator[str]) -> Generator[str]:
    """The sentences without questions to the reader.

    A model that was taught to talk asks them within a story: "What did you do?", or any question that is a paragraph by
    itself. What is within quotation marks is part of the story.
    """
    is_beginning = True  # of a paragraph
    for sentence in sentences:
        ends = sentence.endswith("\n")
        if not (_is_question(sentence) and (_YOU.search(sentence) or (is_beginning and ends))):
            yield sentence
        is_beginning = ends


def _is_question(sentence: str) -> bool:
    return sentence.rstrip().endswith(("?", "？")) and not _QUOTED.search(sentence)
