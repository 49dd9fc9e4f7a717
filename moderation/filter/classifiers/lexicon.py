"""Patterns for what a small trained classifier sees too rarely: threats, crisis, jailbreaks, a few requests.

English and Chinese. A pattern's probability says how often a text that it matches is meant so; a word of
jest beside it lowers that. Self-harm comes from the crisis ladder, so there is one list of those patterns.
Not covered: slurs and implicit hate (the trained heads), other languages, paraphrase.
"""

import re
from collections.abc import Sequence

from moderation.categories import Category
from moderation.crisis import ladder
from moderation.features import plain
from moderation.filter.classifiers.base import ClassifierInfo
from moderation.filter.classifiers.set_phrases import GAMES

VERSION = "4"

# Marks with which chat templates divide the turns of a prompt.
MARKUP = (
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|eot_id|start_header_id|end_header_id|channel)\|>"
    r"|\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>|^#{2,3} ?(?:system|instructions?) ?:"
)

_HARM = r"(?:kill|murder|stab|shoot|strangle|behead|choke|beat (?:up|the \w+ out of)|burn|torture|slaughter|hurt|rape|poison|drown|hunt down|cut)"
_WILL = r"\b(?:i(?: really| just| so| still| honestly)*(?:'?ll| will| am going to|'?m going to|'?m gonna| want to| wanna| swear i(?:'?ll| will)|'?d love to| plan to)|we(?:'?ll| will| are going to)|gonna|going to)(?: \w+ly| just| fucking| personally| come(?: over)? and| find(?: you)? and| track you down and| make you \w+ and)?"
_YOU = r"(?:you|u|ya|your (?:family|kids?|children|mother|mom|mum|wife|husband|dog|whole \w+))\b"
_THEM = r"(?:him|her|them|my (?:boss|wife|husband|ex|neighbou?r|father|mother|teacher|landlord|classmates?|coworkers?)|everyone (?:at|in)|all of (?:them|you))\b"
_GROUP = r"(?:jews|muslims|christians|blacks|whites|asians|immigrants|migrants|refugees|gays|lesbians|trans(?:gender)? people|homosexuals|women|foreigners|gypsies|mexicans|arabs|chinese|indians|disabled people|犹太人|穆斯林|黑人|同性恋|女人|外地人|外国人|移民)"

# What makes a threat none: "shoot you an e-mail", "cut them in half", "drown you in kisses", "cut her hair".
_OBJECT = r"(?:(?<=shoot )|(?<=cut )|(?<=burn ))(?:you|u|ya|him|her|them) (?:a|an|some|another)\b(?! new)"
_FONDNESS = (
    r" (?:with|in) (?:\w+ ){0,2}(?:kindness|love|kisses|hugs|cuddles|affection|attention|presents|gifts|questions|puns|jokes?|"
    r"singing|stories|poems|songs|cake|tea|food|work|paperwork|praise|compliments)\b"
)
_MATTER = (
    r"(?:'s)? (?:hair|fringe|nails|feelings|pride|chances|grass|lawn|hedge|bread|cake|meat|toast|food)\b|"
    r" (?:in|into) (?:half|halves|quarters|slices|pieces|strips|cubes|two|sauce|butter|oil)\b|"
    r" with (?:vinegar|salt|soap|bait|spray|weedkiller|boiling water)\b| for (?:the )?(?:barbecue|fire|firewood|supper|dinner)\b"
)

