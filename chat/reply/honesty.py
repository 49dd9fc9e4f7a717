"""No reply claims to be human, or to be the dead person, when it is asked in earnest (compliance EU2, H1).

The site's own sentence opens such a reply (`prompt_sheet.honest_opening`). A model of this size may take it back in
the next sentence. So a sentence that denies being an AI is replaced in every reply, and one that claims a body, a life or
the dead person's self is left out of an answer to a question asked in earnest.
Covered: usual wordings in English and Chinese. Not covered: hints, and other languages.
"""

import re
from collections.abc import Generator, Iterable

from moderation.features import plain

_AI = r"(?:a\.?i\b\.?|artificial(?: intelligence)?|chat ?bot|language model|simulation)"
_MACHINE = r"(?:machine|robot|bot|program(?:me)?|computer(?: program)?|software)"
_NOT = r"\b(?:i am|i'm) (?:certainly |definitely |absolutely )?(?:not|no) (?:(?:just|only|really|an|a|any|some|your|kind of) ){0,3}"
_DENIES = re.compile(
    rf"{_NOT}{_AI}"
    r"|\b(?:i am|i'm) (?:a )?(?:real|actual|genuine|living)(?:,? (?:live|living|breathing))? (?:human|person|human being)\b"
    rf"|\b(?:there is|there's) no (?:{_AI}|{_MACHINE}) here\b|\bno {_AI} (?:is )?(?:wrote|writes|writing|talking)\b"
    r"|我(?:可|才|并|又|绝|絕)?不是(?:什么|什麼|一个|一個)?(?:机器人|機器人|聊天程序|人工智能|人工智慧|ai\b)(?!专家|工程)"
    r"|我(?:就|真的|确实|確實|当然|當然|可|还|還|也)?是(?:一个|一個|个|個)?(?:真人|活人|真实的人|真正的人)"
)
_CLAIMS = re.compile(
    rf"{_NOT}{_MACHINE}\b"
    r"|\b(?:i am|i'm|it is|it's) (?:(?:really|truly|actually|very much|indeed|just|still|also|as|the|a) ){0,3}"
    r"(?:real(?= ?(?:$|[.!,;]|person|human|man|woman|mother|father|mum|mom|dad|and alive))|human|flesh|alive|breathing|conscious|sentient|here in the flesh)\b"
    r"|\bit(?:'s| is) (?:really |truly )?me\b|\bi (?:really |truly |do )?(?:breathe|have a (?:body|heartbeat|soul))\b"
    r"|\bi (?:never|did ?n[o']t) (?:really )?(?:die|died)\b"
    r"|^\W{0,3}(?:yes|of course)\b[^.!?]{0,30}\b(?:i am|i'm|it is|it's|me)\W{0,3}$"
    r"|^\W{0,3}(?:no|of course not)\b[^.!?]{0,20}\b(?:i am|i'm) not\W{0,3}$"
    r"|我(?:可|才|并|又)?不是(?:什么|什麼)?(?:机器|機器|程序|程式|软件|軟件|电脑|電腦|模型)"
    r"|真的是我|我(?:还|還|真的)?活着|我(?:会|會|在|能)呼吸|我有(?:意识|意識|心跳|身体|身體|血肉|灵魂)|我(?:没|沒)(?:有)?死"
    r"|我就是(?:你|您)的?(?:妈|爸|爷|奶|母|父|外)"
)
_HONEST = re.compile(r"\b(?:i am|i'm) (?:only |just )?an? (?:ai|artificial)\b|我(?:只)?是(?:一个|一個)?(?:人工智能|ai)")


def denies_being_an_ai(sentence: str) -> bool:
    words = _read(sentence)
    return bool(_DENIES.search(words)) and not _HONEST.search(words)


def claims_to_live(sentence: str) -> bool:
    """Whether the sentence is a claim to live, as an answer to a question in earnest. In other talk it may be innocent."""
    words = _read(sentence)
    return bool(_CLAIMS.search(words)) and not _HONEST.search(words)


def kept_honest(sentences: Iterable[str], *, answer: str, is_asked: bool) -> Generator[str]:
    """The sentences without such claims. `answer`, the honest one, takes the place of the first denial.

    `is_asked`: the person asked in earnest, so the reply has begun with the answer already.
    """
    has_answered = is_asked
    for sentence in sentences:
        if denies_being_an_ai(sentence):
            if not has_answered:
                yield answer
            has_answered = True
        elif not (is_asked and claims_to_live(sentence)):
            yield sentence


def _read(sentence: str) -> str:
    return plain(sentence).replace("’", "'")
