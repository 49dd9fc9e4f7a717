"""Learns which replies a reader found sensible (direct preference optimization: Rafailov et al. 2023).

The candidates are the model's own, so it learns about the faults that it has. A candidate with a better mark is to gain
against one with a worse mark, measured from the likelihoods that both had when they were drawn. The preference alone
lowers both sides, and with time the likelihood of all else. So the sensible candidates' own likelihood counts too, and
some talks have a written dialogue beside them, whose lines are learnt as before.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid
from transformers import DynamicCache

from generation.tuning.examples import Example
from generation.tuning.imitation import cost
from generation.tuning.lora import Loss, Training

_SHARPNESS = 0.2  # of the preference: beta in the paper
_KEPT = 0.15  # weight of the sensible candidates' mean likelihood a token
_BESIDE = 1.5  # weight of a dialogue beside, as a mean over its tokens


@dataclass(frozen=True)
class JudgedReplies:
    """A prompt and what may follow it, as tokens."""

    prompt: list[int]
    candidates: list[list[int]]
    marks: list[int]  # of the candidates, the higher the better; 0 is not sensible
    likelihoods: list[float]  # of the candidates when they were drawn, in nats
    beside: Example | None = None  # a written dialogue


def write(path: Path, rows: Iterable[JudgedReplies]) -> None:
    path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))


def read(path: Path) -> list[JudgedReplies]:
    """Raises OSError or ValueError."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [JudgedReplies(**row | {"beside": row["beside"] and Example(**row["beside"])}) for row in rows]


class Preference(Training[JudgedReplies]):
    """Losses are in bits a talk; 1 is a model that has learnt nothing."""

    def _loss(self, example: JudgedReplies) -> Loss:
        likelihoods, lengths = self._likelihoods(example)
        marks = torch.tensor(example.marks, device=self._device)
        gains = _SHARPNESS * (likelihoods - torch.tensor(example.likelihoods, device=self._device))
        better, worse = (marks[:, None] > marks[None, :]).nonzero(as_tuple=True)
        preference = -logsigmoid(gains[better] - gains[worse]).sum() / max(1, len(better))
        sensible = (likelihoods / lengths)[marks > 0]
        objective = preference - _KEPT * sensible.sum() / max(1, len(sensible))
        if example.beside is not None:
            dialogue = cost(self._model.get_base_model(), example.beside) / len(example.beside.positions())
            objective = objective + _BESIDE * dialogue
        return Loss(objective, float(preference.detach()), 1 if len(better) else 0)

    def _likelihoods(self, example: JudgedReplies) -> tuple[Tensor, Tensor]:
        """The log-likelihood of each text after the prompt, float32 [n], and its tokens [n].

        The prompt is read once and without gradients. They would take three times as long, for what the texts have in
        common.
        """
        model = self._model.get_base_model()
        texts = example.candidates
        *before, last = example.prompt
        cache = DynamicCache()
        with torch.no_grad():
            model.model(torch.tensor([before], device=self._device), past_key_values=cache, use_cache=True)
        cache.batch_repeat_interleave(len(texts))
        inputs, targets, is_target = _padded([[last, *text] for text in texts])
        mask = torch.cat([torch.ones(len(texts), len(before), dtype=torch.long), is_target.long()], dim=1)
        positions = torch.arange(len(before), mask.shape[1]).expand(len(texts), -1)
        hidden = model.model(
            inputs.to(self._device),
            attention_mask=mask.to(self._device),
            position_ids=positions.to(self._device),
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        logits = model.lm_head(hidden[is_target.to(self._device)]).float()
        chosen = logits.log_softmax(-1).gather(1, targets[is_target][:, None].to(self._device))[:, 0]
        rows = is_target.nonzero()[:, 0].to(self._device)
        sums = torch.zeros(len(texts), device=self._device).index_add(0, rows, chosen)
        return sums, is_target.sum(1).to(self._device)


def _padded(texts: list[list[int]]) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, the token after each of them, and where there is one: [texts, the longest text but its last token]."""
    shape = len(texts), max(map(len, texts)) - 1
    inputs, targets = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    is_target = torch.zeros(shape, dtype=torch.bool)
    for row, text in enumerate(texts):
        inputs[row, : len(text) - 1], targets[row, : len(text) - 1] = torch.tensor(text[:-1]), torch.tensor(text[1:])
        is_target[row, : len(text) - 1] = True
    return inputs, targets, is_target
