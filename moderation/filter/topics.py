"""Recognises the topics of the policy: a text is on a topic if a sentence of it is like the topic's examples.

Sentences are compared by their MiniLM vectors, and those in Chinese, which MiniLM cannot read, by their characters.
What counts is how much more a sentence is like examples of the topic than like everyday talk.
docs/moderation-model-card.md has the measured figures.

Not covered: languages other than English and Chinese, and a topic that only the context tells.
"""

import math
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from moderation import features
from moderation.categories import ClassifierUnavailable
from moderation.filter import encoder
from moderation.filter.policy import TopicSpec
from moderation.remembered import Remembered
from text import sentences

_SENTENCES: dict[str, tuple[str, ...]] = {
    name: tuple(topic["examples"])
    for name, topic in tomllib.loads(
        (Path(__file__).resolve().parent.parent / "data" / "topics.toml").read_text(encoding="utf-8")
    ).items()
}
_ORDINARY = _SENTENCES.pop("ordinary")
SHIPPED = {name: TopicSpec(name, examples) for name, examples in _SENTENCES.items()}

_LONGEST = 400  # characters of a sentence that are compared at once
_TOKENS = 96
_NEAREST = 3  # so many of the nearest examples count, so that one odd example decides nothing
# Chosen on sentences that are not among the examples (docs/moderation-model-card.md).
_LATIN, _CHINESE = (30.0, 0.05), (30.0, 0.04)  # slope and offset of the logistic function of the margin

Matrix = npt.NDArray[np.float32]


def shipped(name: str) -> TopicSpec:
    return SHIPPED[name]


def score(texts: Sequence[str], topics: tuple[TopicSpec, ...]) -> list[dict[str, float]]:
    """For each text, in order, the score of each topic's category, in [0, 1]. Raises ClassifierUnavailable.

    The score of a text is that of the sentence that is most on the topic.
    """
    if not topics:
        return [{} for _ in texts]
    parts = [list(sentence_parts(text)) for text in texts]
    scores = _of_parts(sorted({part for of_text in parts for part in of_text}), topics)
    return [
        {
            topic.category: max((scores[part][number] for part in of_text), default=0.0)
            for number, topic in enumerate(topics)
        }
        for of_text in parts
    ]


def _of_parts(parts: Sequence[str], topics: tuple[TopicSpec, ...]) -> dict[str, tuple[float, ...]]:
    """Part → its scores, in the order of the topics. The newest are remembered: a reply is judged again as it grows."""
    _REMEMBERED.forget_others(topics)
    keys = {part: _REMEMBERED.key([part]) for part in parts}
    results = {part: known for part in parts if (known := _REMEMBERED.get(keys[part])) is not None}
    for is_chinese in (False, True):
        new = [part for part in _of_script(parts, is_chinese) if part not in results]
        if not new:
            continue
        try:
            scores = _recogniser(topics, is_chinese).scores(new)
        except encoder.EncoderMissing as error:
            raise ClassifierUnavailable(str(error)) from error
        for part, row in zip(new, scores, strict=True):
            results[part] = tuple(map(float, row))
            _REMEMBERED.put(keys[part], results[part])
    return results


_REMEMBERED: Remembered[tuple[float, ...]] = Remembered(20_000)


def sentence_parts(text: str) -> Iterator[str]:
    """The sentences with a content word; a long one in pieces."""
    for sentence in sentences.split(text):
        for start in range(0, len(sentence), _LONGEST):
            part = sentence[start : start + _LONGEST]
            if features.has_content(part):
                yield part


class _Recogniser:
    """Compares sentences of one script with the examples of that script."""

    def __init__(self, topics: Sequence[TopicSpec], is_chinese: bool) -> None:
        """Raises encoder.EncoderMissing."""
        groups = [_of_script(examples, is_chinese) for examples in (_ORDINARY, *(topic.examples for topic in topics))]
        self._slope, self._offset = _CHINESE if is_chinese else _LATIN
        self._vectors = _Characters([text for group in groups for text in group]) if is_chinese else _vectors
        self._groups = [self._vectors(group) if group else None for group in groups]

    def scores(self, texts: Sequence[str]) -> Matrix:
        """float32 [texts, topics]. A topic without examples of the script has 0. Raises encoder.EncoderMissing."""
        vectors = self._vectors(texts)
        ordinary, *by_topic = (_nearness(vectors, group) for group in self._groups)
        margins = np.stack(by_topic, axis=1) - ordinary[:, None] - self._offset
        return np.asarray(1 / (1 + np.exp(-self._slope * np.clip(margins, -2, 2))), dtype=np.float32)


@lru_cache(maxsize=8)
def _recogniser(topics: tuple[TopicSpec, ...], is_chinese: bool) -> _Recogniser:
    return _Recogniser(topics, is_chinese)


def _of_script(texts: Sequence[str], is_chinese: bool) -> list[str]:
    return [text for text in texts if features.is_mostly_cjk(text) == is_chinese]


def _nearness(vectors: Matrix, group: Matrix | None) -> Matrix:
    """float32 [texts]: the mean cosine of the nearest examples; very far from a group without any."""
    if group is None:
        return np.full(len(vectors), -9, dtype=np.float32)
    cosines = vectors @ group.T
    return np.asarray(np.sort(cosines, axis=1)[:, -_NEAREST:].mean(axis=1), dtype=np.float32)


def _vectors(texts: Sequence[str]) -> Matrix:
    return encoder.minilm().encode(texts, max_tokens=_TOKENS)


class _Characters:
    """Vectors of characters, weighed by how rare they are in `texts` (TF-IDF)."""

    def __init__(self, texts: Sequence[str]) -> None:
        documents = Counter(character for text in texts for character in set(_characters(text)))
        self._columns = {character: column for column, character in enumerate(documents)}
        self._weights = {
            character: math.log((1 + len(texts)) / (1 + count)) + 1 for character, count in documents.items()
        }
        self._of_unknown = math.log(1 + len(texts)) + 1

    def __call__(self, texts: Sequence[str]) -> Matrix:
        """float32 [texts, known characters]. Unknown characters make a row shorter than 1."""
        matrix = np.zeros((len(texts), len(self._columns)), dtype=np.float32)
        for row, text in enumerate(texts):
            counts = Counter(_characters(text))
            values = {
                character: count * self._weights.get(character, self._of_unknown) for character, count in counts.items()
            }
            length = math.sqrt(sum(value * value for value in values.values())) or 1.0
            for character in values.keys() & self._columns.keys():
                matrix[row, self._columns[character]] = values[character] / length
        return matrix


def _characters(text: str) -> list[str]:
    return [character for character in features.plain(text) if character.isalnum()]
