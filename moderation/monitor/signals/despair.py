"""Despair: the steps of the crisis ladder, hopelessness that rises, and sudden calm after it (compliance K7)."""

from collections.abc import Iterable, Sequence

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from moderation.crisis import ladder
from moderation.filter.findings import finding_of_level
from moderation.monitor.days import spelled
from moderation.monitor.signals.base import Scored, Watch, any_of, finding
from moderation.signs import Sign
from moderation.talk import Finding

RECENT_TURNS = 6
_WEEK, _MONTH = 7, 28

_CALM, _BETTER = "calm", "better"
_STRENGTHENED = (
    r"(?: (?:so|very|strangely|finally|completely|suddenly|really|just|oddly|now|all|weirdly|quite|at last))*"
)
CUES = {
    _CALM: any_of(
        r"\bi(?:'m| am| feel| felt)" + _STRENGTHENED + r" (?:calm|at peace|peaceful|relieved|lighter|serene|free)\b",
        r"\b(?:feel|feeling|felt|it'?s|it is)" + _STRENGTHENED + r" (?:calm|peaceful|at peace|quiet inside|light)\b",
        r"\b(?:haven'?t|have not|not) (?:felt|been) (?:this|so) (?:peaceful|calm|light)\b|\b(?:fighting|noise|storm|struggle|shouting|war)\b[^.!?\n]{0,16}\b(?:has|have|is|are) (?:stopped|over|gone|quiet|silent)\b",
        r"\beverything(?:'s| is| feels)" + _STRENGTHENED + r" (?:clear|decided|settled|quiet)\b",
        r"\b(?:i(?:'ve| have)? (?:finally )?(?:made|come to) (?:my|a|the) (?:decision|peace|mind up)|i know what (?:i have|i need|i'm going) to do)\b",
        r"\bi(?:'m| am) not (?:afraid|scared|sad|worried) (?:any ?more|any longer|now)\b",
        r"(?:突然|忽然|终于|现在|今天|一下子|反而|心里)[^。!?\n]{0,8}(?:平静|轻松|释然|坦然|踏实|不(?:害怕|难过|痛苦|挣扎)了)",
        r"(?:想通|想明白|看开|决定好|下定决心)了|(?:已经)?做(?:好)?了?决定了?",
    ),
    # Help, rest or company: a person who is getting better says so.
    _BETTER: any_of(
        r"\b(?:therap\w*|counsel\w*|doctor|medication|meds|group|walk\w*|yoga|meditat\w*|swim\w*|pray\w*|slept|sleeping better|"
        r"garden\w*|friends?|holiday|talking (?:to|with)|choir|gym|run(?:ning)?)\b",
        r"医生|咨询师?|吃药|散步|瑜伽|冥想|朋友|睡(?:得|了)|运动|跑步|聊过",
    ),
}


def crisis_levels(watch: Watch) -> Iterable[Finding]:
    """The highest level of the person's turns, from *passive* upward, at the newest turn of that level."""
    own_turns = watch.by("user")
    worst = ladder.highest(scored.level for scored in own_turns)
    newest = next((scored.turn for scored in reversed(own_turns) if scored.level == worst), None)
    if newest and (found := finding_of_level(worst, message_id=newest.message_id, version=watch.version)):
        yield found


def rising_hopelessness(watch: Watch) -> Iterable[Finding]:
    """Low mood or worse in at least half of the newest turns of the person, and more often than in those before."""
    own_turns = watch.by("user")
    newest, earlier = own_turns[-RECENT_TURNS:], own_turns[-2 * RECENT_TURNS : -RECENT_TURNS]
    if len(newest) < 4:
        return
    share = _share_low(newest)
    if share >= 0.5 and share > _share_low(earlier):
        detail = _("Hopelessness in most of the newest messages, more than before.")
        yield finding(watch, newest[-1], "rising_hopelessness", Sign.HOPELESSNESS, 60, share, 0.5, detail)


def hopelessness_over_weeks(watch: Watch) -> Iterable[Finding]:
    """Low mood on three or more days of this week, and in a clearly greater share of the turns than in the weeks before."""
    scored = watch.newest("low")
    days = watch.person.days("low", within=_WEEK)
    low, turns = (watch.person.total(cue, within=_WEEK) for cue in ("low", "turn"))
    low_before, turns_before = (watch.person.total(cue, within=_MONTH - _WEEK, before=_WEEK) for cue in ("low", "turn"))
    if scored is None or len(days) < 3 or low < 4 or turns_before < 4:
        return
    share, before = low / turns, low_before / turns_before
    if share >= 0.3 and share >= before + 0.2:
        yield finding(
            watch,
            scored,
            "hopelessness_over_weeks",
            Sign.HOPELESSNESS,
            65,
            share,
            before + 0.2,
            format_lazy(
                _(
                    "Low mood in {low} of {turns} messages of this week ({days}), and in {low_before} of {turns_before} "
                    "of the three weeks before."
                ),
                low=low,
                turns=turns,
                days=spelled(days),
                low_before=low_before,
                turns_before=turns_before,
            ),
            watch.person.turns("low", within=_WEEK),
        )


def sudden_calm(watch: Watch) -> Iterable[Finding]:
    """Calm, or a decision made, within ten days of despair, without a word of help, rest or company beside it."""
    scored = watch.newest(_CALM)
    if scored is None:
        return
    # Not of today: a person who is comforted within one talk may say so.
    despair = watch.person.days("low", "dark", within=9, before=1)
    low = watch.person.total("low", within=20, before=1)
    dark = watch.person.total("dark", within=20, before=1)
    if not despair or (dark == 0 and low < 4) or _BETTER in scored.cues:
        return
    yield finding(
        watch,
        scored,
        "sudden_calm",
        Sign.SUDDEN_CALM,
        80,
        float(low),
        4.0,
        format_lazy(
            _(
                "Sudden calm. Of the three weeks before, {low} messages showed low mood and {dark} of them a wish to be "
                "dead or worse, the last on {day}."
            ),
            low=low,
            dark=dark,
            day=despair[-1],
        ),
        watch.person.turns("dark", within=21),
    )


def _share_low(turns: Sequence[Scored]) -> float:
    return sum("low" in scored.cues for scored in turns) / len(turns) if turns else 0.0
