"""An avatar for a persona without a picture: a seal, drawn from its name.

A seal is the name's first letter between two rings of ornaments, as printers' flowers stand in a border. The SHA-256
of the name chooses the ornaments, their number and the ink, so a name always has the same seal, and two names rarely
have one that looks alike: there are 5 * 8 * 6 * 6 * 3 * 4 = 17,280. Nothing of the name but its first letter enters
the markup, and that is escaped. Colours come from the theme (`--seal-1` to `--seal-5` in tokens.css).
"""

import unicodedata
from collections.abc import Callable
from hashlib import sha256
from math import cos, pi, sin

from django.utils.html import format_html
from django.utils.safestring import SafeString

from text import graphemes

INKS = 5
_SIZE = 48  # of the drawing, in its own units
_LONGEST_LETTER = 12  # code points; a letter with a hundred accents gets its first ones

Ornament = Callable[[float, float, float, float], str]  # angle, half width (radians), inner and outer radius → a path


def svg(name: str, *, size: str = "") -> SafeString:
    """The seal as an element with the class `avatar`, decorative."""
    digest = sha256(unicodedata.normalize("NFC", name).strip().encode(errors="replace")).digest()
    ink, count, outer, inner, between, border = (
        digest[index] % options for index, options in enumerate((INKS, 8, len(_ORNAMENTS), len(_ORNAMENTS), 3, 4))
    )
    number = count + 5
    inner_number = number * 2 if between == 2 else number
    turn = pi / number if between == 1 else 0.0
    return format_html(
        '<svg class="avatar{} avatar-seal-{}" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">'
        '<path d="{}"/><path d="{}"/>{}<text x="24" y="24">{}</text></svg>',
        f" avatar-{size}" if size else "",
        ink + 1,
        _SIZE,
        _SIZE,
        _ring(_ORNAMENTS[outer], number, 17.5, 23.0, 0.0),
        _ring(_ORNAMENTS[inner], inner_number, 12.8, 16.6, turn),
        _BORDERS[border],
        graphemes.beginning(graphemes.first(name.strip()).upper(), _LONGEST_LETTER),
    )


def _point(angle: float, radius: float) -> str:
    return f"{_SIZE / 2 + radius * sin(angle):.1f} {_SIZE / 2 - radius * cos(angle):.1f}"


def _ring(ornament: Ornament, number: int, inner: float, outer: float, turn: float) -> str:
    step = 2 * pi / number
    return "".join(ornament(turn + index * step, step * 0.42, inner, outer) for index in range(number))


def _leaf(angle: float, half: float, inner: float, outer: float) -> str:
    foot, tip, middle = _point(angle, inner), _point(angle, outer), (inner + outer) / 2
    return f"M{foot}Q{_point(angle - half, middle)} {tip}Q{_point(angle + half, middle)} {foot}"


def _diamond(angle: float, half: float, inner: float, outer: float) -> str:
    middle = (inner + outer) / 2
    sides = (_point(angle - half * 0.7, middle), _point(angle, outer), _point(angle + half * 0.7, middle))
    return f"M{_point(angle, inner)}L{'L'.join(sides)}Z"


def _dot(angle: float, half: float, inner: float, outer: float) -> str:
    radius = min((outer - inner) / 2, half * inner) * 0.8
    middle = (inner + outer) / 2
    x, y = _SIZE / 2 + middle * sin(angle), _SIZE / 2 - middle * cos(angle)
    arc = f"a{radius:.1f} {radius:.1f} 0 1 0"
    return f"M{x - radius:.1f} {y:.1f}{arc} {2 * radius:.1f} 0{arc} {-2 * radius:.1f} 0"


def _arch(angle: float, half: float, inner: float, outer: float) -> str:
    left, right = (_point(angle + side * half * 1.3, inner) for side in (-1, 1))
    return f"M{left}Q{_point(angle, outer * 1.12)} {right}Q{_point(angle, outer * 0.95)} {left}"


def _chevron(angle: float, half: float, inner: float, outer: float) -> str:
    left, right = (_point(angle + side * half * 1.2, inner) for side in (-1, 1))
    return f"M{left}L{_point(angle, outer)}L{right}L{_point(angle, (inner + outer) / 2)}Z"


def _ray(angle: float, half: float, inner: float, outer: float) -> str:
    left, right = (_point(angle + side * half * 0.3, inner) for side in (-1, 1))
    return f"M{left}L{_point(angle, outer)}L{right}Z"


_ORNAMENTS: tuple[Ornament, ...] = (_leaf, _diamond, _dot, _arch, _chevron, _ray)
_BORDERS = (
    SafeString(""),
    SafeString('<circle cx="24" cy="24" r="17"/>'),
    SafeString('<circle cx="24" cy="24" r="11.9"/>'),
    SafeString('<circle cx="24" cy="24" r="17" stroke-dasharray="1 2"/>'),
)
