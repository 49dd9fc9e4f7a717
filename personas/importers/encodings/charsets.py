"""The charsets that mails and web pages name, as Python's codecs. Wrong names that are common are put right."""

import codecs
import re

from personas.importers.encodings import legacy_encodings

_SPELLINGS = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030", "gb_2312-80": "gb18030",
    "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252", "unicode-1-1-utf-8": "utf-8",
}  # fmt: skip
_ASCII = bytes(range(128))
_DAMAGED = 0.02  # of the bytes beyond ASCII may be wrong
# Python also has codecs that are no charsets, and some that take quadratic time.
_CHARSET = re.compile(
    r"(?:utf-?_?(?:8|16|32)|iso|cp|windows|koi8|gb|big5|euc|shift|mac|hz|tis|johab|latin)", re.IGNORECASE
)


def codec(name: str) -> str:
    """The codec of a charset, or "" if there is none of that name."""
    spelling = name.strip().strip("'\"").casefold()
    candidate = _SPELLINGS.get(spelling, spelling)
    if not _CHARSET.match(candidate) or len(candidate) > 40:
        return ""
    try:
        return codecs.lookup(candidate).name
    except LookupError:
        return ""


def decoded(raw: bytes, charset: str) -> str:
    """Bytes by the charset that they claim; where it does not fit, by UTF-8, and then by what their letters tell."""
    claimed = codec(charset)
    candidates = dict.fromkeys(filter(None, ("utf-8" if claimed == "cp1252" and _is_wide(raw) else claimed, "utf-8")))
    beyond = len(raw.translate(None, _ASCII))
    for share in (0.0, _DAMAGED):
        for candidate in candidates:
            try:
                text = raw.decode(candidate, "replace")
            except UnicodeError:
                continue
            if text.count("\ufffd") <= share * beyond:
                return text
    return raw.decode(legacy_encodings.likeliest(raw), "replace")


def _is_wide(raw: bytes) -> bool:
    """Whether bytes that claim to be Latin are UTF-8 with more than ASCII: every byte is some letter of Latin."""
    try:
        return not raw.isascii() and bool(raw.decode("utf-8"))
    except UnicodeError:
        return False
