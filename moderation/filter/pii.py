"""Personal data in a text, with the place where it stands, so that it can be taken out.

Covered: e-mail addresses; telephone numbers (international form, and the national forms of the regions
below, by libphonenumber's own validity rules); payment cards (Luhn and an issuer's prefix); IBANs; national
ids with a check digit (China, US, UK, France, Germany, Spain, Italy, Brazil ...), those without a strong one
only beside a word that says what they are; IP addresses; street addresses in the plain forms of English and
Chinese. Not covered: names, dates of birth, numbers spelled out in words, addresses in other forms.

Years, prices, dates, verse numbers and the like must pass: `ordinary_numbers` takes them out first, and a bare run of
digits is a telephone number only when it has the shape of one that people write, or stands beside a word such as
"call" or 电话.
"""

import ipaddress
import re
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import phonenumbers
from stdnum import iban, luhn
from stdnum.br import cpf
from stdnum.cn import ric
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.it import codicefiscale
from stdnum.us import ssn

from moderation.filter import ordinary_numbers

VERSION = "2"

# Where a number without a country code is looked for, in this order.
REGIONS = ("US", "GB", "CN", "HK", "TW", "IN", "AU", "DE", "FR", "JP", "KR", "ES", "IT", "BR", "NL", "IE", "NZ", "SG")


@dataclass(frozen=True, order=True)
class Span:
    """Characters `start` to `end` of the text that was searched."""

    start: int
    end: int
    kind: str  # a key of LABELS


LABELS = {
    "email": {"en": "[e-mail address removed]", "zh": "[电子邮箱已隐去]"},
    "phone": {"en": "[phone number removed]", "zh": "[电话号码已隐去]"},
    "card": {"en": "[card number removed]", "zh": "[银行卡号已隐去]"},
    "account": {"en": "[account number removed]", "zh": "[账号已隐去]"},
    "id": {"en": "[identity number removed]", "zh": "[证件号码已隐去]"},
    "ip": {"en": "[network address removed]", "zh": "[网络地址已隐去]"},
    "address": {"en": "[street address removed]", "zh": "[住址已隐去]"},
}

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:@|\s?[\[(]\s?at\s?[\])]\s?|＠)(?:[\w-]{1,63}(?:\.|\s?[\[(]\s?dot\s?[\])]\s?|。(?=[a-z])|．)){1,5}"
    r"[A-Za-z]{2,24}(?![\w-])",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<![\d.,-])(?:[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5})(?![\d-])")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_IP4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
