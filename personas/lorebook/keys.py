"""The keys of lorebook entries: words, or patterns that are searched in linear time.

Patterns are searched by RE2, whose time is linear in the text for every pattern. It knows neither looking around nor
back references. An entry with such a pattern does not match, as the specification says of invalid patterns.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import re2

_SLASHED = re.compile(r"/(.+)/([a-z]{0,8})", re.DOTALL)
_PATTERN_SIGN = re.compile(r"[\\\[\](){}*+?|^$]")
_MOST_MEMORY = 1 << 20  # bytes of a compiled pattern and its states
_MOST_PATTERN = 1_000  # characters


@dataclass(frozen=True)
class Key:
    text: str
    is_pattern: bool = False
    is_case_sensitive: bool = False
    is_whole_word: bool = False
    sought: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sought", self.text if self.is_case_sensitive else self.text.casefold())

    def is_in(self, text: str, folded: str) -> bool:
        """Whether a text holds the key. `folded` is the same text without case."""
        if self.is_pattern:
            pattern = _compiled(self.text, self.is_case_sensitive)
            return pattern is not None and pattern.search(text) is not None
        searched = text if self.is_case_sensitive else folded
        return _has_word(searched, self.sought) if self.is_whole_word else self.sought in searched

    @property
    def is_unsafe(self) -> bool:
        """Whether it is a pattern that cannot be searched."""
        return self.is_pattern and _compiled(self.text, self.is_case_sensitive) is None


def looks_like_pattern(text: str) -> bool:
    """Whether a key of an entry with `use_regex` needs the rules of patterns.

    SillyTavern exports every entry with `use_regex`, also those whose keys are plain words.
    """
    return _SLASHED.fullmatch(text) is not None or _PATTERN_SIGN.search(text) is not None


def _has_word(text: str, word: str) -> bool:
    """Whether the word stands in the text with no letter or digit of an alphabet beside it."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not (_joins(text[start - 1 : start], word[:1]) or _joins(word[-1:], text[end : end + 1])):
            return True
        start = text.find(word, start + 1)
    return False


def _joins(left: str, right: str) -> bool:
    """Whether two characters can be parts of one word. Chinese and Japanese are written without spaces."""
    return left.isalnum() and right.isalnum() and left < "\u2e80" and right < "\u2e80"


@lru_cache(maxsize=4096)
def _compiled(pattern: str, is_case_sensitive: bool) -> Any | None:
    """The pattern as RE2 compiles it, or None."""
    slashed = _SLASHED.fullmatch(pattern)
    body, flags = (slashed[1], set(slashed[2])) if slashed else (pattern, set("" if is_case_sensitive else "i"))
    if len(body) > _MOST_PATTERN:
        return None
    options = re2.Options()
    options.max_mem = _MOST_MEMORY
    options.log_errors = False  # the log would quote the pattern
    options.case_sensitive = "i" not in flags
    options.dot_nl = "s" in flags
    try:
        return re2.compile(f"(?m){body}" if "m" in flags else body, options)
    except re2.error:
        return None
