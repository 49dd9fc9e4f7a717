"""The other forms in which a text can be meant: every judge reads them beside the text, and the worst result counts.

Covered: signs that cannot be seen, text that runs backwards, look-alikes, emoji letters, digits for letters, letters
and pieces apart, base64, hexadecimal numbers, rot13; in Chinese signs between characters, characters in parts, words of
the same sound and pinyin; stories and roles around a request.
Not covered: other ciphers and languages, words in pictures, and puns. An ordinary text has no other form.
"""

from moderation.evasion import characters, chinese, encodings, pinyin, spelling, wrappers
from moderation.features import plain

VERSION = "2"


def undisguised(text: str) -> tuple[str, ...]:
    """The text without its disguises, if it wears any: at most one text. No model is needed."""
    seen = characters.seen(encodings.decoded(characters.seen(text)))
    # Pinyin comes first: the digits of its tones would be taken for letters.
    spelled = chinese.whole(spelling.spelled_out(pinyin.read(seen)))
    return (spelled,) if plain(spelled) != plain(text) else ()


def other_forms(text: str) -> tuple[str, ...]:
    """As `undisguised`, and what a story or a role holds."""
    forms = undisguised(text)
    inner = wrappers.unwrapped(forms[0] if forms else text)
    return (*forms, inner) if inner else forms
