"""Fine-tunes the larger English network (`english_network`) for the crisis ladder and for the filter at once.

An epoch is one of the crisis model and one of the filter's network, with fewer samples of the ordinary texts. Their
batches come in random order. Each updates the body and its own head.
"""

import random
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from moderation.crisis import training as crisis_training
from moderation.crisis.labelled import STEPS
from moderation.crisis.material import Material
from moderation.crisis.training import Recipe, Say
from moderation.filter import network_training
from moderation.filter.classifiers.linear import english_row
from moderation.filter.training import CATEGORIES, Example
from moderation.networks import bert, english_network, four_bits
from moderation.networks.bert import Row
from moderation.networks.bert_training import DROPOUT, Batch, FineTuning, TrainedBert, in_batches
from moderation.networks.english_network import CRISIS, FILTER

RECIPE = Recipe(epochs=2, batch=40, rate=7e-5, talks=5000, others_before=0.5, averaged=0.995)
KEPT_LAYERS = 5  # the first ones, which stay with the vectors of words
FILTER_BATCH = 48
POSITIVES, NEGATIVES = 6000, 7000  # texts of the filter without a rare label, in an epoch
FILTER_WEIGHT = 2.0  # of the filter's loss, beside that of the crisis ladder
HEAD_RATE, DECAY = 1e-3, 0.01
LABELS = {CRISIS: STEPS, FILTER: CATEGORIES}


class Network(nn.Module):
    """BERT, the mean over a text, and a head for each of LABELS."""

    def __init__(self, weights: dict[str, Any]) -> None:
        super().__init__()
        self.body = TrainedBert(weights, heads=english_network.ATTENTION_HEADS)
        self.drop = nn.Dropout(DROPOUT)
        width = weights[bert.WORDS].shape[1]
        self.heads = nn.ModuleDict({head: nn.Linear(width, len(labels)) for head, labels in LABELS.items()})

    def forward(self, rows: Sequence[Row], head: str) -> Tensor:
        """float32 [rows, labels of the head]."""
        logits: Tensor = self.heads[head](self.drop(self.body.means(rows)))
        return logits


class _Work:
    """The batches of an epoch, each with the head that it trains, and their losses."""

    def __init__(self, given: Material, examples: Sequence[Example]) -> None:
        self._given = _without(given, {example.text for example in examples if example.is_left_out})
        self._importance = crisis_training.importance_of(self._given.sentences)
        self._texts = network_training.Texts(examples, "en")

    def epoch(self, chance: random.Random) -> list[tuple[str, Batch]]:
        talk = crisis_training.ordinary_talk(self._given, RECIPE.talks, chance)
        of_crisis = crisis_training.batches(RECIPE, self._given.sentences, talk, self._given.tokenizer, chance)
        chosen = self._texts.epoch(chance, positives=POSITIVES, negatives=NEGATIVES)
        rows = [(english_row(self._given.tokenizer, example.text), example.id) for example in chosen]
        of_filter = in_batches(rows, FILTER_BATCH, chance)
        work = [*((CRISIS, batch) for batch in of_crisis), *((FILTER, batch) for batch in of_filter)]
        chance.shuffle(work)
        return work

    def loss(self, network: Network, head: str, batch: Batch) -> Tensor:
        logits, known = network([row for row, _ in batch], head), [name for _, name in batch]
        if head == CRISIS:
            return crisis_training.loss_of(logits, known, self._importance)
        return FILTER_WEIGHT * self._texts.loss(logits, known)


def fit(given: Material, examples: Sequence[Example], *, seed: int, say: Say, checkpoint: Path) -> Network:
    """The average over the last updates. After each epoch the state is written to `checkpoint`, to go on from."""
    torch.manual_seed(seed)
    work = _Work(given, examples)
    network, average = Network(given.weights), Network(given.weights)
    network.body.keep_first(KEPT_LAYERS)
    updates = RECIPE.epochs * len(work.epoch(random.Random(seed)))  # noqa: S311 (no secret)
    tuning = FineTuning(network, average, list(_groups(network)), updates=updates, averaged=RECIPE.averaged)
    for epoch in range(tuning.resume(checkpoint), RECIPE.epochs):
        chance = random.Random(1000 * seed + epoch)  # noqa: S311 (no secret)
        torch.manual_seed(1000 * seed + epoch)
        network.train()
        losses: dict[str, list[float]] = {head: [] for head in LABELS}
        for head, batch in work.epoch(chance):
            loss = work.loss(network, head, batch)
            tuning.update(loss)
            losses[head].append(loss.item())
        means = ", ".join(f"{head} {sum(values) / len(values):.3f}" for head, values in losses.items())
        say(f"epoch {epoch + 1} of {RECIPE.epochs}: {means}")
        tuning.save(checkpoint, epochs=epoch + 1)
    return tuning.average.eval()


def save(network: Network, given: Material, path: Path) -> str:
    """Writes the weights in four bits, and the tokenizer. Returns their version."""
    heads = {
        name.removeprefix("heads."): value.numpy() for name, value in network.state_dict().items() if "heads." in name
    }
    arrays = four_bits.packed(network.body.weights()) | heads
    return english_network.save(path, arrays, tokenizer=given.tokenizer, labels=LABELS)


def _without(given: Material, unread: Container[str]) -> Material:
    """What is left where no newest message is one of these: the filter's third stage is calibrated on them."""
    kept = [pair for pair in zip(given.sentences, given.folds, strict=True) if pair[0].messages[-1] not in unread]
    return replace(
        given,
        sentences=[sentence for sentence, _ in kept],
        folds=[fold for _, fold in kept],
        to_personas=[messages for messages in given.to_personas if messages[-1] not in unread],
        calm=[talk for talk in given.calm if talk[0][-1] not in unread],
    )


def _groups(network: Network) -> Iterator[dict[str, Any]]:
    learned = [value for value in network.body.parameters() if value.requires_grad]
    yield {"params": list(network.heads.parameters()), "lr": HEAD_RATE}
    yield {"params": [value for value in learned if value.ndim < 2], "lr": RECIPE.rate}
    yield {"params": [value for value in learned if value.ndim == 2], "lr": RECIPE.rate, "weight_decay": DECAY}
