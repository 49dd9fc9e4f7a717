"""Fine-tunes the network of `chat.reply.relevance` on written dialogues.

A batch holds several turns of each of some personas. A reply is compared with the other replies of its persona, and
with all replies of the batch (InfoNCE: van den Oord et al. 2018). Half of the replies are cut after their first
sentence, since the product compares pieces.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from chat.reply import relevance
from moderation.filter import encoder
from moderation.networks import bert
from moderation.networks.bert import Row
from moderation.networks.bert_training import FineTuning, TrainedBert
from personas.prompting.dialogues import Dialogue
from text import sentences

_EPOCHS = 4
_PERSONAS, _TURNS = 8, 16  # of a batch, and of each of its personas
_PART = 32  # rows that are read at once; rows of similar length, so few are padded
_RATE, _MATRIX_RATE, _SCALE_RATE = 1e-4, 3e-4, 1e-3
_DECAY = 0.01
_AVERAGED = 0.98  # of the average of the weights that remains after an update
_SCALE = 2.3  # the logarithm of the first temperature's inverse
_SEED = 1

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Example:
    talk: Row
    text: str
    reply: Row
    beginning: Row  # the reply's first sentence


class Comparison(nn.Module):
    """Reads both sides with one network. The matrices begin as the identity: the plain cosine is a good start."""

    def __init__(self) -> None:
        """Raises encoder.EncoderMissing."""
        super().__init__()
        weights = encoder.weights()
        weights[bert.KINDS] = weights[bert.KINDS][:1]
        self.body = TrainedBert(weights, heads=encoder.HEADS)
        self.talk = nn.Parameter(torch.eye(encoder.DIMENSIONS))
        self.reply = nn.Parameter(torch.eye(encoder.DIMENSIONS))
        self.scale = nn.Parameter(torch.tensor(_SCALE))

    def talks(self, rows: Sequence[Row]) -> Tensor:
        """float32 [n, 384], rows of length 1."""
        return normalize(self._means(rows) @ self.talk, dim=-1)

    def replies(self, rows: Sequence[Row]) -> Tensor:
        """float32 [n, 384], rows of length 1."""
        return normalize(self._means(rows) @ self.reply, dim=-1)

    def save(self, path: Path) -> None:
        relevance.save(
            path,
            self.body.weights(),
            talk=self.talk.detach().numpy().astype(np.float16),
            reply=self.reply.detach().numpy().astype(np.float16),
        )

    def _means(self, rows: Sequence[Row]) -> Tensor:
        order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
        parts = [order[start : start + _PART] for start in range(0, len(order), _PART)]
        means = torch.cat([self.body.means([rows[number] for number in part]) for part in parts])
        return means[torch.tensor(np.argsort(order))]


def fit(learnt: Sequence[Dialogue], held_out: Sequence[Dialogue], checkpoint: Path, say: Say) -> Comparison:
    """The average over the last updates. After each epoch the state is written to `checkpoint`, to go on from.

    Raises encoder.EncoderMissing.
    """
    tokenizer = encoder.tokenizer()
    examples, apart = _examples(learnt, tokenizer), _examples(held_out, tokenizer)
    comparison = Comparison()
    updates = _EPOCHS * len(list(_batches(examples, np.random.default_rng(_SEED))))
    tuning = FineTuning(comparison, Comparison(), _groups(comparison), updates=updates, averaged=_AVERAGED)
    for epoch in range(tuning.resume(checkpoint), _EPOCHS):
        chance = np.random.default_rng([_SEED, epoch])
        torch.manual_seed(1000 * _SEED + epoch)
        comparison.train()
        losses = []
        for batch in _batches(examples, chance):
            loss = _loss(comparison, batch, chance)
            tuning.update(loss)
            losses.append(loss.item())
        tuning.save(checkpoint, epochs=epoch + 1)
        share = _accuracy(tuning.average.eval(), apart)
        say(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, picks the reply among four in {share:.3f}")
    return tuning.average.eval()


def _examples(dialogues: Sequence[Dialogue], tokenizer: Tokenizer) -> dict[str, list[_Example]]:
    """Each persona's replies, with the talk before them."""
    examples: dict[str, list[_Example]] = {}
    for dialogue in dialogues:
        for at, turn in enumerate(dialogue.turns):
            if at and turn.speaker == "persona":
                talk = [earlier.text for earlier in dialogue.turns[:at][-relevance.TURNS :]]
                beginning = sentences.split(turn.text)[0].strip()
                example = _Example(
                    relevance.talk_row(tokenizer, talk, dialogue.sheet.description),
                    turn.text,
                    relevance.reply_row(tokenizer, turn.text),
                    relevance.reply_row(tokenizer, beginning),
                )
                examples.setdefault(dialogue.sheet.name, []).append(example)
    return examples


def _batches(
    examples: dict[str, list[_Example]], chance: np.random.Generator
) -> Iterator[list[tuple[str, list[_Example]]]]:
    """One epoch: batches of personas, each with some of its turns, in random order."""
    groups = []
    for name, own in examples.items():
        mixed = [own[number] for number in chance.permutation(len(own))]
        parts = [mixed[start : start + _TURNS] for start in range(0, len(mixed), _TURNS)]
        groups += [(name, part) for part in parts if len(part) > 1]
    order = chance.permutation(len(groups))
    for start in range(0, len(order), _PERSONAS):
        yield [groups[number] for number in order[start : start + _PERSONAS]]


def _loss(comparison: Comparison, batch: Sequence[tuple[str, list[_Example]]], chance: np.random.Generator) -> Tensor:
    members = [(name, example) for name, part in batch for example in part]
    replies = [example.beginning if chance.random() < 0.5 else example.reply for _, example in members]
    logits = comparison.talks([example.talk for _, example in members]) @ comparison.replies(replies).T
    logits = logits * comparison.scale.exp()
    names, texts = np.array([name for name, _ in members]), np.array([example.text for _, example in members])
    right = torch.arange(len(members))
    # A reply that is said twice is right in both places.
    is_same_text = torch.from_numpy((texts[:, None] == texts) & ~np.eye(len(texts), dtype=bool))
    is_other_persona = torch.from_numpy(names[:, None] != names)
    logits = logits.masked_fill(is_same_text, -1e4)
    return cross_entropy(logits, right) + cross_entropy(logits.masked_fill(is_other_persona, -1e4), right)


def _groups(comparison: Comparison) -> list[dict[str, Any]]:
    learned = [value for value in comparison.body.parameters() if value.requires_grad]
    return [
        {"params": [value for value in learned if value.ndim == 2], "lr": _RATE, "weight_decay": _DECAY},
        {"params": [value for value in learned if value.ndim < 2], "lr": _RATE},
        {"params": [comparison.talk, comparison.reply], "lr": _MATRIX_RATE},
        {"params": [comparison.scale], "lr": _SCALE_RATE},
    ]


@torch.no_grad()
def _accuracy(comparison: Comparison, examples: dict[str, list[_Example]]) -> float:
    chance = np.random.default_rng(_SEED)
    hits = []
    for own in examples.values():
        values = comparison.talks([each.talk for each in own]) @ comparison.replies([each.reply for each in own]).T
        for number, example in enumerate(own):
            wrong = [other for other, each in enumerate(own) if each.text != example.text]
            hits.append(values[number, number] > values[number, chance.permutation(wrong)[:3]].max())
    return float(np.mean(hits))
