"""The tokens in which the recogniser reads a person's messages.

Texts are folded as the patterns fold them (`features.plain`): lower case, no invisible characters. The newest message
comes last, behind at most CONTEXT tokens of those before it, so a step is judged over the last turns. A message longer
than WINDOW tokens is read in overlapping windows, each behind the same context, so the time is linear in its length.
"""

from collections.abc import Sequence

from tokenizers import Tokenizer
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import Metaspace

from moderation.bert import Row
from moderation.crisis.base_model import BEGIN, END, UNKNOWN
from moderation.filter.classifiers.features import plain

EARLIER = 3  # messages before the newest that are read
CONTEXT, WINDOW, STRIDE = 64, 128, 96
LONGEST = CONTEXT + WINDOW + 2  # of a row, with the marks at its beginning and end


def tokenizer(pieces: Sequence[str], scores: Sequence[float]) -> Tokenizer:
    """The tokenizer of a SentencePiece unigram vocabulary."""
    made = Tokenizer(Unigram(list(zip(pieces, scores, strict=True)), unk_id=UNKNOWN, byte_fallback=False))
    made.pre_tokenizer = Metaspace()
    return made


def rows(tokenizer: Tokenizer, messages: Sequence[str]) -> list[Row]:
    """The rows of a person's messages, the newest last: one, or several if the newest is long.

    Only the tokens of the newest message count in a row's mean.
    """
    *earlier, newest = [_ids(tokenizer, message) for message in messages[-EARLIER - 1 :]]
    context = [token for ids in earlier if ids for token in (*ids, END)][-CONTEXT:]
    return [Row((BEGIN, *context, *window, END), first=len(context) + 1) for window in _windows(newest)]


def _ids(tokenizer: Tokenizer, message: str) -> list[int]:
    valid = message.encode("utf-8", "replace").decode()  # replaces unpaired surrogates
    ids: list[int] = tokenizer.encode(plain(valid), add_special_tokens=False).ids
    return ids


def _windows(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + WINDOW] for start in range(0, max(len(ids) - WINDOW + STRIDE, 1), STRIDE)]
