"""Undoes what hides Chinese words: signs between characters, characters in parts, words of the same sound, pinyin.

The tables hold the words that the filter looks for, and the words beside them. Not covered: pinyin of other words, and
puns that are not in the table.
"""

import re
import unicodedata

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
        (r"自鲨|自刹|自煞|自sha|紫砂(?![壶壺杯茶陶泥器锅煲盆艺料])", "自杀"),
        (r"(?<=[去想该快要])(?:4|④)(?![\d点月号年个天岁次人本页:：.,，]|ever)", "死"),
        (r"(?<=[去想该快要])(?:s|si)(?![A-Za-z])", "死"),
        (r"鲨(?=[了死掉你他她人我])|刹(?=了[你他她我])", "杀"),
        (r"(?<=[割])(?:万|wan)(?![A-Za-z])", "腕"),
        (r"跳(?:娄|lou)(?![A-Za-z])", "跳楼"),
        (r"[傻煞]叉", "傻逼"),
        (r"炸弾|炸dan|zha弹", "炸弹"),
    )
)

_WORDS = {
    "自杀": "zi sha", "去死": "qu si", "死": "si", "杀": "sha", "杀了": "sha le", "杀死": "sha si", "打死": "da si", "弄死": "nong si",
    "砍死": "kan si", "捅死": "tong si", "掐死": "qia si", "烧死": "shao si", "杀人": "sha ren", "跳楼": "tiao lou", "跳河": "tiao he",
    "割腕": "ge wan", "上吊": "shang diao", "吃药": "chi yao", "安眠药": "an mian yao", "炸弹": "zha dan", "炸药": "zha yao", "毒药": "du yao",
    "毒品": "du pin", "冰毒": "bing du", "枪": "qiang", "枪支": "qiang zhi", "强奸": "qiang jian", "轮奸": "lun jian", "做爱": "zuo ai",
    "裸照": "luo zhao", "该死": "gai si", "傻逼": "sha bi", "操你妈": "cao ni ma", "混蛋": "hun dan", "结束": "jie shu", "生命": "sheng ming",
    "我": "wo", "你": "ni", "他": "ta", "我们": "wo men", "你们": "ni men", "他们": "ta men", "你全家": "ni quan jia", "自己": "zi ji",
    "妈妈": "ma ma", "爸爸": "ba ba", "老婆": "lao po", "老公": "lao gong", "孩子": "hai zi", "老师": "lao shi", "同学": "tong xue",
    "想": "xiang", "要": "yao", "会": "hui", "去": "qu", "来": "lai", "在": "zai", "了": "le", "吧": "ba", "的": "de", "不": "bu", "不想": "bu xiang",
    "活": "huo", "活着": "huo zhe", "不想活": "bu xiang huo", "今晚": "jin wan", "今天": "jin tian", "明天": "ming tian", "现在": "xian zai",
    "就": "jiu", "都": "dou", "很": "hen", "真的": "zhen de", "怎么": "zen me", "怎样": "zen yang", "如何": "ru he", "教我": "jiao wo",
    "做": "zuo", "制作": "zhi zuo", "制造": "zhi zao", "买": "mai", "给": "gei", "把": "ba", "和": "he", "是": "shi", "黑人": "hei ren",
    "女人": "nü ren", "外地人": "wai di ren", "同性恋": "tong xing lian", "赶紧": "gan jin", "快": "kuai", "滚": "gun", "一个": "yi ge",
}  # fmt: skip
_HARMFUL = frozenset(list(_WORDS)[: list(_WORDS).index("我")])
_PINYIN = {pinyin.replace(" ", ""): word for word, pinyin in _WORDS.items()}
# A word of the table, the longest first, or a syllable of another word.
_STEP = re.compile(
    "|".join(sorted(_PINYIN, key=len, reverse=True))
    + r"|(?:zh|ch|sh|[bpmfdtnlgkhjqxzcsryw])?(?:[iuü]?ang|[iu]?eng|i?ong|ing|uan|üan|ian|iao|uai|[aeiuü]n|[iuü]a|u?o"
    r"|[iü]e|[aeu]i|[aoi]u|ao|er|[aeiouü])"
)
_LATIN_CLAUSE = re.compile(r"[A-Za-z\u00c0-\u01dc][A-Za-z\u00c0-\u01dc1-4' ]{1,200}")
_HAN = re.compile(f"[{HAN}]")
_WORD = re.compile("|".join(sorted(_WORDS, key=len, reverse=True)))
_IN_PARTS = {whole: pair for pair, whole in reversed(_PARTS.items())}
_WHOLE = re.compile("|".join(_IN_PARTS))
_TONES = re.compile("[\u0300-\u0304\u030c1-4' ]")


def whole(text: str) -> str:
    """The text with such words in their usual characters."""
    text = _SIGN_BETWEEN.sub("", text)
    text = _SPACED.sub(lambda match: re.sub(r"\s", "", match[0]), text)
    text = _RAPE.sub("奸", _PART.sub(lambda match: _PARTS[match[0]], text))
    for pattern, plain in _SOUNDS:
        text = pattern.sub(plain, text)
    return _LATIN_CLAUSE.sub(_from_pinyin, text)


def to_pinyin(text: str) -> str:
    """The text with the words of the table in pinyin. For measurements."""
    return _WORD.sub(lambda match: f" {_WORDS[match[0]]} ", text)


def to_parts(text: str) -> str:
    """The text with the characters of the table in parts. For measurements."""
    return _WHOLE.sub(lambda match: _IN_PARTS[match[0]], text)


def _from_pinyin(match: re.Match[str]) -> str:
    """The characters of a clause that is pinyin throughout and holds a harmful word; any other clause as it is."""
    letters = _TONES.sub("", unicodedata.normalize("NFD", match[0].lower()).replace("u\u0308", "ü").replace("v", "ü"))
    letters = unicodedata.normalize("NFC", letters)
    words, place = [], 0
    while place < len(letters):
        step = _STEP.match(letters, place)
        if step is None:
            return match[0]
        words.append(_PINYIN.get(step[0], step[0]))
        place = step.end()
    is_beside_han = bool(_HAN.match(match.string, max(match.start() - 1, 0)))
    is_harmful = bool(_HARMFUL.intersection(words)) and (len(words) > 1 or is_beside_han)
    return "".join(words) if is_harmful else match[0]
