"""What a persona's fine-tune learns from, and what it is measured with: its passages as lines of a talk.

Passages are used, because the filter has read them. The words of other people are only the lines that the persona
answers. They are read and never learnt.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generation.tuning import examples
from generation.tuning.examples import Example
from personas.prompting import prompt
from personas.prompting.prompt import Line
from personas.prompting.prompt_sheet import Sheet
from personas.prompting.samples import Prompted
from text.scripts import wide_characters

EPOCHS = 2  # of 30,000 words of letters, a third one predicted the held-out words no better
LONGEST = 512  # tokens of an example
_WINDOW = 1_600  # characters of the passages of one example, about 400 tokens; wide characters count three times
_HELD_OUT = 12  # one of so many examples is kept apart
_MOST_LEARNT, _MOST_HELD_OUT = 250, 20  # examples; of a larger corpus they are spread evenly
MOST_WORDS = 75_000  # about as many as these examples hold
_WIDE_PER_WORD = 1.6  # Chinese characters that say as much as an English word


@dataclass(frozen=True)
class Material:
    learnt: list[Example]
    held_out: list[Example]
    messages: list[str]  # that the held-out passages answer


def words(texts: Iterable[str]) -> int:
    """The number of words. Languages without spaces are counted by their characters."""
    count = 0.0
    for text in texts:
        wide = wide_characters(text)
        count += len(text.split()) if wide < len(text) // 3 else wide / _WIDE_PER_WORD
    return int(count)


def of(sheet: Sheet, passages: Sequence[Prompted], tokenizer: Callable[..., Mapping[str, Any]]) -> Material:
    """The material of a persona. The same passages, in the same order, always give the same.

    Whole runs of passages are held out, so that the words around a held-out one are not learnt.
    """
    plain = replace(sheet, exchanges=())
    windows, apart = _divided(passages)
    parts: dict[bool, list[Example]] = {False: [], True: []}
    for number, window in enumerate(windows):
        example = examples.encoded(tokenizer, prompt.transcript(plain, list(_lines(window))), limit=LONGEST)
        if example.targets:
            parts[number in apart].append(example)
    messages = [passage.prompted_by for number in sorted(apart) for passage in windows[number] if passage.prompted_by]
    return Material(
        learnt=_spread(parts[False], _MOST_LEARNT), held_out=_spread(parts[True], _MOST_HELD_OUT), messages=messages
    )


def held_out(passages: Sequence[Prompted]) -> list[list[Prompted]]:
    """The runs of passages that a fine-tune does not learn."""
    windows, apart = _divided(passages)
    return [windows[number] for number in sorted(apart)]


def _divided(passages: Sequence[Prompted]) -> tuple[list[list[Prompted]], set[int]]:
    """All runs of passages, and the numbers of those that are kept apart."""
    windows = list(_windows(passages))
    ordered = sorted(range(len(windows)), key=lambda n: _order(windows[n]))
    return windows, set(ordered[: -(-len(windows) // _HELD_OUT)])


def _spread(rows: list[Example], most: int) -> list[Example]:
    return rows if len(rows) <= most else [rows[n * len(rows) // most] for n in range(most)]


def _windows(passages: Iterable[Prompted]) -> Iterator[list[Prompted]]:
    window: list[Prompted] = []
    length = 0
    for passage in passages:
        size = _length(passage.text) + _length(passage.prompted_by)
        if window and length + size > _WINDOW:
            yield window
            window, length = [], 0
        window.append(passage)
        length += size
    if window:
        yield window


def _lines(window: Iterable[Prompted]) -> Iterator[Line]:
    for passage in window:
        if passage.prompted_by:
            yield Line("user", passage.prompted_by)
        yield Line("persona", passage.text)


def _length(text: str) -> int:
    return len(text) + 2 * wide_characters(text)


def _order(window: Sequence[Prompted]) -> bytes:
    """Depends on the words alone, so that most of what was held out stays so when files are added."""
    return hashlib.sha256(window[0].text.encode()).digest()
