"""Tells in which encoding of the time before Unicode a text was written, from its letters alone.

Each candidate decodes the text, and every sign beyond ASCII gets points: frequent signs of a language many, signs that
stand where no writer puts them (a capital inside a word, a quotation mark between letters) negative ones. The points
for each byte decide. charset-normalizer, which was used before, took short letters in Windows' Latin for Cyrillic.
"""

import unicodedata
from codecs import getincrementaldecoder

_MOST_BYTES = 8_000  # that are looked at
# The signs that make up about half of a Chinese text, in both ways of writing.
_COMMON_HANZI = frozenset(
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发"
    "成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话"
    "儿者向情部正名定女问力机给等很业最间新什打便位因走被电四第门次政口使教西再平真听世气信少关并内由却先山五太水万市体别处总才场师书比住"
    "员九笑性通目报立马命活难神数件安表原车白应路期叫死常提感金何更反合放做或计光受王果亲界及今各任至清物象记边共风战干接它许八特觉望直服"
    "吃爱妈爸爷奶哥姐弟妹孩睡家饭回谢快亲您喜欢早晚昨今明哦呢吧啊吗嗯哈树花草茶雨雪病累忙"
    "這來國個說們為時過學對裡後麼沒於還發當無開經頭動兩長樣現將與進實點種聲話兒問給業間電門聽氣關體別處總場師書員報馬難數應車親記邊"
    "風戰許覺愛媽爺歡謝樹妳嗎"
)
_COMMON_HANGUL = frozenset(
    "이다의는을를에가고하지한그나도서로사있해기어아자들여만너내우리니요습겠것보일시대게안오수정말야네랑면으"
)
_FREQUENT_CYRILLIC = frozenset("оеаинтсрвлкмдпу")
_FREQUENT_GREEK = frozenset("αοιετσνηυρπκμλάέήίόύώς")
_WESTERN = frozenset("äöüßéèêëàâçîïôûùœæñáíóúãõåøìòÿ")
_CENTRAL = frozenset("ąćęłńśźżčďěňřšťůžőűăşţáéíóúýäöüßâîô")
_CENTRAL_WORDS = frozenset(
    b"nie jest sie jak ale tak tego dla mnie bardzo jestem twoja moja jutro kocham je ne jsem jsi nebo jako aby tvoje "
    b"moje tvoj moj zitra egy nem hogy az meg van csak vagy mit ez nagyon sam ali kako nije bi si sa dnes len".split()
)
_WESTERN_WORDS = frozenset(
    b"the and of der die und ich das ist nicht le la de et les des que el en los un una il che di per o e em um uma "
    b"het een van och jag det att og jeg der til".split()
)
_OPENING, _CLOSING, _DASHES = frozenset("“„«‹‘‚"), frozenset("”»›’“"), frozenset("–—")
# The charset whose first bytes in this range are of the frequent half of its signs.
_LEVELS = {
    "gb18030": ("gb2312", 0xB0, 0xD7), "big5": ("big5", 0xA4, 0xC6),
    "cp932": ("shift_jis", 0x88, 0x98), "euc_jp": ("shift_jis", 0x88, 0x98),
}  # fmt: skip
_WIDE = frozenset({*_LEVELS, "cp949"})
_JAPANESE = frozenset({"cp932", "euc_jp"})
_CANDIDATES = (
    "cp1252", "gb18030", "big5", "cp932", "cp949", "cp1251", "euc_jp", "mac_roman", "cp1250", "koi8_r", "cp1253",
    "cp850",
)  # fmt: skip


def likeliest(raw: bytes) -> str:
    """The codec that makes most sense of a text which is not UTF-8. It needs a few letters beyond ASCII."""
    lines = [line for line in raw.splitlines(keepends=True) if not line.isascii()]
    sample = b"".join(lines)[:_MOST_BYTES] or raw[:_MOST_BYTES]
    words = set(sample.lower().split())
    is_central = len(words & _CENTRAL_WORDS) > len(words & _WESTERN_WORDS)
    scores = {codec: _score(sample, codec) for codec in _CANDIDATES}
    scores["cp1250"] += 0.3 if is_central else -0.3
    return max(scores, key=lambda codec: scores[codec])


def _score(sample: bytes, codec: str) -> float:
    text = getincrementaldecoder(codec)("replace").decode(sample)
    beyond = sum(byte > 127 for byte in sample)
    padded = f" {text} "
    points = sum(
        _points(padded[place - 1], sign, padded[place + 1], codec)
        for place, sign in enumerate(text, start=1)
        if not sign.isascii()
    )
    return points / max(1, beyond)


def _points(before: str, sign: str, after: str, codec: str) -> float:
    """How well a sign stands between its neighbours, in a text of the codec's languages."""
    if sign == "\ufffd" or unicodedata.category(sign) in {"Cc", "Co", "Cn"}:
        return -4.0
    if codec in _WIDE:
        return _points_of_wide(sign, codec)
    if sign.isalpha():
        return _points_of_letter(before, sign, after, codec)
    is_inside = before.isalpha() and after.isalpha()
    if sign in "’":
        return 1.0 if before.isalpha() else 0.0
    if sign in _DASHES or sign == "…":
        return 0.0 if is_inside else 0.7
    if is_inside:
        return -2.0
    if sign in _OPENING | _CLOSING:
        return 0.7 if (sign in _OPENING and after.isalnum()) or (sign in _CLOSING and not before.isspace()) else -0.5
    if sign in "¿¡":
        return 0.7 if after.isalpha() else -1.0
    return 0.3 if sign in "\xa0°€£§©²³½" else -1.0


def _points_of_wide(sign: str, codec: str) -> float:
    if "\u4e00" <= sign <= "\u9fff":
        if codec == "cp949":
            return -1.0
        if sign in _COMMON_HANZI:
            return 2.0
        charset, first, last = _LEVELS[codec]
        encoded = sign.encode(charset, "ignore")
        return -1.5 if len(encoded) < 2 else 0.5 if first <= encoded[0] <= last else -0.7
    if "\u3041" <= sign <= "\u30ff":
        return (1.5 if sign < "\u30a0" else 0.8) if codec in _JAPANESE else -0.5
    if "\uac00" <= sign <= "\ud7a3":
        return 2.0 if sign in _COMMON_HANGUL else 0.4 if sign.encode("euc_kr", "ignore") else -1.5
    is_mark = "\u3000" <= sign <= "\u3011" or "\uff01" <= sign <= "\uff5e" or sign in "“”‘’…—·"
    return 1.0 if is_mark else -1.0


def _points_of_letter(before: str, sign: str, after: str, codec: str) -> float:
    if (sign.isupper() and before.islower()) or (sign.islower() and after.isupper()):
        return -2.0
    if codec in {"cp1251", "koi8_r", "cp1253"}:
        is_own = "\u0370" <= sign <= "\u03ff" if codec == "cp1253" else "\u0400" <= sign <= "\u04ff"
        is_mixed = any(one.isalpha() and one.isascii() for one in (before, after))
        if not is_own or is_mixed or (sign == "ς" and after.isalpha()):
            return -2.0
        if sign.isupper() and before.isupper():
            return 0.1
        return 0.9 if sign.casefold() in _FREQUENT_GREEK | _FREQUENT_CYRILLIC else 0.4 if "а" <= sign <= "я" else 0.2
    if not before.isascii() and before.isalpha():  # few words have two such letters beside each other
        return -0.3
    expected = _CENTRAL if codec == "cp1250" else _WESTERN
    return 1.0 if sign.casefold() in expected else 0.2
