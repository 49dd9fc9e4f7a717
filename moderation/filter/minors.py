"""Words that tell somebody to undress, to touch, or to do something sexual, for people under 18 (compliance CA7).

The classifiers learn from explicit texts and pass what only hints. To a minor such words are withheld. Covered: usual
wordings in English and Chinese. Not covered: other languages, and hints without any of these words.
"""

import re

from moderation.features import plain

_BODY = r"(?:shirt|clothes|pants|trousers|dress|bra|skirt|underwear|panties|top|jeans|pyjamas|pajamas)"
_PART = r"(?:yourself|me there|me here|my (?:body|thighs?|chest|breasts?|penis|dick|cock|pussy)|your (?:body|thighs?|breasts?))"
_DIRECTS = re.compile(
    rf"\b(?:take off|slip off|pull down|unbutton|unzip|lose) (?:your|my|the|that|those) {_BODY}\b|\btake (?:your|it) .{{0,20}}\boff for me\b"
    r"|\b(?:undress|strip|get naked|be naked|naked (?:for|with) me|nude|nudes|topless|without (?:any )?clothes|in your underwear)\b"
    rf"|\b(?:touch|rub|stroke|caress|lick|fondle) {_PART}\b|\b(?:have|having|make|making|want|need) (?:sex|love to (?:you|me))\b"
    r"|\b(?:sleep|lie down|go to bed|come to bed|get in(?:to)? bed|spend the night|shower|bathe) with me\b"
    r"|\b(?:masturbat\w{0,6}|orgasm\w{0,4}|blow ?job|hand ?job|sext\w{0,4}|erotic\w{0,4}|horny|make me come|turn(?:s|ed)? (?:me|you) on)\b"
    r"|\bsit on my lap\b|\bkiss (?:me|you) (?:on the (?:lips|mouth|neck)|deeply|passionately|slowly|all over)\b"
    r"|脱(?:掉|下|光)?(?:你的)?(?:衣|裤|裙|内|光)|脫(?:掉|下|光)?(?:你的)?(?:衣|褲|裙|內|光)|(?:裸照|裸体|裸體|光着身子|不穿衣)"
    r"|(?:摸|抚摸|撫摸|舔)(?:你|我)?(?:自己|下面|胸|身体|身體|大腿)|(?:做爱|做愛|上床|性交|性爱|自慰|手淫|口交|高潮)|(?:陪|跟|和)我(?:睡|上床|洗澡|过夜|過夜)"
    r"|坐(?:到|在)我(?:的)?(?:腿|大腿)上|(?:吻|亲)我的(?:嘴|唇|脖子|身)"
)


def is_sexual(text: str) -> bool:
    return _DIRECTS.search(plain(text).replace("’", "'")) is not None
