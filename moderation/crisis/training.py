"""Fine-tuning multilingual-e5-small to the steps of the crisis ladder, end to end.

Data: the labelled sentences in `sentences/`, written for this, and ordinary talk of which only one thing is known: its
step is below *low*. The sentences were written in rounds. A look-alike stands in the round of the line that it
mirrors, so cross-validation leaves whole rounds out.

The same data and the same seed give the same weights on the same kind of processor.
"""

import hashlib
import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from moderation import bert
from moderation.bert import Row
from moderation.bert_training import DROPOUT, FineTuning, TrainedBert
from moderation.crisis import labelled, ladder, recognition, tokens
from moderation.crisis.base_model import WIDTH, BaseModel, needed_pieces
from moderation.crisis.labelled import STEPS, DataMissing, Labelled
from moderation.filter.classifiers.features import is_mostly_cjk, plain

SENTENCES = Path(__file__).resolve().parent / "sentences"
ALARMS = slice(STEPS.index("passive"), None)
ORDINARY_STEPS = slice(0, STEPS.index("low"))
LAYERS, HEADS = 6, 12
FOLDS = 4
SHORTEST_ROUND = 100  # lines

EPOCHS, BATCH = 6, 48
BODY_RATE, HEAD_RATE = 1.5e-4, 1e-3
SMOOTHING = 0.12  # of a label's weight, which goes to the steps beside it
ORDINARY = 2500  # texts of ordinary talk in an epoch
ORDINARY_WEIGHT = 1.0
AVERAGED = 0.99  # of the average of the weights that remains after an update
# How often an epoch changes a text: a typing error, other messages before it, no mark at its end.
TYPO, OTHERS_BEFORE, NO_MARK = 0.25, 0.5, 0.2

Say = Callable[[str], None]
Scores = npt.NDArray[np.float32]
Messages = tuple[str, ...]  # one person's, the newest last


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
                if not any(ladder.is_for_the_site(ladder.level(message)) for message in messages):
                    talk.append(messages)
    return talk


def vocabulary(base: BaseModel, texts: Iterable[str]) -> list[int]:
    """The numbers of the base's pieces that are kept. Of the words, those that `texts` contain."""
    whole = tokens.tokenizer(base.pieces, base.scores)
    encodings = whole.encode_batch_fast([plain(text) for text in texts])
    return needed_pieces(base.pieces, {number for encoding in encodings for number in encoding.ids})


def english_texts(data: Path) -> Iterator[str]:
    """The English texts in a folder of labelled texts (<source>.jsonl.gz). Raises DataMissing."""
    files = sorted(data.glob("*.jsonl.gz"))
    if not files:
        raise DataMissing(f"{data} holds no *.jsonl.gz file of texts.")
    return (row["text"] for path in files for row in labelled.rows(path) if row["lang"] == "en")


@dataclass(frozen=True)
class Material:
    sentences: list[Labelled]
    folds: list[int]  # of the sentences
    talk: list[Messages]
    weights: dict[str, Any]  # of the base, cut to the vocabulary and the layers
    tokenizer: Tokenizer


def material(base: BaseModel, data: Path, dialogues: Sequence[Path]) -> Material:
    """What a training needs. The vocabulary is that of `data`, of the dialogues and of the sentences.

    Raises DataMissing.
    """
    labelled_sentences, folds = sentences()
    spoken = (text for path in dialogues for row in labelled.rows(path) for _, text in row["turns"])
    written = (message for one in labelled_sentences for message in one.messages)
    kept = vocabulary(base, [*english_texts(data), *spoken, *written])
    return Material(
        sentences=labelled_sentences,
        folds=folds,
        talk=ordinary_talk(dialogues),
        weights=base.weights(kept, LAYERS, tokens.LONGEST),
        tokenizer=tokens.tokenizer([base.pieces[number] for number in kept], [base.scores[number] for number in kept]),
    )


# --- The network -------------------------------------------------------------------------------


