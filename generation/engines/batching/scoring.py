"""How likely a model finds each token of a text that is already there, and what it would rather have said.

One pass over prompt and text, in short pieces between the steps of running replies. What a running or a
recent reply has read already is taken from its cache. Logits are made for the text's positions alone,
and only the ten likeliest of each are kept.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from generation.engines.base import Alternative, EngineFailed, Scored, ScoredToken, Unit
from generation.engines.batching.batcher import Batcher
from generation.engines.batching.forward_pass import Cache, Logits

ALTERNATIVES = 10
# Tokens of one piece: with nobody waiting, and between the steps of somebody's reply.
_IDLE_PIECE = 64
_BUSY_PIECE = 16
_PATIENCE = timedelta(minutes=5)
_BROKEN = "\ufffd"  # what a decoder puts where bytes are no whole character
_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")

Row = tuple[float, list[tuple[int, float]]]  # a token's log-probability, and the likeliest tokens with theirs


class Scorer:
    """Reads between a batcher's steps."""

    def __init__(self, tokenizer: Any, batcher: Batcher, *, ends: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        self._batcher = batcher
        self._ends = ends | frozenset(tokenizer.all_special_ids)

    def score(self, prompt: str, read: list[int], whole: list[int], text: str) -> Scored:
        """`read` are the prompt's tokens, `whole` those of prompt and text together. Raises EngineError."""
        # Where the two grow into one token at the joint, the text is cut into tokens by itself.
        said = whole[len(read) :] if whole[: len(read)] == read else self._alone(text)
        rows = [row for piece in self._pieces(read, said) for row in piece]
        units = tuple(self._units(read[-1], said, rows))
        if "".join(unit.text for unit in units) != text:
            raise EngineFailed("The tokenizer does not give this text back.")
        return Scored(prompt, units)

    def _alone(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def _pieces(self, read: list[int], said: list[int]) -> Iterator[list[Row]]:
        ids = read + said
        patience = _PATIENCE.total_seconds()
        cache = self._batcher.between_steps(lambda: self._batcher.known_beginning(read)).result(patience)
        try:
            while len(cache.tokens) < len(ids) - 1:
                yield self._batcher.between_steps(lambda: self._piece(cache, ids, len(read))).result(patience)
        finally:
            self._batcher.between_steps(lambda: self._batcher.keep(cache))

    def _piece(self, cache: Cache, ids: list[int], first: int) -> list[Row]:
        """Reads on; the rows of those tokens of the text, from `first` on, that this piece foretells."""
        start = len(cache.tokens)
        size = _BUSY_PIECE if self._batcher.is_busy else _IDLE_PIECE
        piece = ids[start : min(start + size, len(ids) - 1)]
        keep = [at for at in range(len(piece)) if start + at + 1 >= first]
        logits = self._batcher.read_on(cache, piece, keep)
        return [_row(row, ids[start + at + 1]) for at, row in zip(keep, logits, strict=True)]

    def _units(self, before: int, said: list[int], rows: list[Row]) -> Iterator[Unit]:
        """The tokens with their rows; those that only together make a character, together."""
        held: list[int] = []
        tokens: list[ScoredToken] = []
        for token, (logprob, likeliest) in zip(said, rows, strict=True):
            choices = tuple(self._alternative(before, held, other, value) for other, value in likeliest)
            tokens.append(ScoredToken(self._bytes(token), logprob, choices))
            held.append(token)
            text = self._added(before, held)
            if not text.endswith(_BROKEN):
                yield Unit(text, tuple(tokens))
                before, held, tokens = token, [], []
        if held:
            yield Unit(self._added(before, held), tuple(tokens))

    def _alternative(self, before: int, held: Sequence[int], token: int, logprob: float) -> Alternative:
        if token in self._ends:
            return Alternative("", b"", logprob, ends=True)
        text = self._added(before, [*held, token])
        return Alternative("" if _BROKEN in text else text, self._bytes(token), logprob)

    def _added(self, before: int, tokens: Sequence[int]) -> str:
        """What the tokens add to the text; some decoders drop the blank at its very beginning."""
        return self._decode([before, *tokens]).removeprefix(self._decode([before]))

    def _decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(tokens, clean_up_tokenization_spaces=False))

    def _bytes(self, token: int) -> bytes:
        text = self._decode([token])
        if _BROKEN not in text:
            return text.encode()
        name = str(self._tokenizer.convert_ids_to_tokens(token))
        if found := _BYTE_TOKEN.fullmatch(name):
            return bytes.fromhex(found[1])
        return bytes(_BYTE_OF[character] for character in name if character in _BYTE_OF)


def _row(logits: Logits, token: int) -> Row:
    """From `[vocabulary]` logits."""
    top = logits.max()
    normaliser = float(top) + float(np.log(np.exp(logits - top, dtype=np.float64).sum()))
    few = min(ALTERNATIVES, len(logits))
    likeliest = np.argpartition(logits, -few)[-few:]
    likeliest = likeliest[np.argsort(-logits[likeliest], kind="stable")]
    return float(logits[token]) - normaliser, [(int(one), float(logits[one]) - normaliser) for one in likeliest]


def _byte_alphabet() -> dict[str, int]:
    """The characters that stand for bytes in the vocabularies of byte-level BPE (Radford et al. 2019)."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + n): byte for n, byte in enumerate(hidden)}


_BYTE_OF = _byte_alphabet()
