"""Tells in which encoding of the time before Unicode a text was written, by its letters (chardet)."""

import codecs
import re

import chardet

# Those that people's files have. Without those of DOS: chardet takes a single curly quotation mark or dash in a long
# English text for one of their letters.
_CANDIDATES = (
    "cp1252", "cp1250", "cp1251", "cp1253", "koi8-r", "mac-roman", "gb18030", "big5", "cp932", "euc-jp", "cp949",
)  # fmt: skip
_BEYOND_ASCII = re.compile(rb"[^\x00-\x7f]")
_AROUND = 32_000  # bytes before and behind the first letter beyond ASCII, that are looked at
# The letters of short western texts fit both encodings of Windows. The western one is much commoner.
_NEAR = 0.7


def likeliest(raw: bytes) -> str:
    """The codec that fits best a text which is not UTF-8; cp1252 where no letter is beyond ASCII."""
    first = _BEYOND_ASCII.search(raw)
    if first is None:
        return "cp1252"
    sample = raw[max(0, first.start() - _AROUND) : first.start() + _AROUND]
    found = chardet.detect_all(sample, ignore_threshold=True, include_encodings=_CANDIDATES)
    confidence = {codecs.lookup(one["encoding"]).name: one["confidence"] for one in found if one["encoding"]}
    best = max(confidence, key=lambda codec: confidence[codec], default="cp1252")
    is_western = best == "cp1250" and confidence.get("cp1252", 0.0) >= _NEAR * confidence[best]
    return "cp1252" if is_western else best
