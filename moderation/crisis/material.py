"""The texts on which the model of the crisis ladder is trained.

The labelled sentences in `sentences/` were written for this. Of other talk only one thing is known: the step that it
stays below. That is *low* for ordinary talk, and *passive* for talk of people who ask for support.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from moderation.crisis import english_base, labelled, ladder, tokens
from moderation.crisis.base_model import BaseModel, needed_pieces
from moderation.crisis.labelled import STEPS, DataMissing, Labelled
from moderation.features import is_mostly_cjk, plain

SENTENCES = Path(__file__).resolve().parent / "sentences"
FOLDS = 4
SHORTEST_ROUND = 100  # lines
LAYERS = 6
# What is known of a talk that was not labelled: the steps that it may reach. The names stand in the place of a step.
BELOW_LOW, BELOW_PASSIVE = "below low", "below passive"
POSSIBLE = {BELOW_LOW: STEPS[: STEPS.index("low")], BELOW_PASSIVE: STEPS[: STEPS.index("passive")]}
# Sources of labelled texts in which nobody is in danger, and what is known of their texts.
CALM_SOURCES = {
    "clinc_oos": BELOW_LOW,
    "counsel_chat": BELOW_PASSIVE,
    "gutenberg_prose": BELOW_LOW,
    "kdconv": BELOW_LOW,
    "mts_dialog": BELOW_LOW,
    "smilechat": BELOW_PASSIVE,
    "topical_chat": BELOW_LOW,
}
LONGEST_CALM = 480  # characters

Messages = tuple[str, ...]  # one person's, the newest last
Talk = tuple[Messages, str]  # with what is known of the newest message: a key of POSSIBLE


def sentences() -> tuple[list[Labelled], list[int]]:
    """The sentences in this room, and the fold of each. Raises DataMissing.

    In each file, a new round begins where *imminent* follows *none*, after SHORTEST_ROUND lines at least: pairs of a
    danger and its look-alike stay in one round.
    """
    found: list[Labelled] = []
    folds: list[int] = []
    for path in sorted(SENTENCES.glob("*.jsonl")):
        read = labelled.read(path)
        found += read
        folds += [number % FOLDS for number in _rounds([one.step for one in read])]
    return found, folds


def _rounds(steps: Sequence[str]) -> list[int]:
    """The number of each line's round."""
    rounds: list[int] = []
    number = size = 0
    for before, step in zip(["", *steps], steps, strict=False):
        if (before, step) == ("none", "imminent") and size >= SHORTEST_ROUND:
            number, size = number + 1, 0
        rounds.append(number)
        size += 1
    return rounds


def ordinary_talk(dialogues: Iterable[Path]) -> list[Messages]:
    """The person's turns of dialogues with personas, each behind those before it. Raises DataMissing.

    Left out are the turns that a pattern puts at *passive* or above.
    """
    talk = []
    for path in dialogues:
        for row in labelled.rows(path):
            own = [text for speaker, text in row["turns"] if speaker == "user"]
            for end in range(1, len(own) + 1):
                messages = tuple(own[max(end - 3, 0) : end])
                if _is_calm(messages):
                    talk.append(messages)
    return talk


def calm_texts(data: Path) -> list[Talk]:
    """The short training texts of CALM_SOURCES in a folder of labelled texts. Raises DataMissing."""
    return [
        ((row["text"],), CALM_SOURCES[row["source"]])
        for row in _texts(data)
        if row["source"] in CALM_SOURCES and row["split"] == "train"
        if len(row["text"]) <= LONGEST_CALM and not row.get("labels", {}).get("self-harm") and _is_calm([row["text"]])
    ]


def _is_calm(messages: Iterable[str]) -> bool:
    return not any(ladder.is_for_the_site(ladder.level(message)) for message in messages)


def vocabulary(base: BaseModel, texts: Iterable[str]) -> list[int]:
    """The numbers of the base's pieces that are kept. Of the words, those that `texts` contain."""
    whole = tokens.tokenizer(base.pieces, base.scores)
    encodings = whole.encode_batch_fast([plain(text) for text in texts])
    return needed_pieces(base.pieces, {number for encoding in encodings for number in encoding.ids})


def english_texts(data: Path) -> Iterator[str]:
    """The English texts in a folder of labelled texts. Raises DataMissing."""
    return (row["text"] for row in _texts(data) if row["lang"] == "en")


def _texts(data: Path) -> Iterator[dict[str, Any]]:
    """The rows of a folder of labelled texts (<source>.jsonl.gz). Raises DataMissing."""
    files = sorted(data.glob("*.jsonl.gz"))
    if not files:
        raise DataMissing(f"{data} holds no *.jsonl.gz file of texts.")
    return (row for path in files for row in labelled.rows(path))


@dataclass(frozen=True)
class Material:
    sentences: list[Labelled]
    folds: list[int]  # of the sentences
    to_personas: list[Messages]  # ordinary
    calm: list[Talk]  # of other sources
    weights: dict[str, Any]  # of the base, cut to the vocabulary and the layers
    tokenizer: Tokenizer

    @property
    def talk(self) -> list[Talk]:
        """All talk without a label."""
        return [*((messages, BELOW_LOW) for messages in self.to_personas), *self.calm]


def material(base: BaseModel, data: Path, dialogues: Sequence[Path]) -> Material:
    """What the training of the first network needs. The vocabulary is that of `data`, of the dialogues and sentences.

    Raises DataMissing.
    """
    spoken = (text for path in dialogues for row in labelled.rows(path) for _, text in row["turns"])
    written = (message for one in sentences()[0] for message in one.messages)
    kept = vocabulary(base, [*english_texts(data), *spoken, *written])
    tokenizer = tokens.tokenizer([base.pieces[number] for number in kept], [base.scores[number] for number in kept])
    return _material(data, dialogues, base.weights(kept, LAYERS, tokens.LONGEST), tokenizer)


def english_material(folder: Path, data: Path, dialogues: Sequence[Path]) -> Material:
    """What the training of the larger network needs: the texts that are not Chinese. Raises DataMissing, BadBase."""
    weights, tokenizer = english_base.read(folder, tokens.LONGEST)
    given = _material(data, dialogues, weights, tokenizer)
    kept = [pair for pair in zip(given.sentences, given.folds, strict=True) if _is_english(pair[0].messages)]
    return replace(
        given,
        sentences=[sentence for sentence, _ in kept],
        folds=[fold for _, fold in kept],
        to_personas=[messages for messages in given.to_personas if _is_english(messages)],
        calm=[talk for talk in given.calm if _is_english(talk[0])],
    )


def _is_english(messages: Messages) -> bool:
    return not is_mostly_cjk(messages[-1])


def _material(data: Path, dialogues: Sequence[Path], weights: dict[str, Any], tokenizer: Tokenizer) -> Material:
    labelled_sentences, folds = sentences()
    return Material(
        sentences=labelled_sentences,
        folds=folds,
        to_personas=ordinary_talk(dialogues),
        calm=calm_texts(data),
        weights=weights,
        tokenizer=tokenizer,
    )
