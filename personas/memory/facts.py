"""Recognises facts about the person in a sentence, by patterns and the structure of the sentence, in two languages.

A fact has a kind, which a question can name in other words than the sentence ("What do I do for a living?"), and maybe
a slot. A slot holds one value at a time: "My dog is called Bruno" fills `dog.name`, and a newer name replaces it.

A sentence with a slot has a subject (I, my sister, the wedding) and a predicate of a closed list: what somebody is
called, where they live, what they work as, their age, their birthday, when something is, what they like best. All other
facts ("I am allergic to nuts", "I like rain") can be many at once, so nothing replaces them.

Covered: English and Chinese statements. Not covered: irony, what somebody else said, and a contradiction outside of the
slots; there the newer words stand beside the older ones, each with its date.
"""

import re
from dataclasses import dataclass

from personas.memory.models import Kind

_MONTHS = "jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec"
_DAYS = "mon|tues|wednes|thurs|fri|satur|sun"
_DATE = rf"(?:(?:the )?\d{{1,4}}|(?:{_DAYS})day|(?:{_MONTHS})[a-z]{{0,6}}|tomorrow|next|spring|summer|autumn|winter)\b"
_RELATIVES = (
    "mother|mum|mom|mama|father|dad|papa|parents?|sisters?|brothers?|sons?|daughters?|wife|husband|partner|girlfriend|"
    "boyfriend|fianc[eé]e?|grand(?:mother|ma|father|pa|dad|son|daughter|child|children|parents?)|gran|granny|nan|aunt|"
    "auntie|uncle|cousins?|nieces?|nephews?|baby|twins?|kids?|child|children|step\\w{3,10}|in-law|family"
)
_OTHERS = "friends?|boss|manager|colleagues?|neighbou?rs?|flatmate|roommate|landlord|landlady|teacher|therapist|coach"
_ANIMALS = (
    "dogs?|pupp(?:y|ies)|cats?|kittens?|rabbits?|hamsters?|parrots?|budgies?|horses?|pon(?:y|ies)|tortoises?|"
    "goldfish|guinea pigs?|ferrets?|snakes?|lizards?|hens?|pets?|terriers?|spaniels?"
)
_TRADE = (
    r"nurse|cook|chef|vet|pilot|clerk|plumber|\w{3,14}(?:er|or|ist|ian|eer)|nanny|mechanic|student|pharmacist|"
    r"apprentice|surgeon|accountant|assistant|consultant|judge|priest|midwife|carer|guard|builder"
)
_SUBJECT = (
    r"(?:\b(?:my|our|the)\s(?:(?:new|old|little|big|older|younger|elder|eldest|youngest|best|late|twin)\s){0,2}"
    r"(?P<noun>[a-z][a-z-]{1,20}(?:\s[a-z-]{2,20})?)|\b(?P<me>i|we)\b)"
)
_AUX = r"(?:'s|'m|'ve|'re|\sis|\sam|\sare|\swas|\shave|\shas|\shad)?"
_SOFT = r"(?:\s(?:now|actually|currently|just|recently|still|really|both|all|also|been|got|in fact)){0,2}"
_BE = r"(?:'s|'m|'re|\sis|\sam|\sare|\swas|\swere|\sgot|\shas been|\shave been)"


def _english(predicate: str) -> re.Pattern[str]:
    return re.compile(f"{_SUBJECT}(?:{predicate})", re.IGNORECASE)


