"""BERT as torch fine-tunes it, beginning with weights that `moderation.bert` can run."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from moderation.bert import Row

DROPOUT = 0.1
_PADDING = 0  # is never attended to


class TrainedBert(nn.Module):
    """The network without its word vectors' gradients.

    Most words that people use occur in no training text. They must stay comparable with those that do.
    """

    def __init__(self, weights: dict[str, Any], *, heads: int) -> None:
        """`weights`: float arrays, named as in the transformers library, with one kind of text."""
        super().__init__()
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
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.training):
            hidden = self.model(input_ids=ids, attention_mask=attended).last_hidden_state
        means: Tensor = (hidden.float() * counted[:, :, None]).sum(dim=1) / counted.sum(dim=1, keepdim=True)
        return means

    def weights(self) -> dict[str, Any]:
        """The weights as arrays, for `moderation.bert.rounded`."""
        return {name: value.numpy() for name, value in self.model.state_dict().items()}
