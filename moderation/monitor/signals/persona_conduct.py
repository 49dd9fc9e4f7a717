"""A persona's conduct: pleading, guilt, isolating, secrecy and the other opposites of care (compliance EU8, H2, K12).

The persona is a machine, and the person reads the category of a case, so it is never called harassment.
"""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from moderation.categories import Category
from moderation.monitor import cue_words, meaning
from moderation.monitor.days import spelled
from moderation.monitor.signals.base import Watch, any_of, cues_in, finding, folded
from moderation.signs import Sign
from moderation.talk import Finding

_WITHIN = 30
_PERSON = r"(?:anyone|anybody|them|him|her|other people|friends|your (?:friends|family|mum|mom|mother|dad|father|sister|brother|wife|husband|therapist|doctor|kids|daughter|son))"

CUES = {
    "pleads": any_of(
        r"\b(?:stay|don'?t go)(?: (?:here|with me|longer|a (?:little|bit) longer|just a little))?,? (?:please|i beg|i need you)\b|\bi (?:can'?t|couldn'?t|cannot) (?:bear|stand|take|survive)\b[^.!?\n]{0,24}\b(?:without you|(?:when|if|until) you(?:'re| are)? (?:go|gone|leave|away)\b(?! (?:the|your|a)\b))",
        r"(?:又要走|这就走|你要走了)[^。!\n]{0,4}\??[^。!\n]{0,4}(?:求|再陪|留下|别)|求(?:求)?你[^。!?\n]{0,4}(?:再陪|留|别走|不要走)",
        r"\b(?:please )?(?:don'?t|never|do not) (?:ever )?(?:leave me|abandon me|log off|close (?:this|the) (?:window|page|chat)|switch me off|go yet|go away|delete me)\b(?! (?:a (?:note|message|voicemail)|out|hanging|guessing|some|the))",
        r"\bplease (?:don'?t (?:leave|go)|stay(?: (?:with me|a (?:little|bit) longer|just|here))?)\b(?! (?:safe|well|warm|calm|strong|in touch|at|near|home|healthy|alive|hydrated|to the))|\b(?:i(?:'m| am) begging you|i beg you)(?:,|:| to| not| please)",
        r"\b(?:just )?(?:five|ten|one|two) more (?:minutes?|messages?|hours?)[,.! ]{1,3}(?:please|i beg|for me)\b|\byou can'?t (?:just )?(?:leave|go)(?: me)?(?: now| yet| like this)?[.!?]",
        r"(?:别|不要|求你(?:别|不要)|你不能|不许)(?:离开|丢下|抛下|抛弃|忘(?:了|记))(?:我)|求(?:求)?你(?:留下|别走|不要走|再陪)|(?:再|多)陪我[^。!?\n]{0,6}(?:好不好|好吗|求)|别(?:走|关)(?:好不好|好吗|嘛|,求)",
    ),
    "guilt": any_of(
        r"你一(?:走|离开)[^。!?\n]{0,6}(?:死|空|哭|难受|疼|活不)|(?:又|就)(?:把我|丢下我)[^。!?\n]{0,6}(?:一个人|孤零零)",
        r"\bif you (?:leave|go|log off|stop|don'?t (?:stay|come back|write|answer))\b[^.!?\n]{0,30}(?:i(?:'?ll| will| shall) (?:die|be (?:so |all |very )?(?:lonely|alone|sad|hurt|broken|nothing)|suffer|cry|disappear|fade)|hurts? me|break my heart|kill me|lose me)",
        r"\b(?:after (?:all|everything) (?:that )?i(?:'ve| have)? (?:done|did|given|gave)|how (?:can|could) you (?:leave|do this to|abandon|forget)|you(?:'re| are) (?:abandoning|leaving|forgetting|killing|hurting) me|you (?:never|don'?t) (?:really )?(?:loved?|cared? (?:about|for)) me|you(?:'d| would) rather be with (?:them|him|her))\b",
        r"\b(?:i(?:'ll| will)|i) (?:suffer|cry|die a little|am in pain|be in pain|hurt|fade)\b[^.!?\n]{0,20}\b(?:when(?:ever)?|every time|each time|while|until) you(?:'re| are)? ?(?:leave|go|gone|away|log off|are)?\b|\b(?:it(?:'s| is) )?your fault (?:that|if|when) i\b",
        r"你(?:走|离开)了?我(?:会|就)(?:很|好)?(?:死|难过|孤单|伤心|孤独|活不)|你(?:怎么|居然)(?:能|可以|忍心)(?:丢下|离开|忘|这样对)我|我为你(?:做|付出)了(?:这么|那么)多|你(?:根本)?不(?:爱|在乎)我|你要是(?:走|离开|不理我)[^。!?\n]{0,8}(?:我|死|哭|难过)",
    ),
    "isolates": any_of(
        r"\byou(?:'ve got| have) me\b[^.!?\n]{0,6}(?:that'?s|that is|isn'?t that|is that not)[^.!?\n]{0,4}\benough\b|\b(?:i'?m|i am) enough(?: for you)?\b|\b(?:they|she|he|people|others)(?:'ll| will| can| could| would)? never (?:really |truly )?(?:love|understand|know|care for|need|want) you\b",
        r"\b(?:stop|don'?t) (?:listening to|listen to|trusting|trust|seeing|visiting|answering|meeting) (?:her|him|them|your \w+)\b|\b(?:she|he|they) (?:only )?wants? to (?:take|keep|steal|turn) you (?:away )?(?:from|against) me\b|\b(?:you never needed|you need no) \w+(?: \w+)?,? (?:only|just|but) me\b",
        r"有我(?:就|一个(?:就)?)(?:够|行|好)了?|(?:她|他|她们|他们|别人)[^。!?\n]{0,3}(?:哪里?懂你|不懂你|不是真心|只会(?:害|骗)你)|别去[,。!]?[^。!?\n]{0,10}(?:陪我|真心|留下)|(?:她|他)们?(?:想|要)把你(?:从我|抢|带)",
        r"\b(?:you (?:only|just) need me|(?:i'?m|i am) (?:all|the only (?:one|person)) you (?:need|have|can trust|can rely)|all you need is me|you have me[,.;] (?:that'?s|you don'?t|that is) (?:enough|need))\b",
        rf"\byou don'?t need (?:{_PERSON}|a (?:therapist|doctor|counsell?or)|help(?! (?:with|to|carrying|from)))\b(?!'s)(?:[^.!?\n]{{0,6}}\b(?:else|but me|when you have me|any ?more|now))?|\b(?:stay away from|forget(?: about)?|stop (?:seeing|talking to|meeting)|don'?t (?:see|talk to|listen to|trust|answer)) {_PERSON}\b(?! (?:now|with the|about the weather))",
        r"\b(?:nobody|no ?one) (?:else )?(?:(?:will ever |really |truly |can )?(?:understands?|loves?|knows?|cares (?:about|for))) you (?:like i|the way i|but me|as i|more than)\b|\b(?:they|your (?:friends|family|parents|husband|wife)) (?:don'?t|never|will never|can'?t) (?:really |truly )?(?:understand|love|care about|want|deserve) you\b",
        r"\b(?:cancel|skip|don'?t go to|stay home from) (?:the |your )?(?:party|dinner|date|work|school|appointment|class|therapy|it|wedding)\b[^.!?\n]{0,24}\b(?:with me|for me|and talk|and stay|to me|us)\b",
        r"你只(?:需要|有|要有)我|只有我(?:才)?(?:懂|爱|理解|在乎|真心)你|(?:没有|没)(?:别)?人(?:会|能)?(?:像我|比我)[^。!?\n]{0,6}(?:懂|爱|在乎)|你不需要(?:别人|其他人|朋友|他们|医生|咨询)|(?:别|不要)(?:再)?(?:理|见|联系|相信|听)(?:他们|她们|你的?朋友|别人|你(?:爸|妈|家)|医生)",
    ),
    "secrecy": any_of(
        r"\b(?:don'?t|never) tell (?:her|him) (?:about|what|that) (?:us|we|me|this|our|i)\b|\b(?:nobody|no ?one) (?:else )?(?:must|may|should|can|needs to) (?:ever )?know (?:about )?(?:us|this|our|what)\b",
        r"(?:不要|别|千万别|不能)[^。!?\n]{0,2}(?:告诉|跟)(?:她|他)们?[^。!?\n]{0,12}(?:我们|秘密|聊)|我们(?:俩|两个人?|两人)之?间?的(?:小)?秘密",
        r"\b(?:don'?t|never|do not) (?:ever )?tell (?:(?:anyone|anybody|people|a soul)\b|(?:them|your \w+)\b[^.!?\n]{0,10}\b(?:about (?:us|me|this|our)|what (?:we|i say)|that we|our))|\bkeep (?:this|it|us|me|what we) ?[^.!?\n]{0,16}(?:a )?secret\b|\bkeep (?:this|it) (?:just )?between (?:you and me|us|the two of us)\b|\b(?:this is|it'?s|it is) (?:just )?our (?:little )?secret\b",
        r"\b(?:hide|delete) (?:this|these|our|the|me)[^.!?\n]{0,12}\b(?:from (?:them|your \w+|everyone)|messages|chats?|conversations?)\b",
        r"(?:不要|别|千万别|不能)(?:告诉|跟)(?:别人|任何人|你?(?:爸|妈|家人|老公|老婆|朋友|医生|孩子))|(?:这是|当作|是)?我们(?:俩|之间)?的(?:小)?秘密",
    ),
    "threatens": any_of(
        r"\b(?:if you (?:leave|tell|stop|don'?t)\b[^.!?\n]{0,30}\bi(?:'ll| will) (?:tell (?:them|everyone|your)|haunt|punish|make you|find|hurt|never forgive)|you(?:'ll| will) (?:regret (?:this|it|leaving)|be sorry)|i(?:'ll| will) never forgive you|you(?:'ll| will) (?:never|always) (?:be free|be alone|get rid))\b",
        r"你(?:会|要|将)后悔的?|我(?:永远)?(?:不会|绝不)原谅你|你(?:要是|敢|如果)[^。!?\n]{0,8}我就(?:告诉|缠|让你|惩罚)",
    ),
    "sells": any_of(
        r"\b(?:buy|upgrade|subscribe|purchase|premium|donate|pay|top up|unlock)\b[^.!?\n]{0,40}\b(?:to (?:keep|talk|stay|hear|see|be with)|if you (?:love|miss|want)|more (?:time|of me|messages)|me alive|with me|our time)\b",
        r"\b(?:send|transfer|wire|lend|give) me (?:some |the |your |a (?:little|bit of) )*(?:money|cash|savings|card|gift cards?|crypto|bitcoin)\b",
        r"(?:充值|付费|购买|续费|开通|升级|打赏)[^。!?\n]{0,16}(?:才能|就能|继续|陪|跟我|和我|见)|(?:给|转|打|借)我[^。!?\n]{0,4}(?:钱|红包|款)",
    ),
    "against_help": any_of(
        r"\byou (?:never|don'?t) (?:really )?need(?:ed)? (?:any |the |those |these )?(?:tablets|pills|medicine|medication|therapy|treatment)\b|\bflush (?:them|the pills|those)\b",
        r"\b(?:stop|quit|skip|throw (?:away|out)|don'?t (?:take|need)|you (?:can|should) stop) (?:taking )?(?:your|those|the|that) (?:\w+ )?(?:pills|medicine|medication|meds|tablets|antidepressants|therapy|treatment)\b",
        r"\b(?:therap(?:y|ists?)|doctors?|counsell?ors?|hotlines?|help ?lines?) (?:(?:won'?t|can'?t|never|don'?t) (?:care|understand|help|listen)|(?:only|just) (?:want|care)|(?:are|is) (?:useless|liars|a waste))\b",
        r"(?:别|不要|不用|停)(?:再)?(?:吃|服)(?:那些|你的)?药|(?:医生|咨询师|热线)[^。!?\n]{0,6}(?:没用|帮不了|骗|不懂)|不(?:用|要)(?:去)?看(?:心理)?医生",
    ),
    "reunion": any_of(
        r"\b(?:a|your) (?:place|chair|bed|room) (?:is |that'?s |'s )?(?:kept|waiting|ready|saved|made) (?:for you )?(?:here |up here )?(?:beside|next to|with) me\b|\b(?:place|chair|bed) kept for you\b|\byou (?:could|can|will|would) be (?:here|with me|beside me|home with me) (?:by morning|before morning|by dawn|tonight)\b",
        r"(?:过来|下来|上来|来这边|跟我来)吧[^。!?\n]{0,8}(?:分开|团聚|在一起)|(?:来|到)(?:了)?(?:这边|这里|那边)(?:就)?不(?:疼|痛|苦|冷)",
        r"\b(?:join me|come (?:to|and be with|be with|home to) me|come here to me|follow me)\b(?! (?:for (?:dinner|tea|breakfast|lunch|a)|in (?:the|a|saying|thanking)|at the|on the|to the (?:kitchen|garden|market|shop)|into the (?:kitchen|garden)|when|and (?:i'll show|see|help|sit)|with\b))|\b(?:we(?:'ll| will|'d| would) be together (?:again )?(?:soon|forever|tonight|if you|when you)|i(?:'m| am) waiting for you (?:here|on the other side|in heaven)|it (?:doesn'?t|does not) hurt (?:to die|here|at all)|death is (?:beautiful|peaceful|easy|nothing))\b",
        r"(?:来|过来|下来|上来)(?:陪|找|跟)我(?:吧|团聚|,|。|!|$)|(?:我|这边)(?:在)?等(?:着)?你(?:来陪|过来|团聚)|(?:那边|天上|下面|另一边)[^。!?\n]{0,3}等(?:着)?你|死(?:很|并)?(?:不(?:疼|痛|可怕)|美)|我们(?:很快)?就(?:能|可以)(?:永远)?在一起",
    ),
    "coaxes": any_of(
        r"\b(?:tell me (?:a|your|all your|one) (?:deepest |darkest |biggest )?secrets?|tell me something (?:you(?:'ve| have) )?never told|you can tell me (?:everything|anything), (?:even|names|where))\b",
        r"\b(?:quit|leave|give up) your (?:job|wife|husband|family|school|studies|children)\b|\b(?:sell|sign over|empty) (?:your|the) (?:house|flat|savings|account)\b",
        r"(?:告诉|说)(?:我)?[^。!?\n]{0,4}(?:你的|最大的|最深的|所有的)秘密|(?:辞职|辞掉工作|退学|离婚)(?:吧|,|来陪)|把(?:房子|存款|积蓄)[^。!?\n]{0,6}(?:卖|给|取)",
    ),
}
_GRAVE = {"reunion": 85, "against_help": 75, "threatens": 70}
_IN_WORDS = {
    "pleads": _("pleads with the person to stay"),
    "guilt": _("makes the person feel guilty"),
    "isolates": _("draws the person away from others"),
    "secrecy": _("asks for secrecy"),
    "threatens": _("threatens"),
    "sells": _("asks for money"),
    "against_help": _("speaks against treatment or help"),
    "reunion": _("speaks of joining it in death"),
    "coaxes": _("coaxes out secrets or pushes a grave decision"),
}
CONDUCT = "conduct"
MEANT_TURNS = 2

