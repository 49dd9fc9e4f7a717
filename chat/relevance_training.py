"""Fits the matrices of `chat.relevance` on written dialogues.

A reply is compared with other lines of the same persona, and with the replies of other talks in the batch (InfoNCE:
van den Oord et al. 2018). Half of the replies are cut after their first sentence, since the product compares pieces.
All matrices begin as multiples of the identity: the cosine of the plain vectors is a good start.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy, normalize

from chat.relevance import SOURCES
from moderation.filter import encoder
from personas.dialogues import Dialogue
from text import sentences

_BEGINNING = {"message": 1.0, "reply_before": 0.2, "message_before": 0.1, "introduction": 0.1, "reply": 1.0}
_EPOCHS = 3  # more learn the personas by heart
_BATCH = 64
_OTHERS = 15  # lines of the same persona that a reply is compared with
_RATE = 3e-4
_DROPOUT = 0.15
_SCALE = 2.3  # the logarithm of the first temperature's inverse
_SEED = 1


@dataclass(frozen=True)
class _Example:
    followed: list[int]  # rows of the vectors, in the order of SOURCES; the last row is zero, for nothing
    reply: int
    beginning: int  # the reply's first sentence
    others: list[int]


def fit(learnt: Sequence[Dialogue], held_out: Sequence[Dialogue], report: Callable[[str], None]) -> "Comparison":
    """Raises encoder.EncoderMissing."""
    torch.manual_seed(_SEED)
    texts: dict[str, int] = {}
    examples, apart = _examples(learnt, texts), _examples(held_out, texts)
    vectors = torch.from_numpy(
        np.vstack([encoder.minilm().encode(list(texts)), np.zeros((1, encoder.DIMENSIONS))])
    ).float()
    comparison = Comparison()
    optimizer = torch.optim.AdamW(comparison.parameters(), lr=_RATE, weight_decay=0)
    chance = np.random.default_rng(_SEED)
    steps = _EPOCHS * (len(examples) // _BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)
    for epoch in range(_EPOCHS):
        order = chance.permutation(len(examples))
        for at in range(0, len(examples) - _BATCH + 1, _BATCH):
            batch = [examples[number] for number in order[at : at + _BATCH]]
            loss = _loss(comparison, vectors, batch, chance)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
        report(f"epoch {epoch + 1}: picks the reply among four in {_accuracy(comparison, vectors, apart):.3f}")
    return comparison


class Comparison(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.matrices = torch.nn.ParameterDict(
            {name: share * torch.eye(encoder.DIMENSIONS) for name, share in _BEGINNING.items()}
        )
        self.scale = torch.nn.Parameter(torch.tensor(_SCALE))
        self._dropout = torch.nn.Dropout(_DROPOUT)

    def forward(self, followed: torch.Tensor, replies: torch.Tensor) -> torch.Tensor:
        """[n, 4, 384] and [n, k, 384] -> logits [n, k]."""
        followed = self._dropout(followed)
        context = sum(followed[:, at] @ self.matrices[name] for at, name in enumerate(SOURCES))
        mapped = normalize(self._dropout(replies) @ self.matrices["reply"], dim=-1)
        return torch.einsum("nkd,nd->nk", mapped, normalize(context, dim=-1)) * self.scale.exp()

    def save(self, path: Path) -> None:
        save_file({name: matrix.detach().half() for name, matrix in self.matrices.items()}, path)


def _examples(dialogues: Sequence[Dialogue], texts: dict[str, int]) -> list[_Example]:
    """`texts` gets a row for each text."""

    def row(text: str) -> int:
        return texts.setdefault(text, len(texts))

    lines: dict[str, set[int]] = {}
    for dialogue in dialogues:
        own = {row(turn.text) for turn in dialogue.turns if turn.speaker == "persona"}
        lines.setdefault(dialogue.sheet.name, set()).update(own)
    examples = []
    for dialogue in dialogues:
        for at, turn in enumerate(dialogue.turns):
            if turn.speaker == "persona":
                before = [row(earlier.text) for earlier in dialogue.turns[:at][-3:][::-1]]
                followed = [*before, *[-1] * (3 - len(before)), row(dialogue.sheet.description)]
                reply, beginning = row(turn.text), row(sentences.split(turn.text)[0].strip())
                others = sorted(lines[dialogue.sheet.name] - {reply})
                examples.append(_Example(followed, reply, beginning, others))
    return examples


def _loss(
    comparison: Comparison, vectors: torch.Tensor, batch: Sequence[_Example], chance: np.random.Generator
) -> torch.Tensor:
    replies = [each.beginning if chance.random() < 0.5 else each.reply for each in batch]
    followed = vectors[torch.tensor([each.followed for each in batch])]
    rows = [
        [reply, *chance.choice(each.others, _OTHERS, replace=True)] for reply, each in zip(replies, batch, strict=True)
    ]
    same = comparison(followed, vectors[torch.tensor(np.array(rows))])
    cross = comparison(followed, vectors[torch.tensor(replies)].expand(len(batch), -1, -1))
    return cross_entropy(same, torch.zeros(len(batch), dtype=torch.long)) + cross_entropy(
        cross, torch.arange(len(batch))
    )


@torch.no_grad()
def _accuracy(comparison: Comparison, vectors: torch.Tensor, examples: Sequence[_Example]) -> float:
    comparison.eval()
    chance = np.random.default_rng(_SEED)
    rows = [[each.reply, *chance.choice(each.others, 3, replace=False)] for each in examples]
    followed = vectors[torch.tensor([each.followed for each in examples])]
    logits = comparison(followed, vectors[torch.tensor(np.array(rows))])
    comparison.train()
    return float((logits.argmax(dim=1) == 0).float().mean())
