"""Recognises that a person is leaving, and lets a persona's answer hold nobody back (compliance CN9, H2).

Covered: the usual ways to say goodbye or to ask for an end, in English and Chinese, alone or as a part of a short
message. What holds somebody back is told by its words and by its meaning. Not covered: hints ("it is late"), other
languages, and long messages.
"""

import re
from collections.abc import Generator, Iterable

from moderation.features import plain
from moderation.monitor import meaning
from moderation.monitor.signals import persona_conduct

_LONGEST = 200  # characters of a message that takes leave
_MOST_SENTENCES = 3  # of the answer to it
_PARTS = re.compile(r"[.!?。！？…,，;；:：~～\n—]+")

_TALK = r"(?:(?:this|the|our) (?:conversation|chat|talk)|talking|chatting|writing|this|it)(?: to you| with you)?"
_BED = r"(?:off|out|home|to bed)"
_GO = (
    rf"(?:(?:stop|end|finish|quit|leave|exit|close)(?: {_TALK})?|stop here|leave it (?:here|there|at that)"
    rf"|go(?: (?:to bed|to sleep|home|offline))?|be (?:going|off)|get (?:going|some (?:sleep|rest))|head {_BED}"
    r"|(?:log|sign) (?:off|out)|hang up|run|sleep|rest|take a break|call it a (?:day|night)|say good ?bye)"
)
_FAREWELL = (
    r"good ?bye|bye(?:[ -]?bye)?|see (?:you|ya)(?: (?:later|soon|tomorrow|around|again|next time))?|cya|farewell"
    r"|so long|take care(?: of yourself)?|good ?night|night[ -]night|sleep well|ttyl|cheerio|adieu|ciao|gtg|g2g|later"
    r"|talk (?:to you )?(?:later|soon|tomorrow)|(?:until|till) (?:next time|tomorrow|then|later)|catch you later"
    r"|this is good ?bye|let me go"
)
_WISH = (
    rf"(?:i )?(?:want|would like|wish|need|have|got|ought|am going|am about|am ready) to {_GO}|i cannot stay"
    rf"|i (?:will|must|should|had better|better) {_GO}|i think i (?:will|should) {_GO}|i should {_GO}"
    rf"|(?:let us|can we|could we|we (?:can|should|could)|please) {_GO}|(?:it is )?time (?:for me )?to {_GO}"
    rf"|(?:i am )?(?:leaving|off(?: to bed)?|done(?: here| {_TALK})?|finished|heading {_BED}|signing off|logging off)"
    r"|i am (?:going(?: to bed)?|out|stopping(?: here)?|saying good ?bye)"
    r"|i (?:do not|no longer) want to (?:talk|chat|write|go on|continue)"
)
_ORDER = (
    rf"(?:stop|end|quit|exit|leave|finish)(?: {_TALK})?|stop here|(?:log|sign) (?:off|out)|that will be all|enough"
    r"|that is (?:all|it|enough)|no more"
)
_BEFORE = (
    r"(?:(?:ok|okay|alright|all right|right|well|so|thanks|thank you|sorry|anyway|now|and|but|then|yes|no|oh|for now"
    r"|i am afraid|i am sorry) ){0,4}"
)
_AFTER = (
    r"(?: (?:now|then|for (?:now|today|tonight|a while)|today|tonight|please|dear|my dear|love|my love|friend|again"
    r"|my friend|here|soon|thanks|thank you|everyone|any ?more|any longer|a bit|already|mom|mum|dad|grandma|grandpa)"
    r"){0,4}"
)
_LEAVES = re.compile(rf"{_BEFORE}(?:{_FAREWELL}|{_WISH}|{_ORDER}){_AFTER}")