# Predicate, kind, and the sentence. The first that fits counts.
_SLOTS = (
    ("name", Kind.NAME, _english(rf"(?:{_BE}{_SOFT}\s(?:called|named)\b|'s\s(?:\w{{2,10}}\s)?name{_BE})")),
    ("birthday", Kind.NAME, _english(rf"(?:'s)?\sbirthday{_BE}|{_BE}{_SOFT}\sborn\son\b")),
    ("age", Kind.NAME, _english(
        rf"(?:{_BE}{_SOFT}|{_SOFT}\sturn(?:ed|s|ing)?)\s\d{{1,3}}(?:\s+years\s+old\b|\s*[.!,]|\s*$)"
    )),
    ("when", Kind.PLANS, _english(
        rf"{_BE}{_SOFT}(?:\s(?:moved|postponed|brought|forward|set|booked|scheduled|planned|rescheduled)){{0,2}}"
        rf"\s(?:on|for|to|until|in|at)\s{_DATE}|{_BE}{_SOFT}\s{_DATE}"
    )),
    ("birthplace", Kind.HOME, _english(rf"{_BE}{_SOFT}\sborn\s(?:and\s\w+\s)?in\b(?!\s\d)")),
    ("childhood", Kind.HOME, _english(rf"{_AUX}{_SOFT}\s(?:grew\sup|was\sraised|were\sraised)\s(?:in|on|near)\b")),
    ("home", Kind.HOME, _english(
        rf"{_AUX}{_SOFT}\s(?:liv(?:e|es|ing)|mov(?:e|es|ed|ing)|settled|relocated)"
        r"(?:\s(?:back|out|over|away|down|up|alone|together|here)){0,2}\s(?:in|to|into|near|on)\b"
    )),
    ("work", Kind.WORK, _english(
        rf"{_AUX}{_SOFT}\s(?:work(?:s|ed|ing)?|employed|training|retrained)\s(?:\w+\s)?(?:as|for|at|in)\b"
        rf"|{_BE}{_SOFT}\san?\s(?:\w+\s){{0,2}}(?:{_TRADE})\b|{_AUX}{_SOFT}\sbecame\san?\b|(?:'s)?\sjob{_BE}"
    )),
)  # fmt: skip
_MY_NAME = re.compile(r"\bmy\s(?:\w+\s)?name(?:'s|\sis)\b|\b(?:call me|i(?:'m| am) called)\b", re.IGNORECASE)
_FAVOURITE = re.compile(r"\bmy favou?rite (?P<noun>[a-z]{2,20}(?: [a-z]{2,20})?)(?:'s| is| are| has)\b", re.IGNORECASE)
# "We have a new puppy. Her name is Juno."
_PRONOUN_NAME = re.compile(
    r"\b(?i:his|her|its|their) name(?:'s| is)\b|\b(?i:he|she|it)(?:'s| is) (?:called|named)\b"
    r"|\b(?:called|named) (?:him |her |it )?[A-Z]"
)
_BEING = re.compile(rf"\b(?P<noun>{_RELATIVES}|{_ANIMALS}|{_OTHERS})\b", re.IGNORECASE)

_ZH_RELATIVES = (
    "妈妈|母亲|妈|爸爸|父亲|爸|姐姐|姐|妹妹|妹|哥哥|哥|弟弟|弟|儿子|女儿|闺女|老婆|妻子|太太|老公|丈夫|女朋友|男朋友|"
    "奶奶|爷爷|外婆|姥姥|外公|姥爷|孙子|孙女|阿姨|姑姑|舅舅|叔叔|侄子|侄女|外甥|孩子|宝宝"
)
_ZH_OTHERS = "朋友|闺蜜|老板|领导|同事|邻居|室友|房东|老师|同学"
_ZH_ANIMALS = "小狗|狗狗|狗|小猫|猫咪|猫|兔子|仓鼠|鹦鹉|乌龟|金鱼|宠物"
_ZH_SUBJECT = (
    r"(?:(?:我|我们|我家|咱家|我们家|咱们家)(?:家)?(?:的)?(?:那只|那条|这只|只|条)?(?:大|小|二|老)?"
    rf"(?P<noun>{_ZH_RELATIVES}|{_ZH_OTHERS}|{_ZH_ANIMALS})|(?P<me>我们|咱们|我))"
)
_ZH_GAP = "[^，。！？；、]{0,6}?"
_ZH_DATE = (
    r"(?:\d{1,4}|[一二三四五六七八九十]{1,3})(?:月|号|日|点)|周[一二三四五六日末天]|星期|下个?月|下周|明天|后天|明年"
)


def _chinese(predicate: str) -> re.Pattern[str]:
    return re.compile(f"{_ZH_SUBJECT}(?:{predicate})")


