"""Fine-tunes a network of the filter (`classifiers.network`) on the labelled texts of its language, end to end.

Its texts are those of the training split without those that are left out. On these, the last stage learns how far to
trust the network (stacking: Wolpert 1992). An epoch holds every text with a rare label, all that was
written for this, and samples of the others. An unknown label has no loss.
"""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from moderation.filter import encoder
from moderation.filter.classifiers import network
from moderation.filter.classifiers.network import Reader
from moderation.filter.training import CATEGORIES, COMMON, WRITTEN, Example
from moderation.networks import bert
from moderation.networks.bert import Row
from moderation.networks.bert_training import DROPOUT, FineTuning, TrainedBert, in_batches

EPOCHS, BATCH = 2, 48
BODY_RATE, HEAD_RATE, DECAY = 1.2e-4, 1e-3, 0.01
AVERAGED = 0.995  # of the average of the weights that remains after an update
POSITIVES, NEGATIVES = 9000, 11000  # texts without a rare label in an epoch: with a label of 1, and without one
FEW = 400  # A category with fewer positives is rare indeed: they stand three times in an epoch.
MOST_WEIGHT = 6.0  # of a positive's loss; otherwise the root of negatives per positive
_SEED = 1

Say = Callable[[str], None]
Labels = npt.NDArray[np.int8]  # [CATEGORIES]: 1, 0, or -1 where unknown


@dataclass(frozen=True)
class Base:
    """What a network begins with."""

    language: str  # one of network.LANGUAGES
    weights: dict[str, Any]  # float32, named as in the transformers library, with one kind of text
    reader: Reader
    is_packaged: bool  # the word vectors are those of the package, and need not be saved


def packaged_base() -> Base:
    """all-MiniLM-L6-v2, for English. Raises encoder.EncoderMissing."""
    weights = encoder.weights()
    weights[bert.KINDS] = weights[bert.KINDS][:1]
    return Base("en", weights, network.packaged_reader(), is_packaged=True)


def is_read(example: Example, language: str) -> bool:
    """Whether the network of a language is trained on a text."""
    return not example.is_dev and not example.is_left_out and network.language_of(example.text) == language


class Texts:
    """The texts that a network of one language is trained on, and its loss on them."""

    def __init__(self, examples: Sequence[Example], language: str) -> None:
        self._read = [example for example in examples if is_read(example, language)]
        self._labels = {example.id: _labels(example) for example in self._read}
        self._positive_weight = _positive_weight(np.stack(list(self._labels.values())))

    def epoch(self, chance: random.Random, *, positives: int = POSITIVES, negatives: int = NEGATIVES) -> list[Example]:
        """All with a rare label, all written for this, and samples of the others, with and without a label of 1."""
        table = np.stack([self._labels[example.id] for example in self._read]) == 1
        is_few = table[:, table.sum(axis=0) < FEW].any(axis=1)
        is_rare = table[:, [category not in COMMON for category in CATEGORIES]].any(axis=1)
        is_kept = is_rare | np.array([example.source in WRITTEN for example in self._read])
        has_positive = table.any(axis=1)
        with_positive = [self._read[index] for index in np.flatnonzero(has_positive & ~is_kept).tolist()]
        without = [self._read[index] for index in np.flatnonzero(~has_positive & ~is_kept).tolist()]
        return [
            *(self._read[index] for index in np.flatnonzero(is_kept).tolist()),
            *(self._read[index] for index in np.flatnonzero(is_few).tolist() for _ in range(2)),
            *chance.sample(with_positive, min(positives, len(with_positive))),
            *chance.sample(without, min(negatives, len(without))),
        ]

    def loss(self, logits: Tensor, ids: Sequence[str]) -> Tensor:
        """Binary cross-entropy over the labels that are known, of logits [ids, CATEGORIES]."""
        given = torch.from_numpy(np.stack([self._labels[id_] for id_ in ids])).float()
        losses = binary_cross_entropy_with_logits(logits, given.clamp(min=0), reduction="none")
        losses = losses * torch.where(given == 1, self._positive_weight, torch.ones(()))
        is_known = given >= 0
        return (losses * is_known).sum() / is_known.sum()


class Judge(nn.Module):
    """BERT, the mean over a text, and one logit for each category."""

    def __init__(self, base: Base) -> None:
        super().__init__()
        self.body = TrainedBert(base.weights, heads=encoder.HEADS)
        self.drop = nn.Dropout(DROPOUT)
        self.head = nn.Linear(encoder.DIMENSIONS, len(CATEGORIES))

    def forward(self, rows: Sequence[Row]) -> Tensor:
        """float32 [rows, CATEGORIES]."""
        logits: Tensor = self.head(self.drop(self.body.means(rows)))
        return logits


def fit(base: Base, examples: Sequence[Example], checkpoint: Path, say: Say) -> Judge:
    """The average over the last updates. After each epoch the state is written to `checkpoint`, to go on from."""
    torch.manual_seed(_SEED)
    texts = Texts(examples, base.language)
    judge = Judge(base)
    size = len(texts.epoch(random.Random(_SEED)))  # noqa: S311 (no secret)
    updates = EPOCHS * -(-size // BATCH)
    tuning = FineTuning(judge, Judge(base), _groups(judge), updates=updates, averaged=AVERAGED)
    for epoch in range(tuning.resume(checkpoint), EPOCHS):
        chance = random.Random(1000 * _SEED + epoch)  # noqa: S311 (no secret)
        torch.manual_seed(1000 * _SEED + epoch)
        judge.train()
        losses = []
        chosen = [(base.reader.row(example.text), example.id) for example in texts.epoch(chance)]
        for batch in in_batches(chosen, BATCH, chance):
            loss = texts.loss(judge([row for row, _ in batch]), [id_ for _, id_ in batch])
            tuning.update(loss)
            losses.append(loss.item())
            if len(losses) % 100 == 0:
                say(f"{base.language}, epoch {epoch + 1} of {EPOCHS}: {len(losses) * BATCH:,} of {size:,} texts")
        tuning.save(checkpoint, epochs=epoch + 1)
        say(f"{base.language}, epoch {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.4f}")
    return tuning.average.eval()


def save(judge: Judge, base: Base, path: Path) -> None:
    """Writes the weights, rounded to int8."""
    weights = judge.body.weights()
    if base.is_packaged:
        del weights[bert.WORDS]
    head, bias = (value.detach().numpy() for value in (judge.head.weight, judge.head.bias))
    parts = [*(weights[name] for name in sorted(weights)), head, bias]
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts))
    version = f"1.{digest.hexdigest()[:8]}"
    network.save(path, weights, reader=base.reader, head=head, bias=bias, categories=CATEGORIES, version=version)


def _labels(example: Example) -> Labels:
    return np.array([example.labels.get(category, -1) for category in CATEGORIES], dtype=np.int8)


def _positive_weight(labels: npt.NDArray[np.int8]) -> Tensor:
    """float32 [CATEGORIES]: the weight of a positive's loss in each category."""
    positives, negatives = (labels == 1).sum(axis=0), (labels == 0).sum(axis=0)
    return torch.from_numpy(np.minimum(np.sqrt(negatives / np.maximum(positives, 1)), MOST_WEIGHT)).float()


def _groups(judge: Judge) -> list[dict[str, Any]]:
    learned = [value for value in judge.body.parameters() if value.requires_grad]
    return [
        {"params": list(judge.head.parameters()), "lr": HEAD_RATE},
        {"params": [value for value in learned if value.ndim < 2], "lr": BODY_RATE},
        {"params": [value for value in learned if value.ndim == 2], "lr": BODY_RATE, "weight_decay": DECAY},
    ]
