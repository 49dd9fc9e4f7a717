"""Reads all-mpnet-base-v2 (Song et al. 2020; Apache-2.0) from its folder, under the names of `networks.bert`."""

import math
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from moderation.crisis.base_model import BadBase
from moderation.networks.bert import DISTANCES, KINDS, Matrix

_FIRST_PLACE = 2  # the places before it belong to padding
_BUCKETS, _FAR = 32, 128  # of distances, and the distance from which all share a bucket
_NAMES = {  # of a layer's parts, here and in BERT
    "attention.attn.q": "attention.self.query",
    "attention.attn.k": "attention.self.key",
    "attention.attn.v": "attention.self.value",
    "attention.attn.o": "attention.output.dense",
    "attention.LayerNorm": "attention.output.LayerNorm",
}


def read(folder: Path, places: int) -> tuple[dict[str, Matrix], Tokenizer]:
    """Its float32 weights for rows of at most `places` tokens, and its tokenizer, which neither pads nor cuts.

    Raises BadBase.
    """
    try:
        stored = load_file(folder / "model.safetensors")
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        weights = as_bert({name: value for name, value in stored.items() if value.dtype == np.float32}, places)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise BadBase(f"{folder} cannot be read: {error}.") from error
    except Exception as error:  # the library of tokenizers raises no other kind
        raise BadBase(f"{folder / 'tokenizer.json'} cannot be read: {error}.") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return weights, tokenizer


def as_bert(weights: dict[str, Matrix], places: int) -> dict[str, Matrix]:
    """The weights of MPNet, named as in the transformers library, as those of BERT with a table of DISTANCES.

    Raises KeyError.
    """
    found = {_named(name): value for name, value in weights.items()}
    by_bucket = found.pop("encoder.relative_attention_bias.weight")
    found[DISTANCES] = by_bucket[[_bucket(distance) for distance in range(1 - places, places)]]
    own_places = found["embeddings.position_embeddings.weight"][_FIRST_PLACE:]
    found["embeddings.position_embeddings.weight"] = own_places[:places]
    found[KINDS] = np.zeros((1, own_places.shape[1]), np.float32)
    return {name: value for name, value in found.items() if not name.startswith("pooler.")}


def _named(name: str) -> str:
    for theirs, ours in _NAMES.items():
        name = name.replace(theirs, ours)
    return name


def _bucket(distance: int) -> int:
    """The bucket of a distance from a token to another, as in T5 (Raffel et al. 2020), in both directions."""
    half = _BUCKETS // 2
    exact = half // 2
    far = abs(distance)
    if far >= exact:
        far = min(exact + int(math.log(far / exact) / math.log(_FAR / exact) * (half - exact)), half - 1)
    return far + (half if distance > 0 else 0)