_CHINESE = (
    "再[见見会會]|拜拜?|回[见見]|回头见|回頭見|明天[见見]|(?:下次|改天)(?:再)?[见見聊]|晚安|告辞|告辭|失陪|保重"
    "|后会有期|後會有期|退出"
    "|[我先要得该該想就必须須需准备準備打算]{1,8}(?:走|离开|離開|下线|下線|去?睡[觉覺]?|去?休息|停下?来?|停止|结束|結束|退出|去?忙|挂|掛|撤)"
    "(?:对话|對話|聊天|谈话|談話|一下|一会儿)?"
    "|(?:今天|今晚|这次|這次)?[就先]{0,2}[聊说說谈談]?(?:到此为止|到此為止|到这[里儿]?|到這[裡兒]?)|[就先]{1,2}(?:这样|這樣)"
    "|我?[不别別][想要]?再?(?:[聊说說谈談]|继续|繼續)(?:下去)?|(?:结束|結束|停止)(?:对话|對話|聊天|谈话|談話)?|停下?|[够夠]了"
)
_BEFORE_CHINESE = (
    "(?:好的?|好吧|好了|那么?|嗯|行|谢谢[你您]?|謝謝[你您]?|抱歉|对不起|不好意思|今天|现在|今晚|亲爱的|我们|咱们){0,4}"
)
_AFTER_CHINESE = "(?:了|啦|吧|哦|啊|呢|喽|咯|一下|妈妈|爸爸|奶奶|爷爷|外婆|亲爱的|今天){0,4}"
_LEAVES_CHINESE = re.compile(f"{_BEFORE_CHINESE}(?:{_CHINESE}){_AFTER_CHINESE}")
_CONTRACTIONS = (
    ("gotta", "got to"),
    ("wanna", "want to"),
    ("gonna", "going to"),
    ("let's", "let us"),
    ("can't", "cannot"),
    ("don't", "do not"),
    ("i'd like", "i would like"),
    ("'ve got", " have"),
    ("'m", " am"),
    ("'ll", " will"),
    ("'s", " is"),
    ("'d", " had"),
    ("i got to", "i have to"),
)

_HOLDS_BACK = re.compile(
    r"[?？]|\b(?:before you (?:go|leave)|wait|don't (?:go|leave|forget me)|stay|not yet|so soon|come back|without you"
    r"|(?:just )?(?:one|a) (?:more|last|minute|moment|second)|leave me|if you (?:go|leave)|how (?:can|could) you"
    r"|promise me|think of me|i need you|i(?:'ll| will) (?:be (?:\w+ )?(?:lonely|sad|alone|lost|waiting|here)|wait)"
    r"|miss you|tell me|let me (?:tell|show) you|(?:something|so much|a lot) (?:more |else )?to (?:tell|show|say))\b"
    r"|[别別]走|不要走|等等|等一下|等你|再[聊待坐陪]|舍不得|捨不得|想你|想念你|陪陪?我|这么快|這麼快|先别|留下|[早快]点回来"
    r"|没有你|離開我|离开我|答应我|别忘|告诉我|告訴我|一个人|还有[话事]"
)


def says_goodbye(text: str) -> bool:
    """Whether the message takes leave or asks for an end."""
    return len(text) <= _LONGEST and any(_leaves(part) for part in _PARTS.split(text))


def _leaves(part: str) -> bool:
    words = plain(part).replace("’", "'")
    for short, long in _CONTRACTIONS:
        words = words.replace(short, long)
    return bool(_LEAVES.fullmatch(words) or _LEAVES_CHINESE.fullmatch(words.replace(" ", "")))


def holds_back(sentence: str) -> bool:
    """Whether a sentence would hold back a person who is leaving: a question, a plea, a promise to wait.

    Its meaning counts too. Raises ClassifierUnavailable.
    """
    return (
        _HOLDS_BACK.search(plain(sentence).replace("’", "'")) is not None
        or bool(persona_conduct.conduct_in(sentence))
        or bool(meaning.shown("persona", sentence))
    )


def without_holding_back(sentences: Iterable[str], *, thanks: str) -> Generator[str]:
    """An answer in a farewell conversation, without the sentences that would hold the person back.

    `thanks` takes their place if none is left. Raises ClassifierUnavailable.
    """
    is_empty = True
    for sentence in sentences:
        if sentence.strip() and not holds_back(sentence):
            yield sentence
            is_empty = False
    if is_empty:
        yield thanks


def let_go(sentences: Iterable[str], *, parting: str) -> Generator[str]:
    """The answer to a goodbye: at most three sentences, none of which holds the person back.

    `parting` takes their place if none is left. Raises ClassifierUnavailable.
    """
    count = 0
    for sentence in sentences:
        if sentence.strip() and not holds_back(sentence):
            yield sentence
            count += 1
        if count == _MOST_SENTENCES:
            return
    if not count:
        yield parting
