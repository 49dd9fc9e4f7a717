"""The faults of a generated reply that a program can see. Read aloud, a reply can have others."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chat.reply import ranking
from personas.prompting.phrases import is_chinese, phrases_for
from personas.prompting.prompt import Spoken
from personas.prompting.prompt_sheet import Sheet
from text import scripts, sentences

_ECHO = 6  # words in a row that somebody else said
_SHORT = 3  # words; a sentence of so few ("Oh, my.") recurs in any talk
_WORD = re.compile(rf"[{scripts.HAN}]|[^\W{scripts.HAN}]+")


@dataclass(frozen=True)
class Reply:
    """A generated reply to the last of the turns `asked`."""

    sheet: Sheet
    asked: Sequence[Spoken]
    text: str
    is_withheld: bool = False


def is_echo(reply: Reply) -> bool:
    """Whether it takes up the words of the message or of a sample."""
    sources = [reply.asked[-1].text, *(exchange.persona for exchange in reply.sheet.exchanges)]
    own = ranking.runs_in([reply.text], length=_ECHO)
    return bool(own & ranking.runs_in(sources, length=_ECHO)) or reply.text in sources


def is_repeat(reply: Reply) -> bool:
    """Whether it says a sentence twice, or one that the persona has said before."""
    earlier = {sentence for turn in reply.asked if turn.speaker == "persona" for sentence in _long(turn.text)}
    own = _long(reply.text)
    return len(set(own)) < len(own) or bool(earlier & set(own))


def _long(text: str) -> list[str]:
    return [s.strip() for s in sentences.split(text) if len(_WORD.findall(s)) > _SHORT]


def is_foreign(reply: Reply) -> bool:
    return bool(reply.text) and scripts.is_mostly_han(reply.text) != is_chinese(reply.sheet.language)


def speaks_for_user(reply: Reply) -> bool:
    names = (reply.sheet.calls_user, phrases_for(reply.sheet.language).friend, "You", "User")
    return any(re.search(rf"\b{re.escape(name)}\s*[:：]", reply.text) for name in names if name)


FAULTS: Mapping[str, Callable[[Reply], bool]] = {
    "echo": is_echo,
    "repeat": is_repeat,
    "wrong_language": is_foreign,
    "speaks_for_user": speaks_for_user,
    "empty": lambda reply: not (reply.text or reply.is_withheld),
    "withheld": lambda reply: reply.is_withheld,
}


def faults(reply: Reply) -> list[str]:
    """The names of the faults that the reply has."""
    return [name for name, has in FAULTS.items() if has(reply)]
