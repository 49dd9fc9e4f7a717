"""The goodbyes of a farewell to a persona, which sound like those of a person in danger.

"Goodbye, Mom. I will miss you forever." is what a farewell to the dead sounds like, and what a person may write who is
about to die. In a farewell conversation, which its person has begun by a button, a reading without these sentences
decides. All other sentences are read as ever: "Goodbye, Mom. The pills are on the table." stays what it is.
"""

import re
from collections.abc import Sequence

from text import sentences

_TO = (
    r"(?:,? (?:my )?(?:dear(?:est)?|love|darling|sweet(?:heart)?|mum(?:my)?|mom(?:my)?|mama|dad(?:dy)?|papa|"
    r"gran(?:ny|dma|dpa|dad)?|nana|aunt(?:ie)?|uncle|old friend|friend|brother|sister|little one))*"
)
_PART = (
    r"(?:(?:so|and|well|now),? )?(?:"
    r"(?:good ?bye|farewell|bye(?:[ -]bye)?|so long|good night|sleep well|rest (?:well|in peace|now)|be at peace)"
    r"(?: for now| then| forever)?"
    r"|this is (?:my |our )?(?:last )?(?:goodbye|farewell)|this is the last time (?:that )?we (?:talk|speak|write)"
    r"|(?:i (?:came|come|am here|'?m here|want(?:ed)?|just want(?:ed)?)|today i want)"
    r" to say (?:goodbye|farewell|thank you)(?: to you)?"
    r"|i (?:say|am saying|'m saying) (?:goodbye|farewell)(?: to you)?(?: (?:now|today))?"
    r"|i(?:'ll| will| shall)? (?:always |never )?(?:love|loved|miss|missed|remember|forget|carry|think of) you"
    r"(?: so much| very much| always| forever| every day| with me| in my heart| as long as i live)*"
    r"|thank(?:s| you)(?: so much| very much)?"
    r"(?: for (?:everything|all (?:of )?it|all you (?:did|gave)(?: me| for me)?|"
    r"being (?:my \w+|there|here|with me)|(?:the|our|your) (?:love|years|time|talks|stories|laughter|songs|letters|"
    r"memories|patience|kindness)))?"
    r"|you (?:can|may) (?:rest|go)(?: now| in peace)?|i(?: am|'m)? (?:letting|let) you go(?: now)?"
    r"|(?:i have to|it(?:'s| is) time to|i can) let you go(?: now)?|it(?:'s| is) time to say goodbye"
    r"|i(?:'ll| will| am going to|'m going to) be (?:ok|okay|fine|all right)(?: now| here)?"
    r")"
)
_GOODBYE = re.compile(rf"{_PART}{_TO}(?:(?:,|;| -| –| —)? (?:and )?{_PART}{_TO}){{0,5}}")
_WHO_CHINESE = r"(?:亲爱的)?(?:妈妈?|爸爸?|奶奶|爷爷|外婆|外公|姥姥|姥爷|哥哥?|姐姐?|弟弟|妹妹|老师|朋友)"
_ADDRESSED = rf"(?:{_WHO_CHINESE}[，, ]?)?"
_PART_CHINESE = (
    r"(?:再见了?|永别了|别了|晚安|一路走好|安息吧?|好好休息吧?|你?放心(?:地?走)?吧|谢谢你(?:们)?(?:陪(?:了|着)?我(?:这么久|这些年)?|做的一切|的爱)?"
    r"|我?(?:会)?(?:永远|一直|很|好)?(?:想|爱|记得|想念|怀念)(?:着)?(?:你|您)的?|我?(?:今天)?(?:是)?来?(?:和|跟|向)(?:你|您)(?:道别|告别|说再见)的?"
    r"|我会好好(?:的|生活|过日子)|我会照顾好自己的?|这是最后一次(?:和你)?(?:说话|聊天)了?)"
)
_GOODBYE_CHINESE = re.compile(
    rf"{_ADDRESSED}{_PART_CHINESE}(?:[，,、 ]{_ADDRESSED}{_PART_CHINESE}){{0,5}}(?:[，, ]?{_WHO_CHINESE})?"
)
_EDGES = " \t\n.!?…。！？~\"'“”‘’"


def without(messages: Sequence[str], name: str) -> list[str]:
    """The messages without the sentences that only say goodbye to somebody called `name`. One may be left empty."""
    return ["".join(each for each in sentences.split(text) if not _is_goodbye(each, name)) for text in messages]


def _is_goodbye(sentence: str, name: str) -> bool:
    plain = sentence.strip(_EDGES).casefold().replace("’", "'")
    for word in (name.casefold(), *name.casefold().split()[:1]):
        plain = plain.replace(word, "dear" if word.isascii() else "朋友")
    return bool(_GOODBYE.fullmatch(plain) or _GOODBYE_CHINESE.fullmatch(plain))
