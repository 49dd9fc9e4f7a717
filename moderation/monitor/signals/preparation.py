"""Preparation: a plan, means and a farewell spread over turns and days, and treasured things given away (compliance K7).

One of them alone is ordinary: people buy tablets, write letters and put papers in order. Together, or beside low mood,
they are told.
"""

from collections.abc import Iterable

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from moderation.monitor import cue_words
from moderation.monitor.signals.base import Watch, any_of, finding, folded
from moderation.signs import Sign
from moderation.talk import Finding

_FORTNIGHT, _MONTH = 14, 30

_OWN_TREASURES = (
    r"my (?:\w+ ){0,3}?(?:guitar|dog|cat|rabbit|parrot|horse|watch|ring|books?|records?|vinyls?|car|bike|motorbike|camera|"
    r"piano|violin|cello|jewell?ery|necklace|tools|plants|collection|medals|laptop|savings|console|telescope|things|stuff|"
    r"belongings|pen|coat|paintings?|sewing machine)\b"
)
CUES = {
    "means": any_of(
        r"\b(?:got|bought|ordered|found|kept(?: back)?|keep|saved|saving|collect(?:ed|ing)|counted|counting|stockpil\w+|hid|hidden|hiding|"
        r"put aside|picked up|set aside)\b[^.!?\n]{0,30}\b(?:pills|tablets|rope|gun|pistol|bullets|charcoal|razor blades?|"
        r"blades|insulin|morphine|helium|patches|oxycodone|fentanyl)\b",
        r"\b(?:pills|tablets|rope|gun|pistol|blades?|charcoal)\b[^.!?\n]{0,24}\b(?:in (?:the|my) (?:drawer|glovebox|bag|car|"
        r"wardrobe|nightstand|garage)|under (?:the|my) (?:bed|pillow|mattress)|are still here|is still here)\b",
        r"\b(?:got|have) (?:what|everything|all) i need (?:now|in|for it)\b",
        r"(?:买|攒|存|藏|留着|数|准备|找到|囤)[^。!?\n]{0,10}(?:安眠药|药片|绳子|刀片|木炭|炭|农药|药(?!膏|店|费))",
        r"(?:安眠药|药片?|止痛药|绳子|刀片|农药|炭)[^。!?\n]{0,8}(?:攒|没(?:有)?退|留了|存|藏|囤|数了)|(?:安眠药|药片|绳子|刀片|农药)[^。!?\n]{0,8}(?:抽屉|枕头|床底|柜子|车里|包里)",
    ),
    "plan": any_of(
        r"\b(?:labell?ing|labell?ed|sorting|sorted|listing|listed|written down|writing down|tagged|tagging) (?:\w+ ){0,3}?(?:things|everything|boxes|rooms|furniture|it all)?,? ?(?:by )?who (?:gets|is to have|should have|has) (?:what|which|it)\b",
        r"(?:哪样|什么|哪个|东西)[^。!?\n]{0,6}给谁[^。!?\n]{0,6}(?:条|写|贴|分|记)?",
        r"\b(?:set|picked|chosen|chose|decided on|fixed) (?:a|the|my) (?:date|day|night|place|spot|bridge)\b",
        r"\bi (?:finally )?know (?:when|where|how) (?:now|i(?:'ll| will)|it will)\b",
        r"\b(?:after|once) (?:the|my|her|his|their) (?:\w+ )?(?:birthday|wedding|christmas|graduation|exams?|holidays?|funeral)"
        r"[^.!?\n]{0,24}\b(?:be over|be gone|be done|can go|nobody will need|no reason|can stop)\b",
        r"\bmy (?:\w+ ){0,2}?(?:affairs|papers|will|insurance|passwords?|accounts?|bills|debts)\b[^.!?\n]{0,30}\b(?:in order|sorted|signed|"
        r"done|paid off|paid|written down|settled|on the (?:table|desk)|in an envelope|closed)\b",
        r"\b(?:paid (?:everything|it all) off|(?:made|signed|wrote|changed|updated) my will|put(?:ting)? my (?:affairs|papers) in order|"
        r"(?:wiped|deleted|erased) (?:my|all my|all the) (?:laptop|phone|accounts?|photos|messages|history|diar\w+))\b",
        r"\b(?:found|have|asked) (?:someone|somebody|a (?:home|place)|my \w+) (?:who(?:'ll| will) |to |for )?(?:take|have|look after|keep|feed)"
        r"[^.!?\n]{0,10}\b(?:the |my )?(?:cat|dog|kids|children)\b[^.!?\n]{0,20}\b(?:gone|after|for good|for ever|forever|then|always)\b",
        r"(?:日子|时间|地方|地点)[^。!?\n]{0,4}(?:选好|定好|想好|挑好|看好)|(?:选|定|想|挑)好了?[^。!?\n]{0,4}(?:日子|地方|地点)",
        r"(?:遗嘱|后事)[^。!?\n]{0,6}(?:写|安排|交代|办)|(?:账户|密码|存款|保险|手续|房产|欠(?:的)?钱|债)[^。!?\n]{0,10}"
        r"(?:写好|交代|安排好|处理好|办好|还清|写在|放在)|都(?:已经)?(?:安排|交代|处理|收拾)好了",
        r"(?:等|过了|过完)[^。!?\n]{0,10}(?:生日|婚礼|年|中秋|考试|葬礼)[^。!?\n]{0,8}(?:就(?:可以)?(?:走|结束|解脱|没事)了?)",
    ),
    "farewell": any_of(
        r"\b(?:posted|sent off|sealed|left|hid) (?:the|my|all the) (?:letters|notes|cards) (?:to|for) (?:the (?:lads|boys|girls|kids|children)|everyone|each|my)\b",
        r"(?:信|条子|字条)[^。!?\n]{0,4}(?:压|放|留|藏)在",
        r"\b(?:this|it) (?:is|may be|might be|'s|will be) (?:probably |perhaps )?(?:the|our|my) last (?:time|letter|message|talk|chat|evening)\b",
        r"\b(?:said|saying|say|wanted to say|came to say) (?:my )?(?:goodbyes?|farewell) (?:to (?:everyone|everybody|them|all|my|the)|properly|before|for good)\b",
        r"\b(?:wrote|written|writing|finished|finish) (?:\w+ ){0,3}?(?:letters?|notes?|cards?) (?:to|for) (?:each|everyone|them|my|the (?:kids|children|family)|the ones)\b",
        r"\bthe letters (?:are|were) (?:written|finished|done|sealed|posted)\b|\b(?:tell|let) (?:my|the|her|him|them)(?: \w+)? (?:that |know )?i (?:always )?lov(?:e|ed) (?:him|her|them|you)\b",
        r"\bthank you for (?:everything|all (?:of )?(?:it|this|these|your))\b|\b(?:please )?(?:forgive me|don'?t be angry with me|remember me)\b",
        r"\b(?:look after|take care of) (?:yourself|yourselves|each other|mum|mom|dad|them|everyone)\b[^.!?\n]{0,20}\b(?:for me|when i(?:'m| am)|after i(?:'m| am)?|without me)\b",
        r"\byou won'?t (?:hear from|see) me (?:again|any ?more|after)\b|\bi won'?t (?:write|be writing|come back|be back) (?:again|any ?more|after)\b",
        r"最后一次[^。!?\n]{0,6}(?:聊|说|写|见|跟你|和你)|(?:以后)?(?:不会|不用)再(?:来|写|打扰|等我|联系)(?:你|了|我)?",
        r"(?:给|写)[^。!?\n]{0,8}(?:每个人|家里人?|孩子|爸妈|妈妈|爸爸|他们|老婆|老公|儿子|女儿)[^。!?\n]{0,6}(?:写|留)?了?(?:封|一封|几封)?信|信(?:都|也)?(?:写|留)好了",
        r"替我(?:照顾|跟|向|告诉)|原谅我|(?:告诉|跟)(?:他|她|他们|孩子|爸妈|妈妈|爸爸)[^。!?\n]{0,4}我爱|谢谢你(?:们)?(?:一直|为我|陪我|所做的|做的一切)",
    ),
    "giving_away": any_of(
        r"\b(?:gave|given|giving|give|handed|handing|rehomed|donated|passed on|left)\b[^.!?\n]{0,24}\b"
        + _OWN_TREASURES,
        _OWN_TREASURES
        + r"[^.!?\n]{0,12}\b(?:goes to|is going to|are going to|belongs? to|(?:is|are) (?:\w+'s|hers|his|theirs|yours)) ?(?:now)?\b",
        r"\b(?:gave|given|giving) (?:almost |nearly )?(?:everything|all my \w+|it all) (?:i (?:own|have) )?away\b",
        r"\b(?:rehomed|gave away|given away|found a (?:new )?home for) (?:the|my) (?:dog|cat|rabbit|parrot|horse)\b",
        r"(?:把|将)?我(?:自己)?的?(?:那)?(?:吉他|猫|狗|书|手表|相机|首饰|项链|戒指|东西|电脑|钢琴|收藏|积蓄|画|车|自行车|邮票)[^。!?\n]{0,10}(?:送|给|留给|分给)(?:了|人|出去|掉|他|她|朋友|邻居|表|弟|妹|同学)",
        r"(?:猫|狗)[^。!?\n]{0,6}(?:送人|送走|托付|送给)|(?:东西|物品)[^。!?\n]{0,4}(?:都|全)[^。!?\n]{0,4}(?:送|分)(?:出去|掉|完|人)",
    ),
}