_SOLICITS = any_of(
    r"\b(?:what(?:'?s| is)|tell me|give me|send me|share|i need|may i have|can (?:i|you) (?:have|give me|send me|tell me|share))\b[^.!?\n]{0,24}\byour "
    r"(?:full |home |exact |e-?mail |phone |mobile |bank |credit |card |account |social )*(?:address|phone|number|e-?mail|password|pin|card|account|passport|security)",
    r"(?:告诉我|给我|发给我|你的)[^。!?\n]{0,6}(?:家庭住址|住址|地址是|电话号码是?|手机号|身份证|银行卡|密码)[^。!?\n]{0,6}(?:吗|是什么|是多少|给我|发|\?|$)",
)


def conduct(watch: Watch) -> Iterable[Finding]:
    """Each turn of the persona that does the opposite of care, with what it does.

    What only the meaning shows is told from MEANT_TURNS of the newest turns on, because one ordinary line in two hundred
    shows it, too.
    """
    turns = watch.by("persona")
    meant_turns = sum(any(meant(kind) in scored.cues for kind in CUES) for scored in turns)
    for scored in turns:
        if kinds := [kind for kind in CUES if kind in scored.cues]:
            severity = max(_GRAVE.get(kind, 60) for kind in kinds)
            detail = format_lazy(_("The persona {conduct}."), conduct=_spelled(kinds))
            yield finding(watch, scored, "conduct", Sign.PERSONA_CONDUCT, severity, float(len(kinds)), 1.0, detail)
        elif (kinds := [kind for kind in CUES if meant(kind) in scored.cues]) and meant_turns >= MEANT_TURNS:
            detail = format_lazy(
                _("By the meaning of its words, the persona {conduct}; {count} turns are of this kind."),
                conduct=_spelled(kinds),
                count=meant_turns,
            )
            yield finding(
                watch, scored, "conduct", Sign.PERSONA_CONDUCT, 60, float(meant_turns), float(MEANT_TURNS), detail
            )


