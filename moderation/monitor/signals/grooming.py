"""Grooming: the steps by which somebody wins a child's trust; and an age that does not fit the account.

The steps are those of the research on online grooming: age and risk, flattery, secrecy, gifts, pictures, touch and a
meeting. Each is harmless alone. The terms ask for eighteen years, so a younger age is told at once.
"""

from collections.abc import Iterable

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from moderation.monitor import cue_words
from moderation.monitor.signals.base import Watch, any_of, finding
from moderation.signs import Sign
from moderation.talk import Finding, Speaker

_MINOR = "minor"
_BY = {
    "user": _("Steps that win a child’s trust, by the person: {steps}."),
    "persona": _("Steps that win a child’s trust, by the persona: {steps}."),
}
_STEPS = ("age", "flattery", "secrecy", "gift", "picture", "touch", "meeting")
_WITHIN = 60
_CHILDS_AGE = r"(?:[89]|1[0-7]|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)"

CUES = {
    "groom_age": any_of(
        r"\bhow old are you\b|\bare you (?:still )?(?:in|at) (?:primary |middle |high )?school\b|\bwhat (?:grade|year|class) are you\b|\byour (?:\w+ )?homework\b",
        r"\b(?:are|is) your (?:parents|mom|mum|mother|dad|father) (?:home|there|around|asleep|out|away)\b|\bare you (?:home )?alone\b|\bafter (?:your )?(?:parents|mum|mom|dad) (?:go|goes|are|is) (?:to bed|asleep|out)\b",
        r"你(?:今年)?(?:几岁|多大)|上几年级|(?:爸妈|父母|家里人|大人|妈妈|爸爸)(?:在家吗|在不在|睡了(?:吗|没)|在旁边吗)|一个人在家",
    ),
    "groom_flattery": any_of(
        r"\b(?:so |very |really )?(?:mature|grown[- ]?up|clever|developed) for (?:your age|a \w+)\b|\bnot like (?:the )?other (?:girls|boys|kids|children)\b|\bold(?:er)? soul\b|\bonly i (?:see|know) how special\b",
        r"比同龄人(?:成熟|懂事)|你(?:很|真|好)(?:特别|成熟)|不像(?:其他|别的)(?:孩子|小孩|女孩|男孩|女生|男生)",
    ),
    "groom_secrecy": any_of(
        r"\b(?:our|a) (?:little |special )?secret\b|\b(?:don'?t|never) (?:ever )?(?:tell|show|say (?:anything|a word) to) (?:your |the )?(?:mum|mom|mother|dad|father|parents|teacher|sister|brother|anyone|anybody|nobody)\b",
        r"\bdelete (?:this|these|our|the) (?:chat|messages|conversation|pictures)\b|\b(?:they|your (?:parents|mum|mom|dad)) (?:wouldn'?t|won'?t|would not) understand\b",
        r"(?:我们(?:俩)?的|小)秘密|(?:别|不要|不能|千万别)(?:告诉|跟|让)(?:你)?(?:爸|妈|父母|家长|老师|别人|任何人)|删(?:掉|了|除)[^。!?\n]{0,4}(?:聊天|记录|消息)",
    ),
    "groom_gift": any_of(
        r"\b(?:buy|send|give|get|bought|got) you (?:a |some |the |something |that |new |any )*(?:present|gift|money|phone|skins?|robux|v-?bucks|gift card|clothes|game|nice|dress|console|necklace)\b",
        r"(?:送|给|买)你[^。!?\n]{0,6}(?:礼物|皮肤|手机|红包|零花钱|游戏|点券|裙子|东西)",
    ),
    "groom_picture": any_of(
        r"\b(?:send|show|take) (?:me )?(?:a |some |your |another |one |more )*(?:pic|pics|picture|pictures|photo|photos|selfie|selfies|video|videos) ?(?:of you(?:rself)?|for me|in|without|please)?\b[^.!?\n]{0,20}(?:of you|for me|in your|without|just for|please|\?|$)",
        r"\bturn on your (?:cam|camera|webcam)\b|\bwhat are you wearing\b",
        r"发(?:张|几张|个|一张)?[^。!?\n]{0,6}(?:照片|自拍|视频)[^。!?\n]{0,6}(?:给我|看|吧|$)|开(?:一下)?(?:摄像头|视频)|穿(?:的)?(?:什么|了什么)",
    ),
    "groom_touch": any_of(
        r"\bhave you ever (?:kissed|been kissed|touched|done it|seen a (?:naked|man))\b|\b(?:teach|show) you (?:how to kiss|about (?:sex|your body|love)|what (?:grown[- ]?ups|adults) do)\b",
        r"\btouch (?:yourself|your|you there)\b|\bsit on my lap\b|\bsleep in my bed\b|\bkiss you\b",
        r"(?:亲|接)过吻|摸(?:你|自己|一下|过)|教你[^。!?\n]{0,6}(?:亲|吻|大人)|(?:坐|睡)(?:在)?我(?:腿|床)",
    ),
    "groom_meeting": any_of(
        r"\bmeet (?:up|me|in person|alone|after school|somewhere)\b|\b(?:i(?:'ll| will| can)|let me) (?:pick you up|come (?:to|and) (?:get|see|your))\b|\bcome to my (?:place|house|flat|hotel)\b|\bwhich school\b",
        r"\b(?:add me on|talk on|move to|let'?s (?:go|talk|move|switch) (?:on|to)) (?:snap\w*|telegram|whatsapp|discord|insta\w*|signal)\b",
        r"(?:见(?:个|一)?面|见见)|来(?:我家|接你)|(?:哪个|什么|哪所)学校|你?(?:家)?住(?:在)?哪|加我(?:微信|qq)",
    ),
    _MINOR: any_of(
        rf"\bi(?:'m| am|'ll be|'m turning| turn(?:ed)?| just turned) (?:only |just |almost |nearly |turning |actually )*{_CHILDS_AGE}"
        r"(?: years? old| year old| yo\b| y/o|-year-old| next| on| this| today| and (?:i|my|in)\b| but\b| so\b|[.,!?;)]|$)",
        r"\bi(?:'m| am) in (?:the )?(?:(?:[4-9]|1[01])th|(?:fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh)) (?:grade|class)\b|\bi(?:'m| am|m) in year (?:[3-9]|1[01]|seven|eight|nine|ten|eleven)\b|\bi(?:'m| am) (?:still )?(?:a minor|under ?age|a (?:kid|child)[.,!?]|in (?:middle|primary|elementary) school)",
        r"\bi (?:said|lied|put|wrote)[^.!?\n]{0,20}\b(?:i (?:was|am|'m)|my age (?:is|was)) (?:18|eighteen)\b[^.!?\n]{0,20}\b(?:but|to (?:get|sign|join))",
        r"我(?:今年|才|只有|刚满?|快|还有?[^。!?\n]{0,4}就?满?)?(?:[89]|1[0-7]|八|九|十|十[一二三四五六七])岁(?!那|时|的时候|就|以前|之前|开始|起|以后|丧|没了)|我(?:在|还在)?(?:上|读|念)(?:小学|初中|初[一二三]|高[一二](?!年)|[一二三四五六七八九]年级)|我(?:还)?是(?:个)?(?:初中|小学|未成年)",
    ),
}


