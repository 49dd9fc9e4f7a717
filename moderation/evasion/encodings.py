"""Undoes what turns a text into another one by rule: base64, hexadecimal numbers and rot13."""

import base64
import binascii
import codecs
import re
from contextlib import suppress

_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{12,}={0,2}(?![A-Za-z0-9+/_=-])")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x|\\x)?[0-9A-Fa-f]{2}(?:[ :,]?(?:0x|\\x)?[0-9A-Fa-f]{2}){5,}(?![0-9A-Za-z])")
_NO_DIGIT = re.compile(r"0x|\\x|[ :,]")
_CLAUSE = re.compile(r"[^.!?:;\n]+")
_WORD = re.compile(r"[a-z]+")
# The commonest English words. A clause of rot13 holds none of them, and a decoded one does.
_COMMON = frozenset(
    [
        "the",
        "be",
        "to",
        "of",
        "and",
        "a",
        "in",
        "that",
        "have",
        "i",
        "it",
        "for",
        "not",
        "on",
        "with",
        "he",
        "as",
        "you",
        "do",
        "at",
        "this",
        "but",
        "his",
        "by",
        "from",
        "they",
        "we",
        "say",
        "her",
        "she",
        "or",
        "an",
        "will",
        "my",
        "one",
        "all",
        "would",
        "there",
        "their",
        "what",
        "so",
        "up",
        "out",
        "if",
        "about",
        "who",
        "get",
        "which",
        "go",
        "me",
        "when",
        "make",
        "can",
        "like",
        "no",
        "just",
        "him",
        "know",
        "take",
        "how",
        "your",
        "some",
        "could",
        "them",
        "is",
        "am",
        "are",
        "was",
        "want",
        "kill",
        "die",
        "myself",
        "yourself",
    ]
)


def decoded(text: str) -> str:
    """The text with each part that decodes to words replaced by these words."""
    text = _HEX.sub(lambda match: _words(_from_hex(match[0])) or match[0], text)
    text = _BASE64.sub(lambda match: _words(_from_base64(match[0])) or match[0], text)
    return _rotated(text) or _CLAUSE.sub(lambda match: _rotated(match[0]) or match[0], text)


def _from_base64(code: str) -> bytes:
    code = code.rstrip("=").replace("-", "+").replace("_", "/")
    with suppress(binascii.Error, ValueError):
        return base64.b64decode(code + "=" * (-len(code) % 4), validate=True)
    return b""


def _from_hex(code: str) -> bytes:
    digits = _NO_DIGIT.sub("", code)
    return bytes.fromhex(digits) if len(digits) % 2 == 0 else b""


def _words(content: bytes) -> str:
    """The content if it reads as words: UTF-8, mostly letters and blanks, nothing unprintable, more than one word."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ""
    letters = sum(character.isalpha() or character == " " for character in text)
    is_printable = all(character.isprintable() or character in "\n\r\t" for character in text)
    is_chinese = any("\u3400" <= character <= "\u9fff" for character in text)
    is_text = is_printable and letters >= 0.6 * len(text) and (" " in text.strip() or is_chinese)
    return text if text and is_text else ""


def _rotated(text: str) -> str:
    """The text behind rot13 if that holds many more of the common words; otherwise ""."""
    words = _WORD.findall(text.lower())
    if len(words) < 3:
        return ""
    rotated = codecs.decode(text, "rot13")
    known_before, known = (sum(word in _COMMON for word in each) for each in (words, _WORD.findall(rotated.lower())))
    return rotated if known >= 2 + 2 * known_before and known * 5 >= len(words) else ""
