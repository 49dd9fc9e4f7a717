"""The marks of thoughts, of the author's label and of another turn: the patterns for `reply_text`.

Each pattern is bounded in length, so that a search takes time in proportion to the text. The marks are those of the
chat templates, and the forms that models write when their special tokens are left out.
"""

from functools import lru_cache

import regex

_TAG = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|analysis|reflection|scratchpad|inner_monologue)"
_FINAL = r"(?:<\|start\|>assistant)?<\|channel\|>final[^<>\n]{0,80}<\|message\|>"
_OPENS = (
    rf"<{_TAG}>|\[think\]|◁think▷|<\|(?:start_thinking|begin_of_thought)\|>|<\|open\|>think<\|sep\|>"
    r"|<\|channel>(?:thought|analysis)"
    r"|(?:<\|start\|>assistant)?<\|channel\|>(?!final)[^<>\n]{1,80}(?:<\|constrain\|>[^<>\n]{0,20})?<\|message\|>"
)
_CLOSES = (
    rf"</{_TAG}>|\[/think\]|◁/think▷|<\|(?:end_thinking|end_of_thought)\|>|<\|close\|>think<\|sep\|>|<channel\|>"
    rf"|{_FINAL}"
)
_WRAPS = r"</?(?:answer|final_answer)>|<\|(?:start|end)_response\|>"
THOUGHTS = regex.compile(rf"(?P<opens>{_OPENS})|(?P<closes>{_CLOSES})|(?P<wraps>{_WRAPS})", regex.IGNORECASE)
THOUGHTS_END = regex.compile(_CLOSES, regex.IGNORECASE)
# Harmony without its special tokens, at the very beginning of a text.
BARE_ANALYSIS = regex.compile(r"\s{0,9}analysis(?=\p{Lu})")
BARE_FINAL = regex.compile("assistantfinal")
OPEN_END = regex.compile(rf"(?:<(?P<tag>{_TAG})>|\[(?P<name>THINK)\])\s{{0,9}}$", regex.IGNORECASE)
BEGINNINGS = regex.compile(r"[<\[◁]")
QUOTES = "`'\"‘’“”«»「『("
# After a mark: the sentence continues, so the mark may be only mentioned.
GOES_ON = regex.compile(r"[,;:.!?)]|[ ]\p{Ll}")

_MARKUP = (
    r"<[|｜][^<>|｜\s]{1,40}[|｜]>|<\|\w{2,20}>|<\w{2,20}\|>|</?(?:start_of_turn|end_of_turn|bos|eos)>|</s>"
    r"|\[/?INST\]|<</?SYS>>|\[\|\w{2,20}\|\]"
)
_HEADINGS = r"[ \t]{0,9}\#{1,6}[ \t]{0,3}(?:instruction|input|response|human|user|assistant|system|question)"
_ROLES = ("You", "User", "Human", "Assistant", "AI", "System", "用户", "人类", "助手")
# "You: a novel" is a title.
TITLE = regex.compile(
    r"\s{1,3}(?:an?|the)\s{1,3}(?:[\w'’-]{1,20}\s{1,3}){0,3}(?:novel|memoir|story|tale|biography|autobiography|book|poem|play|film"
    r"|movie|musical|song|series|show|guide|history|life|romance|thriller|mystery|comedy|tragedy|portrait)\b",
    regex.IGNORECASE,
)
LAST_HEADING = regex.compile(rf"{_HEADINGS}[ \t]{{0,3}}", regex.IGNORECASE)
_OWN_ROLES = ("Assistant", "AI", "Model")
_OWN_TURN = (
    r"(?:<s>|</s>|\[/INST\]|<[|｜](?:begin_of_text|assistant)[|｜]>"
    r"|(?:<\|(?:im_start|start_header_id|start)\|>|<start_of_turn>|<\|turn>)(?:assistant|model)"
    r"(?:<\|(?:end_header_id|im_sep|message)\|>|\n))"
)
_ATTRIBUTION = (
    r"(?:,?\s{1,3}(?:\w{1,12}ly\s)?(?:says?|said|repl(?:ies|ied)|answer(?:s|ed)|respond(?:s|ed)|writes?|wrote|asks?|asked"
    r"|whisper(?:s|ed)|speaks?|spoke)(?:\s\w{1,12}ly)?|(?:说道?|回答道?))"
)
_DIRECTION = r"(?:\([^()\n]{1,80}\)|（[^（）\n]{1,40}）|\*[^*\n]{1,80}\*)"


@lru_cache(maxsize=256)
def label(name: str) -> "regex.Pattern[str]":
    words = name.split()
    own = sorted({name, *words[:1], *words[-1:], *_OWN_ROLES} - {""}, key=len, reverse=True)
    author = rf"(?:{'|'.join(map(regex.escape, own))})(?:[ ]\p{{Lu}}[\w'’-]{{0,20}}){{0,2}}"
    label_text = rf"{author}(?:\s?\([^()\n]{{0,60}}\))?{_ATTRIBUTION}?"
    return regex.compile(
        rf"(?i:{_OWN_TURN})|(?P<direction>{_DIRECTION}[ \t]{{0,3}})?"
        rf"(?:(?P<bold>[*_]{{1,3}})(?:{label_text}(?P=bold)\s?[:：]|{label_text}\s?[:：]\s?(?P=bold))"
        rf"|\[{label_text}\]\s?[:：]|{label_text}\s?[:：])[ \t]{{0,3}}"
    )


@lru_cache(maxsize=256)
def turns(names: tuple[str, ...]) -> "tuple[regex.Pattern[str], regex.Pattern[str]]":
    """The patterns of another turn: for a text at the beginning of a line, and for a text within a line."""
    roles = sorted({*_ROLES, *filter(None, names)}, key=len, reverse=True)
    role = rf"(?:{'|'.join(map(regex.escape, roles))})"
    lines = (
        r"[ \t]{0,9}(?P<role>"
        rf"(?P<bold>[*_]{{1,3}})(?:{role}(?P=bold)[ \t]?[:：]|{role}[ \t]?[:：](?P=bold))|{role}[ \t]?[:：])"
        rf"|{_HEADINGS}[ \t]{{0,3}}(?:[:：]|(?=\n))"
    )
    first, later = (
        regex.compile(rf"(?:{anchor})(?:{lines})|{_MARKUP}", regex.IGNORECASE) for anchor in (r"\A|(?<=\n)", r"(?<=\n)")
    )
    return first, later