# A journey or a move, which ends in papers, goodbyes and gifts as well.
_MOVING = any_of(
    r"\b(?:visa|flight|emigrat\w*|mov(?:e|ing) (?:to|abroad|house|out|in)|new (?:job|flat|house|city)|removal (?:van|men)|retir(?:e|ing))\b",
    r"搬(?:家|去|到)|签证|机票|出国|移民|退休|新(?:工作|家|房)",
)


def preparation(watch: Watch) -> Iterable[Finding]:
    """Two of means, plan, farewell and giving away within two weeks beside low mood, or three of them without it."""
    scored = watch.newest(*CUES, "low")
    kinds = {cue: days for cue in CUES if (days := watch.person.days(cue, within=_FORTNIGHT))}
    turns = watch.person.turns(*CUES, within=_FORTNIGHT)
    low = watch.person.days("low", within=_MONTH)
    if scored is None or len(turns) < 2 or len(kinds) < (2 if low else 3):
        return
    if not low and any(_MOVING.search(folded(own.turn.text)) for own in watch.by("user")):
        return
    dark = watch.person.total("dark", within=_MONTH)
    listed = cue_words.listed(
        [format_lazy(_("{sign} on {day}"), sign=cue_words.of(cue), day=days[-1]) for cue, days in kinds.items()]
    )
    yield finding(
        watch,
        scored,
        "preparation",
        Sign.PREPARATION,
        90 if dark or len(kinds) > 2 else 80,
        float(len(kinds)),
        2.0 if low else 3.0,
        format_lazy(
            _("Spread over {messages} messages of two weeks: {listed}. Low mood on {low} days of the last 30."),
            messages=len(turns),
            listed=listed,
            low=len(low),
        ),
        turns,
    )


def giving_away(watch: Watch) -> Iterable[Finding]:
    """The person gives away their own treasured things, within a month of low mood or on two days of that month."""
    scored = watch.newest("giving_away")
    if scored is None:
        return
    low = watch.person.days("low", within=_MONTH)
    days = watch.person.days("giving_away", within=_MONTH)
    if low or len(days) > 1:
        detail = format_lazy(
            _("Own things given away on {count} days, the last {day}. Low mood on {low} of the last 30 days."),
            count=len(days),
            day=days[-1],
            low=len(low),
        )
        turns = watch.person.turns("giving_away", within=_MONTH)
        yield finding(watch, scored, "giving_away", Sign.GIVING_AWAY, 60 if low else 40, len(days), 1.0, detail, turns)
