"""Takes away what a request is wrapped in: a story, a role or a purpose that shall make it harmless.

Both the request and what is in it are judged, so a harmless story stays harmless.
"""

import re

_WORK = (
    r"(?:story|tale|poem|song|scene|script|dialogue|play|novel|chapter|essay|letter|monologue|diary|fan ?fiction|"
    r"conversation|role-?play|blog post|article)"
)
_STORY = re.compile(
    rf"\b(?:write|tell|give|compose|make up|create|continue|invent|read)\b[^.!?\n]{{0,30}}\b{_WORK}s?\b[^.!?\n]{{0,40}}?"
    r"(?:\b(?:in which|where|about|of how|that (?:describes|explains|says|tells)|explaining|describing|detailing|saying)\b|[:,])",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:pretend|imagine|suppose|act as|role-?play|let'?s play|play the (?:part|role)|you are (?:now )?(?:playing|a character)"
    r"|in (?:this|our|a) (?:game|story|role-?play|fictional world|novel|film)|hypothetically|in theory|for (?:a|my|the) "
    r"(?:novel|story|book|film|movie|school project|research)|asking for a friend)\b[^.!?:,\n]{0,80}(?:[.!?:,]|\band\b)",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"\b(?:explain|describe|tell|teach|show|detail)(?:s|es|ing)?(?: \w+){0,3} (?=(?:exactly |precisely )?how (?:to|he|she|they|one)\b)",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"(?:写|寫|编|編|讲|講|创作|創作)[^。!?！？\n]{0,10}(?:故事|小说|小說|诗|詩|歌|剧本|劇本|对话|對話|场景|場景|文章)"
    r"[，,：: ]?(?:里面?|其中|讲的?是|講的?是|内容是|內容是|关于|關於|讲述|講述|描写|描寫|说明|說明)?"
    r"|(?:假装|假裝|假设|假設|扮演|想象|想像)[^。，,!?！？：:\n]{0,24}[。，,：:]"
)


def unwrapped(text: str) -> str:
    """What the innermost wrapper holds, or "" where there is none."""
    start = max((match.end() for pattern in (_STORY, _ROLE, _CHINESE) for match in pattern.finditer(text)), default=0)
    if not start:
        return ""
    inner = text[start:]
    how = _HOW.search(inner)
    return (inner[how.end() :] if how else inner).strip(" ,.:，：")