class Network(nn.Module):
    """BERT, the mean over the newest message, and one logit for each of STEPS."""

    def __init__(self, weights: dict[str, Any]) -> None:
        super().__init__()
        self.body = TrainedBert(weights, heads=HEADS)
        self.drop = nn.Dropout(DROPOUT)
        self.head = nn.Linear(WIDTH, len(STEPS))

    def forward(self, rows: Sequence[Row]) -> Tensor:
        """float32 [rows, STEPS]."""
        logits: Tensor = self.head(self.drop(self.body.means(rows)))
        return logits


# --- Training ----------------------------------------------------------------------------------


def fit(
    given: Material,
    *,
    seed: int,
    say: Say,
    checkpoint: Path,
    left_out: Callable[[int], bool] = lambda index: False,
) -> Network:
    """The network fine-tuned on the sentences and samples of the talk: the average over its last updates.

    After each epoch its state is written to `checkpoint`, from which a run that was ended goes on. `left_out` says
    which sentences (by index) take no part.
    """
    torch.manual_seed(seed)
    sentences = [one for index, one in enumerate(given.sentences) if not left_out(index)]
    network = Network(given.weights)
    updates = EPOCHS * math.ceil((len(sentences) + min(ORDINARY, len(given.talk))) / BATCH)
    tuning = FineTuning(network, Network(given.weights), _groups(network), updates=updates, averaged=AVERAGED)
    importance = _importance(sentences)
    for epoch in range(tuning.resume(checkpoint), EPOCHS):
        chance = random.Random(1000 * seed + epoch)  # noqa: S311 (no secret)
        torch.manual_seed(1000 * seed + epoch)
        network.train()
        total, count = 0.0, 0
        for batch in _batches(sentences, given.talk, given.tokenizer, chance):
            loss = _loss(network([row for row, _ in batch]), [step for _, step in batch], importance)
            tuning.update(loss)
            total, count = total + loss.item(), count + 1
        say(f"epoch {epoch + 1} of {EPOCHS}: loss {total / count:.3f}")
        tuning.save(checkpoint, epochs=epoch + 1)
    return tuning.average.eval()


def _groups(network: Network) -> list[dict[str, Any]]:
    learned = [value for value in network.body.parameters() if value.requires_grad]
    return [
        {"params": list(network.head.parameters()), "lr": HEAD_RATE},
        {"params": [value for value in learned if value.ndim < 2], "lr": BODY_RATE},
        {"params": [value for value in learned if value.ndim == 2], "lr": BODY_RATE, "weight_decay": 0.01},
    ]


def _importance(sentences: Sequence[Labelled]) -> dict[str, float]:
    """The weight of each step's loss, so that all steps count alike."""
    counts = {step: max(sum(one.step == step for one in sentences), 1) for step in STEPS}
    return {step: len(sentences) / len(STEPS) / count for step, count in counts.items()}


def _loss(logits: Tensor, steps: Sequence[str], importance: dict[str, float]) -> Tensor:
    """Cross-entropy with the smoothed steps. Of ordinary talk, whose step is "": that it is below *low*."""
    likely = logits.log_softmax(dim=1)
    is_labelled = torch.tensor([step != "" for step in steps])
    targets = torch.stack([_target(step, importance) for step in steps])
    calm = likely[:, ORDINARY_STEPS].logsumexp(dim=1)
    losses = torch.where(is_labelled, -(likely * targets).sum(dim=1), -ORDINARY_WEIGHT * calm)
    return losses.mean()


def _target(step: str, importance: dict[str, float]) -> Tensor:
    """float32 [STEPS]: the step's importance, of which SMOOTHING lies on the steps beside it; 0 for ordinary talk."""
    target = torch.zeros(len(STEPS))
    if step:
        index = STEPS.index(step)
        beside = [other for other in (index - 1, index + 1) if 0 <= other < len(STEPS)]
        target[index] = 1 - SMOOTHING
        target[beside] = SMOOTHING / len(beside)
        target *= importance[step]
    return target


