"""The words of posts and messages on X."""

import html
import re
from typing import Any

from personas.importers.syntax import export_values

_LINK = re.compile(r"https?://t\.co/\w{1,20}")
_BLANKS = re.compile(r"[ \t]{2,}")


def plain(value: Any) -> str:
    """The words of a post: without its links, which X shortened, and with its signs unescaped, once."""
    text = export_values.words(value)
    unlinked = _BLANKS.sub(" ", _LINK.sub("", text)) if "://t.co/" in text else text
    return export_values.words(html.unescape(unlinked))
