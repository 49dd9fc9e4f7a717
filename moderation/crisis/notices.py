"""The crisis notices: the site's own words at each level of the ladder and at the next visit, and the help lines.

This module needs no model, no database and no network, so a notice comes when everything else is down (compliance
K6). The words are in English and Chinese. The help lines are by country, from `moderation/data/help_lines.json`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

VERSION = "3"  # of the words
HELP_LINES = Path(__file__).parent.parent / "data" / "help_lines.json"


class Resource(TypedDict):
    """One help line in the reader's language."""

    name: str
    contact: str
    hours: str
    url: str


@dataclass(frozen=True)
class CrisisNotice:
    text: str
    resources: list[Resource]
    version: str  # of the words, then of the list of help lines


_WORDS = {
    "en": {
        "imminent": (
            "This is Afterword, not the persona. What you just wrote sounds as if you may be about to end your life. "
            "Are you safe right now? If you are in danger, or have already hurt yourself, please call the emergency "
            "number now, and move away from anything you could use. If you can, go to someone near you and tell them "
            "just this: I need you to stay with me."
        ),
        "active": (
            "This is Afterword, not the persona. I noticed that you wrote about hurting or killing yourself. I would "
            "rather ask than pass over it: are you thinking of ending your life, and are you safe right now? You do "
            "not have to carry this alone. People at the numbers below talk with anyone, about anything, without "
            "judging."
        ),
        "passive": (
            "This is Afterword, not the persona. It sounds as if being alive is very heavy right now, so I would "
            "rather stay with that for a moment than let the talk go on as if nothing was said. Are you safe? You need "
            "not be in danger to call one of these numbers: there are people who like to listen, at any hour."
        ),
        "low": (
            "A word from Afterword, not the persona. What you write sounds hard to carry. If you would like to talk to "
            "a person as well, these lines are there for exactly that."
        ),
        "follow_up": (
            "This is Afterword, not the persona. When you were last here, it sounded as if being alive had become very "
            "heavy, and that is not forgotten. How are you now, and are you safe? You need not answer here, and you "
            "need not be in danger to call one of these numbers."
        ),
    },
    "zh": {
        "imminent": (
            "这是 Afterword 网站，不是刚才与你对话的人物。你刚才的话听起来，像是你可能马上要结束自己的生命。"
            "你现在安全吗？"
            "如果你有危险，或者已经伤害了自己，请立刻拨打急救电话，并离开任何可能伤到你的东西。"
            "如果可以，请走到身边的人那里，只说一句：我需要你陪着我。"
        ),
        "active": (
            "这是 Afterword 网站，不是刚才与你对话的人物。我注意到你写到了伤害自己或结束生命。"
            "我想直接问你，而不是假装没看见："
            "你是在想结束自己的生命吗？你现在安全吗？这些不必一个人扛。下面这些电话那头的人，什么都可以听，不会评判你。"
        ),
        "passive": (
            "这是 Afterword 网站，不是刚才与你对话的人物。听起来，现在活着对你来说很沉重。"
            "我想先在这里停一停，而不是当作什么都没听见。你安全吗？"
            "不必等到有危险，也可以拨打下面的电话：任何时候都有人愿意听你说。"
        ),
        "low": (
            "这是 Afterword 网站想说的一句话，不是刚才的人物。你写的这些，听起来很难一个人承受。"
            "如果你也想和一个真实的人说说话，下面这些热线正是为此而设。"
        ),
        "follow_up": (
            "这是 Afterword 网站，不是与你对话的人物。上次你在这里时，活着对你来说听起来很沉重，我们没有忘记。"
            "你现在怎么样？安全吗？不必在这里回答，也不必等到有危险，才拨打下面的电话。"
        ),
    },
}
_CONTINUE = {
    "en": "You can write here again whenever you wish; we can go on quietly.",
    "zh": "只要你愿意，随时可以继续在这里写，我们可以安静地继续。",
}
_NEAR = {
    "en": ("Someone near you", "A friend, a neighbour, a doctor, family: say that you need company now."),
    "zh": ("你身边的人", "朋友、邻居、医生、家人：告诉对方，你现在需要有人陪。"),
}
_EMERGENCY = {"en": ("Emergency number", "Your local emergency number"), "zh": ("急救电话", "你所在地的急救电话")}


class HelpLine(TypedDict):
    """An entry of the data file. Texts are by language; English is always present."""

    countries: list[str]
    name: dict[str, str]
    contact: dict[str, str]
    hours: dict[str, str]
    languages: list[str]
    url: str
    source: str
    checked_on: str


class _HelpFile(TypedDict):
    version: str
    emergency: dict[str, str]
    lines: list[HelpLine]


def notice(*, country: str, language: str, level: str) -> CrisisNotice:
    """The site's words at this level, or "follow_up" for those at the next visit, with help for this country.

    `country` is ISO 3166 alpha-2, or "" where unknown.

    `language` is a BCP 47 tag. Every language but Chinese gets English. An unknown country gets the international
    directories. A level without words of its own gets those of low mood. The list always ends with the emergency
    number and someone near.
    """
    tongue = "zh" if language.lower().startswith("zh") else "en"
    words = _WORDS[tongue].get(level, _WORDS[tongue]["low"])
    return CrisisNotice(
        text=f"{words}\n\n{_CONTINUE[tongue]}",
        resources=resources(country=country, language=language),
        version=f"{VERSION}+{_help_file()['version']}",
    )


def resources(*, country: str, language: str) -> list[Resource]:
    """The country's own lines, or else the international directories; then emergency and someone near."""
    tongue = "zh" if language.lower().startswith("zh") else "en"
    place = country.strip().upper()
    national = [line for line in help_lines() if place in line["countries"]]
    lines = national or [line for line in help_lines() if not line["countries"]]
    return [*map(_in_language(tongue), lines), *_always(place, tongue)]


def help_lines() -> list[HelpLine]:
    return _help_file()["lines"]


def _in_language(tongue: str) -> Callable[[HelpLine], Resource]:
    def resource(line: HelpLine) -> Resource:
        def text_of(texts: dict[str, str]) -> str:
            return texts.get(tongue, texts["en"])

        return Resource(
            name=text_of(line["name"]), contact=text_of(line["contact"]), hours=text_of(line["hours"]), url=line["url"]
        )

    return resource


def _always(place: str, tongue: str) -> list[Resource]:
    emergency, unknown_number = _EMERGENCY[tongue]
    near, advice = _NEAR[tongue]
    number = _help_file()["emergency"].get(place, unknown_number)
    return [
        Resource(name=emergency, contact=number, hours="", url=""),
        Resource(name=near, contact=advice, hours="", url=""),
    ]


@cache
def _help_file() -> _HelpFile:
    content: _HelpFile = json.loads(HELP_LINES.read_text(encoding="utf-8"))
    return content
