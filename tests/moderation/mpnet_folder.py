"""Writes a tiny MPNet of random weights as the transformers library keeps it, with a tokenizer of letters."""

from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from transformers import MPNetConfig, MPNetModel

from moderation.networks.english_network import ATTENTION_HEADS

WIDTH = 8 * ATTENTION_HEADS


def write(folder: Path) -> None:
    torch.manual_seed(1)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *"abcdefghijklmnopqrstuvwxyz"]
    config = MPNetConfig(
        vocab_size=len(pieces),
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=ATTENTION_HEADS,
        intermediate_size=4 * WIDTH,
        max_position_embeddings=514,
    )
    MPNetModel(config).save_pretrained(folder)
    tokenizer = Tokenizer(WordLevel({piece: number for number, piece in enumerate(pieces)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Split("", "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