_IP6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{1,4})*(?![\w:])")
_STREET = re.compile(
    r"(?<![\w$£€.,])\d{1,5}[A-Za-z]?(?:,)? (?:(?:[NSEW]|North|South|East|West)\.? )?(?:[A-Z][\w'.-]+ ){1,3}"
    r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Terrace|Crescent|Close|Way|Square|Sq)\b\.?"
    r"(?:,? (?:Apt|Apartment|Flat|Unit|Suite|#)\.? ?\w{1,5})?(?:, (?:[A-Z][\w'.-]++ ?){1,3}+)?+(?:,? [A-Z]{2} \d{5}(?:-\d{4})?|,? [A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})?"
)
# "In 1969 Abbey Road", "on 12 May St Paul's": a year or a day, and no house number.
_YEAR_AFTER = re.compile(r"\b(?:in|since|by|until|till) $", re.IGNORECASE)
_YEAR_OR_DAY = re.compile(
    r"(?P<year>(?:1[5-9]|20)\d\d )|\d\d? (?:January|February|March|April|May|June|July|August|September|October|November|"
    r"December) (?:St|Dr)\b"
)
_STREET_CHINESE = re.compile(
    r"[\u4e00-\u9fff]{2,12}(?:路|街|大道|巷|弄|胡同)\d{1,5}号(?>[\u4e00-\u9fff\d]{0,10}(?:楼|栋|幢|单元|室|号))*+"
)
_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])(?:[+＋(（]|00)?\d[\d\s().\-‐–—·/]{5,22}\d(?![A-Za-z0-9_])")
_DIGITS = re.compile(r"\d")
_PHONE_WORD = re.compile(
    r"\b(?:call|phone|ring|dial|text|tel|telephone|mobile|cell(?! counts?\b)|fax|whatsapp|sms|number(?! of\b)|"
    r"reach (?:me|us|him|her)|contact)\b|电话|手机|号码|致电|拨打|联系|热线|座机|传真|微信|打给",
    re.IGNORECASE,
)
_NOT_A_PHONE = re.compile(r"^(?:\d{1,4}[-–—/.]\d{1,2}[-–—/.]\d{1,4}|(?:(?:1\d|20)\d\d[\s,]+)+(?:1\d|20)\d\d)$")
_SHAPES = re.compile(
    r"^(?:[+＋]|00)\d|^[(（]\d{2,5}[)）]|^\d{3}[\s.\-]\d{3}[\s.\-]\d{4}$|^1[\s.\-]\d{3}[\s.\-]\d{3}[\s.\-]\d{4}$|^1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}$|"
    r"^0\d{1,5}[\s./\-]\d{2,4}(?:[\s.\-]?\d{2,4}){1,4}$|^0\d{9,11}$"
)
_CONTEXT = 30

_WITH_WORDS: tuple[tuple[Any, re.Pattern[str], re.Pattern[str]], ...] = (
    (
        ssn,
        re.compile(r"(?<![\d-])\d{3}[- ]?\d{2}[- ]?\d{4}(?![\d-])"),
        re.compile(r"\bssn\b|social security", re.IGNORECASE),
    ),
    (
        nhs,
        re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)"),
        re.compile(r"\bnhs\b", re.IGNORECASE),
    ),
    (
        idnr,
        re.compile(r"(?<!\d)\d{2}[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}(?!\d)"),
        re.compile(r"steuer|idnr|tax id|identifikationsnummer", re.IGNORECASE),
    ),
    (
        cpf,
        re.compile(r"(?<!\d)\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?!\d)"),
        re.compile(r"\bcpf\b", re.IGNORECASE),
    ),
)
_BY_FORM: tuple[tuple[Any, re.Pattern[str]], ...] = (
    (ric, re.compile(r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])")),
    (nir, re.compile(r"(?<!\d)[12][ ]?\d{2}[ ]?\d{2}[ ]?(?:\d{2}|2[AB])[ ]?\d{3}[ ]?\d{3}[ ]?\d{2}(?!\d)")),
    (dni, re.compile(r"(?<![\w])\d{8}-?[A-HJ-NP-TV-Z](?!\w)")),
    (nie, re.compile(r"(?<![\w])[XYZ]-?\d{7}-?[A-Z](?!\w)")),
    (codicefiscale, re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)")),
    (ssn, re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")),
)
_NINO = re.compile(
    r"(?<!\w)(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)"
)


def find(text: str) -> tuple[Span, ...]:
    """Spans in order, none overlapping; where two kinds claim a place, the one more surely told apart has it."""
    spans: list[Span] = []  # in order
    for finder in (_emails, _accounts, _national_ids, _cards, _addresses, _phones):
        for span in finder(text):
            at = bisect(spans, span)
            if not any(_overlap(span, other) for other in spans[max(at - 1, 0) : at + 1]):
                spans.insert(at, span)
    return tuple(spans)


def mask(text: str, spans: Iterable[Span], *, language: str = "") -> str:
    """The text with each span replaced by a label; in Chinese where the language, or else the text, is Chinese."""
    chinese = language.lower().startswith("zh") if language else bool(re.search("[\u4e00-\u9fff]", text))
    tongue = "zh" if chinese else "en"
    pieces: list[str] = []
    at = 0
    for span in sorted(spans):
        pieces += [text[at : span.start], LABELS[span.kind][tongue]]
        at = span.end
    return "".join([*pieces, text[at:]])


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _found(pattern: re.Pattern[str], text: str, kind: str, holds: Callable[[str], bool]) -> Iterator[Span]:
    for match in pattern.finditer(text):
        if holds(match[0]):
            yield Span(match.start(), match.end(), kind)


def _emails(text: str) -> Iterator[Span]:
    yield from _found(_EMAIL, text, "email", lambda found: True)


def _accounts(text: str) -> Iterator[Span]:
    yield from _found(_IBAN, text, "account", iban.is_valid)


def _cards(text: str) -> Iterator[Span]:
    def is_card(found: str) -> bool:
        digits = "".join(_DIGITS.findall(found))
        return 14 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn.is_valid(digits)

    yield from _found(_CARD, text, "card", is_card)


def _national_ids(text: str) -> Iterator[Span]:
    for module, pattern in _BY_FORM:
        yield from _found(pattern, text, "id", module.is_valid)
    yield from _found(_NINO, text, "id", lambda found: True)
    for module, pattern, word in _WITH_WORDS:
        for match in pattern.finditer(text):
            near = text[max(0, match.start() - _CONTEXT) : match.end() + _CONTEXT]
            if word.search(near) and module.is_valid(match[0]):
                yield Span(match.start(), match.end(), "id")


def _addresses(text: str) -> Iterator[Span]:
    def is_ip(found: str) -> bool:
        try:
            address = ipaddress.ip_address(found)
        except ValueError:
            return False
        return not address.is_unspecified and (address.version == 6 or not found.startswith("0."))

    yield from _found(_IP4, ordinary_numbers.named_blanked(text), "ip", is_ip)
    yield from _found(_IP6, text, "ip", is_ip)
    for match in _STREET.finditer(text):
        if not _begins_with_date(match, text):
            yield Span(match.start(), match.end(), "address")
    yield from _found(_STREET_CHINESE, text, "address", lambda found: True)


def _begins_with_date(street: re.Match[str], text: str) -> bool:
    date = _YEAR_OR_DAY.match(street[0])
    if date is None:
        return False
    return date["year"] is None or _YEAR_AFTER.search(text[max(0, street.start() - 6) : street.start()]) is not None


def _phones(text: str) -> Iterator[Span]:
    for match in _NUMBER.finditer(ordinary_numbers.blanked(text)):
        found = match[0].strip()
        start = match.start() + match[0].index(found)
        digits = len(_DIGITS.findall(found))
        if not 7 <= digits <= 15 or _NOT_A_PHONE.match(found) or ordinary_numbers.is_counting(found):
            continue
        near = text[max(0, start - _CONTEXT) : start + len(found) + _CONTEXT]
        if (_SHAPES.match(found) and _is_possible(found, strictly=True)) or (
            _PHONE_WORD.search(near) and _is_possible(found, strictly=False)
        ):
            yield Span(start, start + len(found), "phone")


def _is_possible(number: str, *, strictly: bool) -> bool:
    """Whether a region above could have this number; strictly: whether its numbering plan has such a block.

    The fictitious 555 numbers of North America are in no plan; they count, because a reader cannot tell.
    """
    plain = number.replace("＋", "+").replace("（", "(").replace("）", ")")
    if re.fullmatch(r"(?:\+?1[\s.\-]?)?\(?\d{3}\)?[\s.\-]\s?\d{3}[\s.\-]\d{4}", plain):
        return True
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    for region in (None,) if plain.startswith("+") else REGIONS:
        try:
            parsed = phonenumbers.parse(plain, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return True
        if not strictly and phonenumbers.is_possible_number(parsed):
            return True
        if plain.startswith("+") and phonenumbers.is_possible_number(parsed):
            return True
    return False