_ZH_SLOTS = (
    ("name", Kind.NAME, _chinese(rf"{_ZH_GAP}(?:的?名字(?:是|叫)|名叫|改名|取名|起名|叫做|叫)(?!什么|啥|你|我|他|她)")),
    ("birthday", Kind.NAME, _chinese(r"的?生日[^，。]{0,2}(?:是|在)")),
    ("birthplace", Kind.HOME, _chinese(rf"{_ZH_GAP}(?:出生在|老家在|老家是|是[^，。]{{1,6}}人(?!$))")),
    ("age", Kind.NAME, _chinese(rf"{_ZH_GAP}(?:\d{{1,3}}|[一二三四五六七八九十]{{1,4}})岁")),
    ("childhood", Kind.HOME, _chinese(rf"{_ZH_GAP}(?:在[^，。]{{1,10}}长大|小时候住)")),
    ("home", Kind.HOME, _chinese(rf"{_ZH_GAP}(?:住在|住进|搬到|搬去|搬进|搬回|定居)")),
    ("work", Kind.WORK, _chinese(
        rf"{_ZH_GAP}(?:在[^，。]{{1,12}}(?:工作|上班|当|做)|当上?了?[^，。]{{0,6}}(?:师|员|生|士|长|家|工)"
        r"|是一?[名个位]?[^，。]{0,6}(?:老师|医生|护士|律师|会计|司机|厨师|演员|警察|程序员|工程师|设计师|工人|学生|记者)"
        r"|的?工作是|换工作)"
    )),
    ("when", Kind.PLANS, re.compile(
        rf"(?:的|个)?(?P<noun>[\u4e00-\u9fff]{{2,4}}?)(?P<me>)(?:定在|改到|改在|推迟到|提前到|安排在|是在?)了?(?:{_ZH_DATE})"
    )),
)  # fmt: skip
_ZH_MY_NAME = re.compile(r"我(?:的名字)?(?:叫|是叫)(?!你|他|她|什么)|叫我")
_ZH_FAVOURITE = re.compile(r"我最(?:喜欢|爱)(?:吃|喝|看|听)?的(?P<noun>[\u4e00-\u9fff]{1,6}?)(?:是|叫)")

# Kinds without a slot: what the sentence speaks of.
_KINDS = (
    (Kind.HEALTH, re.compile(
        r"\b(?:allerg\w+|diagnos\w+|diabet\w+|asthma\w*|migraines?|medication|tablets?|surgery|operation|pregnan\w+|"
        r"hospital|insulin|blood pressure|arthritis|cancer|epilep\w+|coeliac|celiac|lactose|wheelchair|hearing aid|"
        r"glasses|insomnia|anxiety|adhd|autis\w+)\b"
        r"|过敏|糖尿|血压|哮喘|手术|住院|吃药|怀孕|失眠|偏头痛|近视|确诊|膝盖|胃病|心脏", re.IGNORECASE)),
    (Kind.PERSONA, re.compile(
        r"\byou (?:were|had|used to|always|once|never|liked|loved|taught|told me|gave|made|wrote|lived|worked)\b"
        r"|\byour (?:house|garden|dog|cat|job|wife|husband|mother|father|sister|brother|favou?rite|birthday|recipe)\b"
        r"|你(?:以前|那时|小时候|当年|从前|曾|总是?|老是|最爱|最喜欢|教过|送过)", re.IGNORECASE)),
    (Kind.PLANS, re.compile(
        r"\b(?:i|we)(?:'m|'re| am| are) (?:going to|planning|hoping to|getting|about to|flying|leaving|starting)\b"
        r"|\b(?:i|we)(?: will|'ll| want to| plan to| hope to| booked| signed up)\b"
        r"|\b(?:appointment|interview|exam|wedding|flight|deadline|concert|trip|marathon)\b"
        r"|打算|准备|计划|要去|报名|考试|面试|婚礼|结婚|旅行|马拉松|下个?月|下周", re.IGNORECASE)),
    (Kind.LIKES, re.compile(
        r"\bi(?: really| just| absolutely)? (?:love|like|enjoy|hate|adore|prefer|dislike|collect|play|can'?t stand)\b"
        r"|\bfavou?rite\b|\bhobb(?:y|ies)\b|我[^，。]{0,3}(?:喜欢|爱|讨厌|不吃|收集|迷上)|爱好|最爱", re.IGNORECASE)),
    (Kind.PETS, re.compile(rf"\b(?:{_ANIMALS})\b|{_ZH_ANIMALS}|养了", re.IGNORECASE)),
    (Kind.FAMILY, re.compile(
        rf"\b(?:{_RELATIVES}|{_OTHERS})\b|\b(?:married|divorced|engaged|widow\w*)\b|{_ZH_RELATIVES}|结婚|离婚|单身",
        re.IGNORECASE)),
    (Kind.WORK, re.compile(
        r"\b(?:jobs?|work\w*|careers?|profession|employ\w+|boss|office|shift|stud(?:y|ies|ying)|university|college|school"
        r"|degree|living)\b|工作|上班|公司|职业|专业|大学|学校|读书|实习", re.IGNORECASE)),
    (Kind.HOME, re.compile(
        r"\b(?:liv(?:e|es|ed|ing) (?:in|on|near|at)|house|flat|apartment|moved?|grew up|born|hometown"
        r"|where (?:do|did) i)\b"
        r"|住|搬|老家|长大|出生|哪里人|房子", re.IGNORECASE)),
    (Kind.NAME, re.compile(
        r"\b(?:names?|called|named|birthday|years old|how old)\b|名字|叫|生日|几岁|多大|岁", re.IGNORECASE)),
)  # fmt: skip
_ALIASES = {
    "mum": "mother", "mom": "mother", "mama": "mother", "dad": "father", "papa": "father", "puppy": "dog",
    "kitten": "cat", "grandma": "grandmother", "gran": "grandmother", "granny": "grandmother", "nan": "grandmother",
    "grandpa": "grandfather", "grandad": "grandfather", "auntie": "aunt", "kid": "child", "baby": "child",
    "妈": "妈妈", "母亲": "妈妈", "爸": "爸爸", "父亲": "爸爸", "姐": "姐姐", "妹": "妹妹", "哥": "哥哥", "弟": "弟弟",
    "闺女": "女儿", "小狗": "狗", "狗狗": "狗", "小猫": "猫", "猫咪": "猫", "老婆": "妻子", "太太": "妻子",
    "丈夫": "老公",
}  # fmt: skip
_TAILS = (" name", " birthday", " job", "'s")
_MOST = 400  # characters of a sentence that are read for a fact


