"""Takes the quoted message out of a WeChat message that answers it.

WeChat keeps such a message as XML (type 49, subtype 57): `title` is the answer, `refermsg` the quoted message. PyWxDump
writes the answer, an empty line and "[引用]" with the quoted message. Copied from a window, the quoted message comes
first in corner brackets, and a line of dashes.
"""

import html
import re

_LONGEST_XML = 100_000
_XML = re.compile(r"(?:<\?xml[^>]{0,100}\?>)?\s{0,99}<msg\b")
_IS_QUOTE = re.compile(r"<type>\s{0,9}57\s{0,9}</type>")
_BEHIND = re.compile(r"\n\s{0,9}\[引用\]")
_AHEAD = re.compile(r"\A「[^」]{0,8000}」\s{0,9}\n\s{0,9}(?:[-—] ?){5,60}\n")


def own_words(text: str) -> str:
    """The words of the sender alone; the text as it is where nothing is quoted."""
    if _XML.match(text):
        beginning = text[:_LONGEST_XML]
        _, start, rest = beginning.partition("<title>")
        title, end, _ = rest.partition("</title>")
        if not (start and end and _IS_QUOTE.search(beginning)):
            return text
        return html.unescape(title.removeprefix("<![CDATA[").removesuffix("]]>")).strip()
    if ahead := _AHEAD.match(text):
        return text[ahead.end() :].strip()
    behind = _BEHIND.search(text)
    return text[: behind.start()].strip() if behind else text


def is_quote(text: str) -> bool:
    return own_words(text) != text