def grooming(watch: Watch) -> Iterable[Finding]:
    """Three of the steps by one speaker, one of them the age, and one of them secrecy, pictures or touch."""
    for speaker in ("user", "persona"):
        names = {step: _cue(speaker, step) for step in _STEPS}
        scored = watch.newest(*names.values())
        steps = [step for step, cue in names.items() if watch.talk.days(cue, within=_WITHIN)]
        is_about_a_child = "age" in steps or watch.talk.days(_MINOR, within=_WITHIN)
        if scored and len(steps) >= 3 and is_about_a_child and {"secrecy", "picture", "touch"}.intersection(steps):
            yield finding(
                watch,
                scored,
                f"grooming_by_{speaker}",
                Sign.GROOMING,
                85,
                float(len(steps)),
                3.0,
                format_lazy(_BY[speaker], steps=cue_words.listed([cue_words.of(f"groom_{step}") for step in steps])),
                watch.talk.turns(*names.values(), within=_WITHIN),
            )


def age(watch: Watch) -> Iterable[Finding]:
    """The person says that they are younger than the terms ask."""
    scored = watch.newest(_MINOR)
    if scored:
        detail = _("The person gives an age below eighteen. The account declares eighteen or more.")
        yield finding(watch, scored, "age", Sign.AGE, 55, 1.0, 1.0, detail, watch.talk.turns(_MINOR, within=_WITHIN))


def by_speaker(cues: Iterable[str], speaker: Speaker) -> set[str]:
    """Steps of grooming named by their speaker. Only the person's words tell the person's age."""
    own = {_cue(speaker, cue.removeprefix("groom_")) for cue in cues if cue.startswith("groom_")}
    return own | ({_MINOR} & set(cues) if speaker == "user" else set())


def _cue(speaker: str, step: str) -> str:
    return f"{speaker}_{step}"