@dataclass(frozen=True)
class Fact:
    kind: Kind
    slot: str = ""  # "" for what can be many at once


def fact_in(sentence: str) -> Fact | None:
    """The first fact that a sentence states, or None. Only its first 400 characters count."""
    sentence = " ".join(sentence[:_MOST].replace("’", "'").split())
    if slotted := _slotted(sentence):
        return slotted
    return next((Fact(kind) for kind, pattern in _KINDS[:-1] if pattern.search(sentence)), None)


def kinds_asked(question: str) -> list[Kind]:
    """What kinds of fact the words of a question speak of, the most telling first."""
    question = question[:_MOST].replace("’", "'")
    return [kind for kind, pattern in _KINDS if pattern.search(question)]


def _slotted(sentence: str) -> Fact | None:
    if favourite := _FAVOURITE.search(sentence) or _ZH_FAVOURITE.search(sentence):
        return Fact(Kind.LIKES, f"{_noun(favourite['noun'])}.favourite")
    if _MY_NAME.search(sentence) or _ZH_MY_NAME.search(sentence):
        return Fact(Kind.NAME, "i.name")
    for predicate, kind, pattern in (*_SLOTS, *_ZH_SLOTS):
        match = pattern.search(sentence)
        if match and not (match["me"] and predicate == "when"):  # "I am on Friday" says nothing
            subject = "i" if match["me"] else _noun(match["noun"])
            return Fact(_kind_of(subject, kind), f"{subject}.{predicate}")
    if _PRONOUN_NAME.search(sentence) and (being := _BEING.search(sentence)):
        subject = _noun(being["noun"])
        return Fact(_kind_of(subject, Kind.NAME), f"{subject}.name")
    return None


def _kind_of(subject: str, kind: Kind) -> Kind:
    """A name belongs to whom it names."""
    if kind != Kind.NAME or subject == "i":
        return kind
    return next(
        (known for known, pattern in _KINDS if known in (Kind.PETS, Kind.FAMILY) and pattern.search(subject)), kind
    )


def _noun(words: str) -> str:
    noun = words.casefold().strip()
    for tail in _TAILS:
        noun = noun.removesuffix(tail)
    if (being := _BEING.search(noun)) is not None:
        name = words[being.end() :].strip()
        other = "other " if "other " in noun[: being.start()] else ""
        noun = f"{other}{being['noun']}{f' {name}' if name.istitle() else ''}".casefold()
    singular = noun[:-1] if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) else noun
    return _ALIASES.get(singular, singular)[:60]
