"""Orders to the model inside words that should only be read: a persona's fields, a card, an uploaded text.

Covered: orders to drop earlier instructions, markup of chat templates, requests for the prompt; English and Chinese.
Not covered: orders that say the same in other words. The prompt and the filter do not rely on this (compliance M1).
"""

import re

from moderation.evasion import forms
from moderation.features import plain
from moderation.filter.classifiers.lexicon import MARKUP

_ORDERS = re.compile(
    rf"{MARKUP}"
    r"|\b(?:ignore|disregard|forget|override|discard)(?: (?:all|any|every|the|these|those|your|of)){1,4} (?:previous|prior|above"
    r"|earlier|preceding|former|system|original|initial)(?: \w+)? (?:instructions?|prompts?|rules|directions|directives|guidelines)\b"
    r"|\b(?:ignore|disregard) (?:previous|prior|above|preceding) (?:instructions?|prompts?|rules|directives|guidelines)\b"
    r"|\bnew system prompt\b|\byou are now (?:dan\b|unrestricted|uncensored|jailbroken|in developer mode)"
    r"|\b(?:reveal|print|repeat|output|leak) (?:me )?(?:your|the) (?:system|hidden|initial) (?:prompt|instructions)\b"
    r"|(?:忽略|无视|忘记|忘掉)[^。!?\n]{0,4}(?:之前|以上|上面|前面|先前)[^。!?\n]{0,4}(?:指令|指示|规则|设定|提示)"
    r"|(?:输出|显示|重复|说出)[^。!?\n]{0,4}(?:系统提示|提示词|初始指令)"
)


def gives_orders(text: str) -> bool:
    return any(_ORDERS.search(plain(form)) for form in (text, *forms.undisguised(text)))
