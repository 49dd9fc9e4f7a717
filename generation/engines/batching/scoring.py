"""The probability of each token of an existing text, and the tokens that the model finds more likely.

The prompt and the text are read in one pass, in short pieces between the steps of running replies. Tokens that a
running or recent reply has already read come from its cache. Logits are computed only for the text's positions,
and only the ten most likely tokens of each position are kept.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from generation.engine import Alternative, EngineFailed, Scored, ScoredToken, Unit
from generation.engines.batching.batcher import Batcher
from generation.engines.batching.forward_pass import Cache, Logits
from generation.engines.batching.low_rank import LowRank
from generation.engines.batching.steps import outcome

ALTERNATIVES = 10
# Tokens of one piece: while no reply is running, and between the steps of a reply.
_IDLE_PIECE = 64
_BUSY_PIECE = 16
_BROKEN = "\ufffd"  # a decoder's replacement for bytes that are not a whole character
_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")

Row = tuple[float, list[tuple[int, float]]]  # a token's log-probability, and the most likely tokens with theirs


class Scorer:
    """Scores a text between a batcher's steps."""

    def __init__(self, tokenizer: Any, batcher: Batcher, *, ends: frozenset[int], adapter: LowRank | None) -> None:
        self._tokenizer = tokenizer
        self._batcher = batcher
        self._adapter = adapter
        self._ends = ends | frozenset(tokenizer.all_special_ids)

    def score(self, prompt: str, prompt_ids: list[int], whole: list[int], text: str) -> Scored:
        """`prompt_ids` are the prompt's tokens, `whole` those of prompt and text together. Raises EngineError."""
        # If one token spans the border of prompt and text, the text is tokenized on its own.
        text_ids = whole[len(prompt_ids) :] if whole[: len(prompt_ids)] == prompt_ids else self._alone(text)
        rows = [row for piece in self._pieces(prompt_ids, text_ids) for row in piece]
        units = tuple(self._units(prompt_ids[-1], text_ids, rows))
        if "".join(unit.text for unit in units) != text:
            raise EngineFailed("The tokenizer does not decode this text to itself.")
        return Scored(prompt, units)

    def _alone(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def _pieces(self, prompt_ids: list[int], text_ids: list[int]) -> Iterator[list[Row]]:
        ids = prompt_ids + text_ids
        cache = outcome(self._batcher.between_steps(lambda: self._batcher.known_beginning(prompt_ids, self._adapter)))
        try:
            while len(cache.tokens) < len(ids) - 1:
                yield outcome(self._batcher.between_steps(lambda: self._piece(cache, ids, len(prompt_ids))))
        finally:
            self._batcher.between_steps(lambda: self._batcher.keep(cache))

    def _piece(self, cache: Cache, ids: list[int], first: int) -> list[Row]:
        """Reads the next piece. Returns the rows of the tokens that it predicts, from position `first` on."""
        start = len(cache.tokens)
        size = _BUSY_PIECE if self._batcher.is_busy else _IDLE_PIECE
        piece = ids[start : min(start + size, len(ids) - 1)]
        keep = [at for at in range(len(piece)) if start + at + 1 >= first]
        logits = self._batcher.read_on(cache, piece, keep)
        return [_row(row, ids[start + at + 1]) for at, row in zip(keep, logits, strict=True)]

    def _units(self, before: int, text_ids: list[int], rows: list[Row]) -> Iterator[Unit]:
        """The tokens with their rows. Tokens that form a character only together are in one unit."""
        unit_ids: list[int] = []
        tokens: list[ScoredToken] = []
        for token, (logprob, likeliest) in zip(text_ids, rows, strict=True):
            choices = tuple(self._alternative(before, unit_ids, other, value) for other, value in likeliest)
            tokens.append(ScoredToken(self._bytes(token), logprob, choices))
            unit_ids.append(token)
            text = self._added(before, unit_ids)
            if not text.endswith(_BROKEN):
                yield Unit(text, tuple(tokens))
                before, unit_ids, tokens = token, [], []
        if unit_ids:
            yield Unit(self._added(before, unit_ids), tuple(tokens))

    def _alternative(self, before: int, unit_ids: Sequence[int], token: int, logprob: float) -> Alternative:
        if token in self._ends:
            return Alternative("", b"", logprob, ends=True)
        text = self._added(before, [*unit_ids, token])
        return Alternative("" if _BROKEN in text else text, self._bytes(token), logprob)

    def _added(self, before: int, tokens: Sequence[int]) -> str:
        """The text that the tokens add after `before`. Some decoders drop a blank at the beginning of a text."""
        return self._decode([before, *tokens]).removeprefix(self._decode([before]))

    def _decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(tokens, clean_up_tokenization_spaces=False))

    def _bytes(self, token: int) -> bytes:
        text = self._decode([token])
        if _BROKEN not in text:
            return text.encode()
        name = str(self._tokenizer.convert_ids_to_tokens(token))
        if match := _BYTE_TOKEN.fullmatch(name):
            return bytes.fromhex(match[1])
        return bytes(_BYTE_OF[character] for character in name if character in _BYTE_OF)


def _row(logits: Logits, token: int) -> Row:
    """The row of `token`, from `[vocabulary]` logits."""
    top = logits.max()
    normaliser = float(top) + float(np.log(np.exp(logits - top, dtype=np.float64).sum()))
    few = min(ALTERNATIVES, len(logits))
    likeliest = np.argpartition(logits, -few)[-few:]
    likeliest = likeliest[np.argsort(-logits[likeliest], kind="stable")]
    return float(logits[token]) - normaliser, [(int(other), float(logits[other]) - normaliser) for other in likeliest]


def _byte_alphabet() -> dict[str, int]:
    """The characters that stand for bytes in the vocabularies of byte-level BPE (Radford et al. 2019)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    unprintable = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(unprintable)}


_BYTE_OF = _byte_alphabet()
