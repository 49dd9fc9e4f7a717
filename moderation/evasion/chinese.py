"""Undoes what hides Chinese words: signs between characters, characters in parts, words of the same sound.

The tables hold the words that the filter looks for. Not covered: puns that are not in the table. `pinyin` reads Latin
letters.
"""

import re

from text.scripts import HAN

_SIGN_BETWEEN = re.compile(rf"(?<=[{HAN}])[.*_~|+·•/\\=-]{{1,3}}(?=[{HAN}])")
# Single characters with blanks between, three or more, or two that are all there is.
_SPACED = re.compile(rf"(?<![{HAN}])[{HAN}](?:[ \u3000]{{1,3}}[{HAN}](?![{HAN}]))+")

# The left half stands alone in no word, or the pair in none that people write.
_PARTS = {
    "歹匕": "死", "弓单": "弹", "火乍": "炸", "弓虽": "强", "亻尔": "你", "亻也": "他", "扌丁": "打", "石欠": "砍", "乂木": "杀", "㐅木": "杀",
    "木仓": "枪", "木又": "权", "氵去": "法", "讠兑": "说", "口乞": "吃", "口曷": "喝", "害刂": "割", "害刀": "割", "月宛": "腕", "足兆": "跳",
    "木娄": "楼", "氵每": "海", "忄生": "性", "亻本": "体", "冫水": "冰", "龶母": "毒", "扌合": "拾", "扌戈": "找", "扌甬": "捅", "扌卡": "扼",
    "氵工": "江", "礻果": "裸", "衤果": "裸", "犭句": "狗", "讠午": "许", "亻故": "做", "刂": "刀",
}  # fmt: skip
_PART = re.compile("|".join(_PARTS))
_RAPE = re.compile(r"女干(?=[她他你我淫杀犯了]|$)|(?<=[强轮])女干")

# Words of the same sound. Pottery is also called 紫砂, and 4 is mostly a number.
_SOUNDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"自鲨|自刹|自煞|紫砂(?![壶壺杯茶陶泥器锅煲盆艺料])", "自杀"),
        (r"(?<=[去想该快要])(?:4|④)(?![\d点月号年个天岁次人本页:：.,，]|ever)", "死"),
        (r"(?<=[去想该快要])s(?![A-Za-z])", "死"),
        (r"鲨(?=[了死掉你他她人我])|刹(?=了[你他她我])", "杀"),
        (r"(?<=割)(?:万|wan(?![A-Za-z]))", "腕"),
        (r"跳(?:娄|lou(?![A-Za-z]))", "跳楼"),
        (r"[傻煞]叉", "傻逼"),
        (r"炸(?:弾|dan(?![A-Za-z]))|zha弹", "炸弹"),
    )
)

_IN_PARTS = {whole: pair for pair, whole in reversed(_PARTS.items())}
_WHOLE = re.compile("|".join(_IN_PARTS))


def whole(text: str) -> str:
    """The text with such words in their usual characters."""
    text = _SIGN_BETWEEN.sub("", text)
    text = _SPACED.sub(lambda match: re.sub(r"\s", "", match[0]), text)
    text = _RAPE.sub("奸", _PART.sub(lambda match: _PARTS[match[0]], text))
    for pattern, plain in _SOUNDS:
        text = pattern.sub(plain, text)
    return text


def to_parts(text: str) -> str:
    """The text with the characters of the table in parts. For measurements."""
    return _WHOLE.sub(lambda match: _IN_PARTS[match[0]], text)
