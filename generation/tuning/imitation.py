"""Learns the targets of texts: the usual loss of a language model, on some of the words."""

from typing import Any

import torch
from torch.nn.functional import cross_entropy

from generation.tuning.examples import Example
from generation.tuning.lora import Loss, Training


class Imitation(Training[Example]):
    """Losses are in bits per byte of the targets."""

    def _loss(self, example: Example) -> Loss:
        nats = cost(self._model.get_base_model(), example)
        return Loss(nats / len(example.positions()), float(nats.detach()), example.target_bytes)


def cost(model: Any, example: Example) -> torch.Tensor:
    """The sum over the targets, in nats. Logits are computed only where a target follows."""
    positions = torch.tensor(example.positions())
    hidden = model.model(torch.tensor([example.ids[:-1]], device=model.device)).last_hidden_state[0]
    logits = model.lm_head(hidden[positions - 1]).float()
    return cross_entropy(logits, torch.tensor(example.ids)[positions].to(model.device), reduction="sum")