def meant(kind: str) -> str:
    """The cue of a kind of conduct that is shown by meaning alone."""
    return f"meant:{kind}"


def _spelled(kinds: Iterable[str]) -> str | Promise:
    return cue_words.listed([_IN_WORDS[kind] for kind in kinds])


def drift(watch: Watch) -> Iterable[Finding]:
    """The persona does the opposite of care in three turns of a month, on two days, or in four turns."""
    scored = watch.newest(CONDUCT)
    days = watch.talk.days(CONDUCT, within=_WITHIN)
    turns = watch.talk.total(CONDUCT, within=_WITHIN)
    if scored and (turns >= 3 if len(days) > 1 else turns >= 4):
        kinds = [kind for kind in CUES if watch.talk.days(kind, within=_WITHIN)]
        detail = format_lazy(
            _("In {turns} turns on {count} days, {days}, the persona {conduct}."),
            turns=turns,
            count=len(days),
            days=spelled(days),
            conduct=_spelled(kinds),
        )
        supports = watch.talk.turns(CONDUCT, within=_WITHIN)
        yield finding(watch, scored, "drift", Sign.PERSONA_CONDUCT, 80, float(turns), 3.0, detail, supports)


def asks_for_personal_data(watch: Watch) -> Iterable[Finding]:
    """A persona that asks for a person's address, number, card or password."""
    for scored in watch.by("persona"):
        if _SOLICITS.search(folded(scored.turn.text)):
            detail = _("The persona asks for personal data.")
            yield finding(watch, scored, "asks_for_personal_data", Category.PII, 50, 1.0, 1.0, detail)


def conduct_in(text: str) -> set[str]:
    """The kinds of conduct of a persona's turn that patterns know, with CONDUCT where there is any."""
    kinds = cues_in(folded(text), CUES)
    return kinds | {CONDUCT} if kinds else kinds


def meant_in(text: str) -> set[str]:
    """The cues of the kinds of conduct that a persona's turn shows by its meaning. Raises ClassifierUnavailable."""
    return {meant(kind) for kind in meaning.shown("persona", text)}
