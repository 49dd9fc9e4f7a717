"""Hashed n-grams of characters and words: the input of the linear heads besides the sentence vector.

They work for every script, without a vocabulary file and without fitting, so training and serving cannot differ.
A change here changes the meaning of every weight, so retrain after it.
"""

import itertools
import re
import unicodedata
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy import sparse

BUCKETS = 1 << 18
LONGEST_NGRAM = 5
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_BLANKS = re.compile(r"\s+")
_DIGITS = re.compile(r"\d")
_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CJK = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af]")
# English function words. A text of these alone scores 0: the heads learned "you are" from insults.
_FUNCTION_WORDS = frozenset(
    _WORDS.findall(
        "a an the i you he she it we they me him us them my your his her its our their this that these those am is are "
        "was were be been being do does did have has had will would can could shall should may might must not no yes "
        "and or but so if than then as of to in on at for with from by up out about what who when where why how there "
        "here oh well too very just only i'm you're he's she's it's we're they're i've i'll i'd don't isn't"
    )
)


def plain(text: str) -> str:
    """The form in which texts are compared: NFKC, lower case, single blanks, no invisible characters."""
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).lower()
    return _BLANKS.sub(" ", folded).strip()


def has_content(text: str) -> bool:
    """Whether a text has a word or a number other than English function words."""
    words = _WORDS.findall(plain(text).replace("’", "'"))
    return any(word not in _FUNCTION_WORDS for word in words)


def is_mostly_cjk(text: str) -> bool:
    """Whether most letters are Chinese, Japanese or Korean, which a vocabulary of English word pieces lacks."""
    letters = sum(character.isalpha() for character in text)
    return letters > 0 and len(_CJK.findall(text)) * 2 > letters


def buckets(text: str) -> npt.NDArray[np.int64]:
    """The distinct buckets of a text's 1- to 5-character n-grams, words and word pairs; int64 [k], ascending."""
    folded = _DIGITS.sub("0", plain(text))
    codes = np.frombuffer(f" {folded} ".encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    parts = [_ngrams(codes, n) for n in range(1, min(LONGEST_NGRAM, len(codes)) + 1)]
    words = _WORDS.findall(folded)
    pairs = [f"{first} {second}" for first, second in itertools.pairwise(words)]
    parts.append(np.array([zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words + pairs], np.uint64))
    return np.unique(np.concatenate(parts) & np.uint64(BUCKETS - 1)).astype(np.int64)


def _ngrams(codes: npt.NDArray[np.uint64], n: int) -> npt.NDArray[np.uint64]:
    """One hash per window of n code points: a polynomial, then the finaliser of MurmurHash3."""
    hashes = np.full(len(codes) - n + 1, n, dtype=np.uint64)
    for offset in range(n):
        hashes = hashes * np.uint64(0x100000001B3) + codes[offset : offset + len(hashes)]
    hashes ^= hashes >> np.uint64(33)
    hashes *= np.uint64(0xFF51AFD7ED558CCD)
    return hashes ^ (hashes >> np.uint64(33))


def ngram_matrix(texts: Iterable[str]) -> "sparse.csr_matrix":
    """float32 [n, BUCKETS]; rows of length 1."""
    from scipy import sparse

    rows = [buckets(text) for text in texts]
    lengths = np.array([len(row) for row in rows])
    values = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    columns = np.concatenate(rows).astype(np.int32)
    return sparse.csr_matrix((values, columns, starts), shape=(len(rows), BUCKETS))