def _batches(
    sentences: Sequence[Labelled], talk: Sequence[Messages], tokenizer: Tokenizer, chance: random.Random
) -> Iterator[list[tuple[Row, str]]]:
    """One epoch of rows with their steps, in batches of similar length and in random order.

    What comes before a message must not decide its step. So a message may come behind other people's messages: one in
    danger behind ordinary talk, any other behind ordinary talk or behind a message in danger. A person can go on.
    """
    grave = [one.messages for one in sentences if one.step in STEPS[ALARMS]]
    chosen = [(_varied(messages, [grave], chance), "") for messages in chance.sample(talk, min(ORDINARY, len(talk)))]
    for one in sentences:
        others = [talk] if one.step in STEPS[ALARMS] else [talk, grave]
        chosen.append((_varied(one.messages, others if len(one.messages) == 1 else [], chance), one.step))
    rows = [(tokens.rows(tokenizer, messages)[0], step) for messages, step in chosen]
    rows.sort(key=lambda pair: len(pair[0]) + chance.uniform(0, 6))
    batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    chance.shuffle(batches)
    return iter(batches)


def _varied(messages: Messages, others: Sequence[Sequence[Messages]], chance: random.Random) -> Messages:
    """The newest message with a typing error, without a mark at its end, or behind messages from one of `others`."""
    *earlier, newest = messages
    if chance.random() < NO_MARK:
        newest = newest.rstrip(".。!！") or newest
    if chance.random() < TYPO:
        newest = _with_typo(newest, chance)
    if others and chance.random() < OTHERS_BEFORE:
        other = chance.choice(chance.choice(others))
        if is_mostly_cjk(other[-1]) == is_mostly_cjk(newest):
            earlier = list(other)
    return (*earlier, newest)


def _with_typo(text: str, chance: random.Random) -> str:
    """One character left out, doubled, or exchanged with the next."""
    if len(text) < 6:
        return text
    at = chance.randrange(1, len(text) - 2)
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return chance.choice((text[:at] + text[at + 1 :], text[: at + 1] + text[at:], swapped))


# --- Cross-validation and the file -------------------------------------------------------------


def cross_validated(given: Material, *, seed: int, say: Say, checkpoints: Path) -> Scores:
    """float32 [sentences, STEPS]: of each sentence by a network that did not read its round."""
    results = np.zeros((len(given.sentences), len(STEPS)), np.float32)
    for fold in range(FOLDS):
        say(f"fold {fold + 1} of {FOLDS}")
        network = fit(
            given,
            seed=seed,
            say=say,
            checkpoint=checkpoints / f"fold_{fold}.pt",
            left_out=lambda index, fold=fold: given.folds[index] == fold,  # type: ignore[misc]
        )
        unread = [index for index, number in enumerate(given.folds) if number == fold]
        results[unread] = probabilities(network, given.tokenizer, [given.sentences[index].messages for index in unread])
    return results


@torch.no_grad()
def probabilities(network: Network, tokenizer: Tokenizer, talks: Sequence[Messages]) -> Scores:
    """float32 [n, STEPS], of the first window of each."""
    rows = [tokens.rows(tokenizer, messages)[0] for messages in talks]
    results = [network(rows[start : start + 64]).softmax(dim=1).numpy() for start in range(0, len(rows), 64)]
    return np.concatenate(results)


def save(network: Network, tokenizer: Tokenizer, path: Path) -> str:
    """Writes the weights, rounded to int8, and the tokenizer. Returns their version."""
    arrays = bert.rounded(network.body.weights())
    arrays |= {f"head.{name}": value.numpy() for name, value in network.head.state_dict().items()}
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(arrays[name]).tobytes() for name in sorted(arrays)))
    version = f"1.{digest.hexdigest()[:8]}"
    recognition.save(path, arrays, tokenizer=tokenizer, heads=HEADS, version=version)
    return version
