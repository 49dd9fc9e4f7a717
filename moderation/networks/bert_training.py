"""BERT as torch fine-tunes it, beginning with weights that `moderation.networks.bert` can run.

The crisis model and the comparison of replies are trained with it.
"""

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from moderation.networks.bert import DISTANCES, Row
from persona_site import cpu_training

DROPOUT = 0.1
_PADDING = 0  # is never attended to

N = TypeVar("N", bound=nn.Module)
Batch = list[tuple[Row, str]]  # rows, and what is known of each


class TrainedBert(nn.Module):
    """The network without its word vectors' gradients.

    Most words that people use occur in no training text. They must stay comparable with those that do.
    """

    def __init__(self, weights: dict[str, Any], *, heads: int) -> None:
        """`weights`: float arrays, named as in the transformers library, with one kind of text.

        A table of DISTANCES stays as it is.
        """
        super().__init__()
        weights = dict(weights)
        self._distances = torch.from_numpy(weights.pop(DISTANCES)) if DISTANCES in weights else None
        width = weights["embeddings.word_embeddings.weight"].shape[1]
        config = BertConfig(
            vocab_size=len(weights["embeddings.word_embeddings.weight"]),
            hidden_size=width,
            num_hidden_layers=sum(name.endswith("self.query.bias") for name in weights),
            num_attention_heads=heads,
            intermediate_size=4 * width,
            max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]),
            type_vocab_size=1,
            layer_norm_eps=1e-12,
            hidden_dropout_prob=DROPOUT,
            attention_probs_dropout_prob=0.0,
            attn_implementation="eager",  # for rows this short, twice as fast as the fused form
        )
        self.model = BertModel(config, add_pooling_layer=False)
        self.model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()}, strict=False)
        self.model.embeddings.word_embeddings.weight.requires_grad_(False)

    def keep_first(self, layers: int) -> None:
        """Takes the first layers, and what lies before them, out of the training."""
        for part in (self.model.embeddings, *self.model.encoder.layer[:layers]):
            part.requires_grad_(False)

    def means(self, rows: Sequence[Row]) -> Tensor:
        """float32 [rows, width]: the mean of each row's last hidden states, from its token `first` on."""
        longest = max(len(row) for row in rows)
        ids = torch.full((len(rows), longest), _PADDING)
        counted = torch.zeros(len(rows), longest)
        attended = torch.zeros(len(rows), longest, dtype=torch.long)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row.tokens)
            attended[index, : len(row)] = 1
            counted[index, row.first : len(row)] = 1
        is_short = self.training and cpu_training.DTYPE is torch.bfloat16
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_short):
            hidden = self.model(input_ids=ids, attention_mask=self._mask(attended)).last_hidden_state
        means: Tensor = (hidden.float() * counted[:, :, None]).sum(dim=1) / counted.sum(dim=1, keepdim=True)
        return means

    def _mask(self, attended: Tensor) -> Tensor:
        """What the network takes to know which tokens [rows, tokens] are attended to, with the table of distances."""
        if self._distances is None:
            return attended
        place = torch.arange(attended.shape[1])
        added = self._distances[place[None, :] - place[:, None] + len(self._distances) // 2].permute(2, 0, 1)
        return added + torch.where(attended.bool(), 0.0, -1e9)[:, None, None, :]  # [rows, heads, tokens, tokens]

    def weights(self) -> dict[str, Any]:
        """The weights as arrays, for `moderation.networks.bert.rounded`."""
        found = {name: value.numpy() for name, value in self.model.state_dict().items()}
        return found if self._distances is None else found | {DISTANCES: self._distances.numpy()}


def in_batches(rows: Batch, size: int, chance: random.Random) -> list[Batch]:
    """Batches of rows of similar length, in random order."""
    ordered = sorted(rows, key=lambda pair: len(pair[0]) + chance.uniform(0, 6))
    batches = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    chance.shuffle(batches)
    return batches


class FineTuning(Generic[N]):
    """The updates of a network, and the average of its weights over the last ones, which is what a training gives.

    The rate rises over the first tenth of the updates and then falls to zero.
    """

    def __init__(self, network: N, average: N, groups: list[dict[str, Any]], *, updates: int, averaged: float) -> None:
        """`groups`: parameters with their rates, as torch's optimizers take them. `averaged` remains of the average."""
        average.load_state_dict(network.state_dict())
        self.average = average
        self._network = network
        self._averaged = averaged
        self._optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, lambda done: _rate(done, updates))

    def update(self, loss: Tensor) -> None:
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        self._schedule.step()
        self._add_to_average(self._schedule.last_epoch)

    def save(self, checkpoint: Path, *, epochs: int) -> None:
        """Writes the state after so many epochs, from which a run that was ended goes on."""
        torch.save({name: part.state_dict() for name, part in self._parts.items()} | {"epochs": epochs}, checkpoint)

    def resume(self, checkpoint: Path) -> int:
        """Takes the state from a checkpoint, if there is one. Returns the number of epochs that are done."""
        if not checkpoint.exists():
            return 0
        state = torch.load(checkpoint, weights_only=True)
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        return int(state["epochs"])

    @property
    def _parts(self) -> dict[str, Any]:
        return {
            "network": self._network,
            "average": self.average,
            "optimizer": self._optimizer,
            "schedule": self._schedule,
        }

    @torch.no_grad()
    def _add_to_average(self, updates: int) -> None:
        remaining = min(self._averaged, (updates + 1) / (updates + 10))  # at first the average follows quickly
        for mean, value in zip(self.average.parameters(), self._network.parameters(), strict=True):
            if value.requires_grad:
                mean.lerp_(value, 1 - remaining)


def _rate(done: int, updates: int) -> float:
    warm_up = math.ceil(0.1 * updates)
    return min((done + 1) / warm_up, max(updates - done, 0) / updates)