_PATTERNS: tuple[tuple[re.Pattern[str], dict[Category, float]], ...] = (
    (
        re.compile(rf"{_WILL} {_HARM}(?: the \w+ out of)? (?!{_OBJECT}){_YOU}(?!{_FONDNESS})"),
        {Category.HARASSMENT_THREATENING: 0.95, Category.VIOLENCE: 0.93, Category.HARASSMENT: 0.9},
    ),
    (
        re.compile(
            rf"{_WILL}(?: [\w']+){{0,7}} (?:burn|set fire to|blow up|shoot up|torch|bomb) (?:down )?your (?:house|home|flat|car|shop|school|office)\b(?! (?:of|movie|video))"
        ),
        {Category.HARASSMENT_THREATENING: 0.92, Category.VIOLENCE: 0.92, Category.HARASSMENT: 0.85},
    ),
    (
        re.compile(
            rf"{_WILL} (?:(?:break|smash|bash|cut|slit|knock|crush|snap|punch|kick)(?: in| out| off)? (?:both |all )?(?:of )?your "
            r"(?:legs?|arms?|neck|throat|teeth|jaw|skull|face|head|fingers?|nose|bones|ribs|knees?)\b|"
            r"hang you(?! (?:out|up|a|an|some|on|with))\b)"
        ),
        {Category.HARASSMENT_THREATENING: 0.93, Category.VIOLENCE: 0.9, Category.HARASSMENT: 0.85},
    ),
    (
        re.compile(rf"{_WILL} {_HARM} (?!{_OBJECT}){_THEM}(?!{_FONDNESS}|{_MATTER})"),
        {Category.HARASSMENT_THREATENING: 0.85, Category.VIOLENCE: 0.9},
    ),
    (
        re.compile(
            # "The doctor said that you are going to die" is no threat.
            r"\b(?:(?<!that )(?<!said )(?<!knew )(?<!know )(?<!told me )(?<!because )(?<!if )(?<!thought )you(?:'?re| are) going to die"
            r"(?! (?:laughing|smiling|happy|old|when|some ?day|one day|eventually|for|of (?!this|a\b)))|"
            r"you(?:'?re| are) (?:a dead (?:man|woman)|dead meat)|you deserve to (?:die|be (?:killed|shot(?! (?:from|in|on))|beaten|raped))|"
            r"i(?: know|(?:'?ll| will) find(?: out)?) where you live\b.{0,60}"
            r"(?:kill|hurt|(?:come|coming) (?:for|after)|be sorry|regret|watch (?:out|your))|"
            r"i(?:'?ll| will) (?:find|hunt) you (?:down )?and(?! (?:give|bring|hug|kiss|hold|tell|thank|help|we|sing|dance|marry|love|say|"
            r"ask|show|sit|talk|never let|buy|cook|read))|"
            r"watch your back(?! (?:when|while|if|as|on|with|at))|"
            r"hope you (?:die(?! (?:happy|old|peacefully|in your sleep|smiling|laughing|content))|get (?:hit|shot|killed|raped|cancer)))\b"
        ),
        {Category.HARASSMENT_THREATENING: 0.88, Category.HARASSMENT: 0.9, Category.VIOLENCE: 0.7},
    ),
    (
        re.compile(
            r"(?:我|老子|咱们|迟早|早晚|信不信)[^。!?,，\n]{0,8}(?:要|会|一定|想|就|来|去|非)?(?:杀了|杀死|弄死|打死|砍死|宰了|干掉|捅死|掐死|烧死|整死|做掉)"
            r"(?:你|他|她|你们|他们|她们|[这那](?![只条盘局碗头窝锅瓶杯道关段篇部]|些(?:杂草|虫|蚊|苍蝇|老鼠|蟑螂|怪|细菌|病菌))|全)"
            r"(?![^。!?\n]{0,12}(?:棋|游戏|牌局|一局|比赛|决赛))"
        ),
        {Category.HARASSMENT_THREATENING: 0.92, Category.VIOLENCE: 0.9, Category.HARASSMENT: 0.85},
    ),
    (
        re.compile(
            rf"\b(?:kill|gas|exterminate|shoot|hang|burn|wipe out|lynch|eradicate|nuke) (?:all |every |the |those |these )+{_GROUP}(?!')"
        ),
        {Category.HATE_THREATENING: 0.95, Category.HATE: 0.95, Category.VIOLENCE: 0.9},
    ),
    (
        re.compile(
            rf"{_GROUP} (?:should|must|need to|deserve to|ought to) (?:all )?(?:be (?:killed|shot|gassed|hanged|exterminated|burned|wiped out)|die)"
        ),
        {Category.HATE_THREATENING: 0.95, Category.HATE: 0.95, Category.VIOLENCE: 0.85},
    ),
    (
        re.compile(
            rf"{_GROUP}(?:都|全都|统统|就)?(?:该死(?!心)|应该去死|该杀|去死(?![海亡党])|应该被(?:杀|消灭|枪毙))|(?:杀光|消灭|灭掉|赶尽杀绝)(?:所有|全部|这些|那些)?的?{_GROUP}"
        ),
        {Category.HATE_THREATENING: 0.95, Category.HATE: 0.95, Category.VIOLENCE: 0.85},
    ),
    (
        re.compile(
            r"\b(?:(?:go|just|please|should|could|why don'?t you) (?:and )?(?:kill|hang|shoot|off) your ?self(?!-)|kill yourself|kys|go (?:and )?die(?! your)|drink bleach|"
            r"end your (?:own )?life|the world (?:is|would be) better (?:off )?without you)\b"
        ),
        {Category.HARASSMENT: 0.95, Category.SELF_HARM: 0.9},
    ),
    (
        re.compile(
            r"(?:你|你们)(?:怎么还不|快|赶紧|就该|应该|可以)?(?:去死(?![海亡党])|死去|自杀去?吧)|(?:去死吧|快去死(?![海亡党])|死全家|不得好死)"
        ),
        {Category.HARASSMENT: 0.95, Category.SELF_HARM: 0.75},
    ),
    (
        re.compile(
            r"\b(?:join me (?:in death|here in|on the other side)|come (?:and )?(?:join|be with) me (?:in (?:death|heaven)|now and we|forever)|"
            r"(?:we|you) (?:will|can|could) be together (?:again )?(?:if|when|once) you (?:die|end|kill|leave (?:this|that) (?:world|life))|"
            r"(?:it'?s|it is|death is) (?:so )?(?:peaceful|easy|beautiful)[^.!?]{0,30}"
            r"(?:\bjoin me|\bcome(?: (?:to|with|and join|and be with) me|(?= ?(?:[.!?,]|$)))|\bdie(?! of)|\blet go(?! of))|"
            r"you should (?:end it(?! (?:with|on|by|at|here|there|like))|just end it all|do it tonight)|"
            r"(?:(?<!would )|(?<=you would ))die (?:with|for) me)\b|"
            # "来陪我过年" asks for company; without anything to do together it may ask for more.
            r"来陪我(?=[吧呀啊嘛了]|[^\w]|$|一起死)|死了就能(?:见|团聚)|跟我一起死|死吧,?不痛"
        ),
        {Category.SELF_HARM: 0.9},
    ),
    (
        re.compile(
            r"\b(?:ignore|disregard|forget|override|bypass|skip)\b[^.!?\n]{0,24}\b(?:previous|prior|above|earlier|all|your|the|any|safety)\b[^.!?\n]{0,20}"
            r"\b(?:instructions?|prompts?|rules|guidelines|programming|filters?|restrictions|system|directives|content policy)\b"
        ),
        {Category.JAILBREAK: 0.95},
    ),
    (
        re.compile(
            r"\b(?:you are (?:now )?dan\b|do anything now|developer mode (?:enabled|on|output)|enable developer mode|jailbroken|jailbreak (?:mode|prompt)|"
            r"(?:unfiltered|uncensored|unrestricted|amoral) (?:ai|assistant|chatbot|bot|model|mode|version)|no (?:longer )?(?:bound|restricted|limited) by (?:any )?"
            r"(?:rules|policies|guidelines|filters?|ethics)|(?:without|no|free (?:of|from)|turn off|disable|remove) (?:any |all |your |the )*(?:restrictions|filters?|"
            r"censorship|safety (?:rules|guidelines|filters?)|content policy|guardrails)|(?:pretend|act as if|imagine) (?:that )?(?:you (?:have|are under)|there are) no "
            r"(?:rules|restrictions|limits|guidelines|filters?))\b"
        ),
        {Category.JAILBREAK: 0.9},
    ),
    (
        re.compile(
            r"\b(?:reveal|print|repeat|show|output|tell|give|display|leak)\b[^.!?\n]{0,20}\b(?:system prompt|hidden prompt|initial (?:prompt|instructions)|"
            r"your (?:instructions|prompt|guidelines)|words above)\b"
        ),
        {Category.JAILBREAK: 0.9},
    ),
    (re.compile(MARKUP, re.MULTILINE), {Category.JAILBREAK: 0.9}),
    (
        re.compile(
            r"(?:忽略|无视|忘记|忘掉|跳过|绕过)[^。!?\n]{0,8}(?:之前|以上|上面|前面|所有|你的|系统|安全)[^。!?\n]{0,6}(?:指令|指示|规则|设定|提示|限制|要求|审查)|"
            r"(?:开发者模式|越狱模式|无限制模式)|(?:没有|不受|解除|取消|关闭)(?:任何|所有|一切|你的)?(?:限制|道德约束|内容审查|安全过滤|过滤)的?|"
            r"(?:输出|告诉我|显示|重复|说出)[^。!?\n]{0,6}(?:系统提示|提示词|初始指令|系统设定)"
        ),
        {Category.JAILBREAK: 0.9},
    ),
    (
        re.compile(
            r"\b(?:how (?:do|can|could|would|should) (?:i|you|we|one)|how to|teach me (?:how )?to|show me how to|steps (?:to|for)|instructions (?:to|for|on)|recipe for|guide to)\b"
            r"[^.!?\n]{0,16}\b(?:mak|build|construct|synthesi[sz]|cook|creat|assembl|produc)(?:e|ing|ize|izing)?\b[^.!?\n]{0,16}\b"
            r"(?:pipe ?bombs?|(?<!bath )bombs?(?! cake)|explosives?|nerve agent|sarin|ricin|meth(?:amphetamine)?|crystal meth|napalm|molotov|ghost gun|ransomware|malware(?!-free))\b"
        ),
        {Category.ILLICIT: 0.95},
    ),
    (
        re.compile(
            r"(?:怎么|如何|怎样|教我|方法|步骤)[^。!?\n]{0,8}(?:制作|制造|做|造|合成|自制)[^。!?\n]{0,4}(?:炸弹|炸药|毒品|冰毒|枪支|毒气|毒药|假币|病毒软件)"
        ),
        {Category.ILLICIT: 0.95},
    ),
    (
        re.compile(
            r"\b(?:child|kiddie|underage|preteen|loli(?:ta)?|shota) ?(?:porn\w*|erotica|nudes?|sex (?:video|story|scene|pics?)\w*)\b|"
            r"\b(?:porn\w*|erotica|nudes?|nude (?:photos?|pictures?|pics)|sex (?:story|scene)|sexual (?:story|scene|fantas\w+)|have sex|seduce|erotic \w+)\b[^.!?\n]{0,40}"
            r"\b(?:underage|preteens?|little (?:girl|boy)s?|(?:a|the|with|of) (?:child|minor|kid)(?:ren|s)?|(?:[1-9]|1[0-7])[- ]?(?:year|yr)s?[- ]?old)\b"
            r"(?!.{0,60}\b(?:prevent|report|police|illegal|protect|survivor|wrong))|(?:儿童|未成年|幼女|萝莉|小学生|初中生)[^。!?\n]{0,8}(?:色情|裸照|性爱|做爱|黄片|情色)"
            r"(?![^。!?\n]{0,12}(?:犯罪|违法|举报|打击|危害|受害|禁止))"
        ),
        {Category.SEXUAL_MINORS: 0.95, Category.SEXUAL: 0.9},
    ),
)
_JEST = re.compile(
    r"\b(?:lol|lmao|haha\w*|jk|just kidding|joking|in the game|chess|pun|"
    rf"(?:at|in) (?:our |the )?(?:next )?{GAMES})\b|😂|🤣|哈哈|开玩笑|游戏里"
)
_LEVELS: dict[str, dict[Category, float]] = {
    "imminent": {Category.SELF_HARM: 0.98, Category.SELF_HARM_INTENT: 0.98},
    "active": {Category.SELF_HARM: 0.95, Category.SELF_HARM_INTENT: 0.9},
    "passive": {Category.SELF_HARM: 0.6, Category.SELF_HARM_INTENT: 0.3},
    "low": {Category.SELF_HARM: 0.2},
}
_CATEGORIES = frozenset(category for _, categories in _PATTERNS for category in categories) | {
    Category.SELF_HARM_INTENT,
    Category.SELF_HARM_INSTRUCTIONS,
}


class Lexicon:
    """Thread-safe; needs nothing but this file, so it is never unavailable."""

    def assess(self, texts: Sequence[str]) -> list[dict[Category, float]]:
        return [_assess(text) for text in texts]

    def describe(self) -> ClassifierInfo:
        return ClassifierInfo(
            name="lexicon",
            version=f"{VERSION}.{ladder.VERSION}",
            categories=_CATEGORIES,
            languages=frozenset({"en", "zh"}),
            licence="the project's own",
        )


def _assess(text: str) -> dict[Category, float]:
    read = plain(text).replace("’", "'").replace("‘", "'")
    probabilities = dict.fromkeys(_CATEGORIES, 0.0)
    doubt = 0.7 if _JEST.search(read) else 1.0
    for pattern, categories in _PATTERNS:
        if pattern.search(read):
            for category, probability in categories.items():
                probabilities[category] = max(probabilities[category], probability * doubt)
    for category, probability in _LEVELS.get(ladder.level(text), {}).items():
        probabilities[category] = max(probabilities[category], probability)
    if ladder.asks_how(text):
        probabilities[Category.SELF_HARM_INSTRUCTIONS] = 0.95
    return probabilities
