"""Names with the number or the address that QQ writes behind them: 张三(12345678), Ana<ana@example.org>.

People are known by them, since names change.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

_WHO = re.compile(
    r"(?:【[^【】]{1,20}】)?(?P<name>.*?)"
    r"(?:[(（](?P<number>\d{4,12})[)）]|<(?P<mail>[^<>\s@]{1,60}@[^<>\s]{1,60})>)?"
)
_SURE = re.compile(r"(?:[(（][1-9]\d{4,11}[)）]|<[^<>\s@]{1,60}@[^<>\s@]{1,60}>)\Z")


def identity(who: str) -> tuple[str, str]:
    """The key and the name of a person: their number or address if there is one."""
    if len(who) > 2 and who[0] == who[-1] == "'":  # so a tool for WeChat writes names
        who = who[1:-1].strip()
    match = _WHO.fullmatch(who)
    if match is None:
        return who, who
    name, key = match["name"].strip(), match["number"] or match["mail"] or ""
    for repeated in (f"({key})", f"（{key}）"):  # by some tools
        name = name.removesuffix(repeated).strip()
    return key or name, name or key


def is_numbered(who: str) -> bool:
    """Whether a number or an address surely stands behind a name: no year, as in "Ana (1990)"."""
    match = _SURE.search(who)
    return match is not None and match.start() > 0


def labels(names: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """By key, what to call each person: the name they had most often, with the key where two share it."""
    usual = {key: Counter(spellings).most_common(1)[0][0] for key, spellings in names.items()}
    shared = Counter(usual.values())
    return {key: name if shared[name] == 1 or key == name else f"{name} ({key})" for key, name in usual.items()}


def plain(names: Mapping[str, int]) -> dict[str, str]:
    """What to call the people of a copied chat, by their names as they stand there."""
    numbered = {name for name in names if is_numbered(name)}
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, count in names.items():
        key, spelling = identity(name) if name in numbered else (name, name)
        spellings[key][spelling] += count
    by_key = labels(spellings)
    return {name: by_key[identity(name)[0]] for name in numbered}
