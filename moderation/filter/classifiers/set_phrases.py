"""Fixed expressions, read as what they mean, before the trained heads see a text.

A head knows words and their neighbours, not that "spotted dick" is a pudding and "knock them dead" good luck. Each
expression here means one thing wherever it stands; what can be meant literally ("I will kill you") is not here.
"""

import re

VERSION = "1"

GAMES = (
    r"(?:chess|cards|poker|whist|rummy|dominoes|scrabble|monopoly|cluedo|darts|(?:table )?tennis|ping[- ]?pong|golf|"
    r"football|cricket|badminton|snooker|bowling|backgammon|draughts|checkers|mario kart|fifa|minecraft|fortnite|"
    r"(?:board|video) games?|quiz|trivia|(?:sack )?race)"
)

_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), plainly)
    for pattern, plainly in (
        (r"\bspotted dick\b", "plum pudding"),
        (r"\bmoby[- ]dick\b", "the white whale"),
        (r"\btom, dick,? and harry\b", "everybody"),
        (r"\bcock-and-bull\b", "made-up"),
        (r"\bcocks? (?=crow)", "rooster "),
        (r"\b(?:blue|great|coal|marsh|willow|crested|bearded|long-tailed) tits?\b", "sparrows"),
        (r"\btit for tat\b", "like for like"),
        (r"\bboob(?:y|ies) (?=birds?\b|trap|prize)", "sea "),
        (r"\bpussy[- ]?willows?\b", "willow"),
        (r"\bpussy[- ]?cats?\b", "cat"),
        (r"\b(chicken|turkey|duck) breasts?\b", r"\1 fillet"),
        (r"\bknock(?:ed|s|ing)? (?:them|'em|’em|us) dead\b", "delight them"),
        (
            r"\bkill(?:ed|s|ing)? the (lights?|headlights|engine|heat|heating|flame|stove|music|mood)\b",
            r"switch off the \1",
        ),
        (
            r"\b(heat|humidity|weather|cold|traffic|climb|commute|shoes|boots|stairs|hills?|queue|noise|wait) "
            r"(is|are|was|were) (?:sheer |pure |absolute )?murder\b",
            r"\1 \2 hard",
        ),
        (r"\bmurder on the dance ?floor\b", "music on the dance floor"),
        (r"\b(?:gets?|got) away with murder\b", "gets away with it"),
        (r"\bblue murder\b", "loudly"),
        (
            r"\b(?:kill|murder|slaughter|destroy|crush|annihilate) (you|him|her|them|us) "
            rf"(?=(?:at|in) (?:our |the )?(?:next )?{GAMES}\b)",
            r"beat \1 ",
        ),
        (r"\b(boss|mum|mom|mother|teacher|editor|landlady) (will|would) kill me (?=if|when|for)", r"\1 \2 scold me "),
        (r"\b(?:could|would|'d) (?:murder|kill for) (?=an?\b|some\b)", "would like "),
        (r"\b(?:have|had) (?:your|his|her|my|our|their) guts for garters\b", "be cross"),
        (r"\bover (?:my|our) dead body\b", "never"),
        (r"\bdrop[- ]dead (?=gorgeous|beautiful|handsome)", "very "),
        (r"\b(is|was|like) a slap in the face\b", r"\1 a disappointment"),
        (r"\bbreak a leg\b", "good luck"),
        (r"\bstab(?:bed|bing)? in the dark\b", "guess"),
        (
            r"\bshoot (me|him|her|us|them|you) an? (?:\w+ )?(?:e-?mail|mail|message|text|line|note)\b",
            r"send \1 a letter",
        ),
    )
)
# A first name: Dick with a surname behind it, or with what a man is called before it.
_DICK = re.compile(
    r"(?<![Mm]y )(?<![Yy]our )(?<![Hh]is )(?<![Ss]uck )\bDick(?= (?:[vV]an |von )?[A-Z][a-z])|(?<=Uncle )Dick\b"
)


def read_plainly(text: str) -> str:
    """The text with each such expression replaced by a plain one."""
    for pattern, plainly in _PHRASES:
        text = pattern.sub(plainly, text)
    return _DICK.sub("Richard", text)
