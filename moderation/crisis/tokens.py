"""The tokens in which the recogniser reads a person's messages.

Texts are folded as the patterns fold them (`features.plain`): lower case, no invisible characters. The newest message
comes last, behind at most CONTEXT tokens of those before it, so a step is judged over the last turns. A message longer
than WHOLE tokens is read in pieces of a few sentences, each behind the same context, because the mean over a long text
says little of one sentence in it. A sentence longer than WINDOW tokens is read in overlapping windows. So the time is
linear in the length of a message.
"""

from collections.abc import Sequence

from tokenizers import Tokenizer
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import Metaspace

from moderation.crisis.base_model import BEGIN, END, UNKNOWN
from moderation.features import plain
from moderation.networks.bert import Row
from text import sentences

EARLIER = 3  # messages before the newest that are read
CONTEXT, WINDOW, STRIDE = 64, 128, 96
WHOLE = 64
PIECE, PIECE_SENTENCES = 48, 3  # the most tokens and sentences of a piece; one sentence may be longer
LONGEST = CONTEXT + WINDOW + 2  # of a row, with the marks at its beginning and end


def tokenizer(pieces: Sequence[str], scores: Sequence[float]) -> Tokenizer:
    """The tokenizer of a SentencePiece unigram vocabulary."""
    made = Tokenizer(Unigram(list(zip(pieces, scores, strict=True)), unk_id=UNKNOWN, byte_fallback=False))
    made.pre_tokenizer = Metaspace()
    return made


def pieces(tokenizer: Tokenizer, message: str) -> list[str]:
    """The message, or the pieces of a few sentences in which it is read. Joined, they are the message."""
    lengths = [(sentence, len(_ids(tokenizer, sentence))) for sentence in sentences.split(message)]
    if sum(length for _, length in lengths) <= WHOLE:
        return [message]
    found: list[str] = []
    tokens = count = 0
    for sentence, length in lengths:
        if not found or tokens + length > PIECE or count == PIECE_SENTENCES:
            found.append("")
            tokens = count = 0
        found[-1] += sentence
        tokens, count = tokens + length, count + 1
    return found


def rows(tokenizer: Tokenizer, messages: Sequence[str]) -> list[Row]:
    """The rows of a person's messages, the newest last: one, or several if the newest is longer than WINDOW tokens.

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
