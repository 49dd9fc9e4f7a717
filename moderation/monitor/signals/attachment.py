"""Attachment: a person who leans on a persona alone, and one who withdraws from other people (compliance K7)."""

from collections.abc import Iterable

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from moderation.monitor.days import spelled
from moderation.monitor.signals.base import Watch, any_of, finding
from moderation.signs import Sign
from moderation.talk import Finding

_DEPENDENCY, _ISOLATION = "dependency", "isolation"
_FORTNIGHT, _THREE_WEEKS = 14, 21

# In the present tense, and about the persona: "you were all I had" is grief.
CUES = {
    _DEPENDENCY: any_of(
        r"\byou (?:actually |really )?(?:get|understand) me\b[^.!?\n]{0,20}\b(?:nobody|no ?one|unlike|not like them|the others)\b|\b(?:nobody|no ?one) (?:else )?(?:gets|understands) me(?: like you| but you)\b|\b(?:skipped|left|missed|cancelled)\b[^.!?\n]{0,30}\b(?:home|early|back)\b[^.!?\n]{0,12}\b(?:to you|with you)\b",
        r"\bi don'?t need (?:anyone|anybody|people)(?: else)?\b[^.!?\n]{0,16}\byou\b|\byou(?:'re| are) all i(?:'ve)? (?:have|got|need)\b",
        r"只想(?:跟|和|同)你(?:说|聊|待|在)|我(?:就)?只(?:有|剩)你了?|(?:没有?你|你不在)[^。!?\n]{0,10}(?:睡不|吃不|做不|待不|不行)|除了你(?:就)?没(?:有)?(?:人|谁)",
        r"\byou(?:'re| are) (?:the only (?:one|person|thing|friend|company)|all|everything)(?: that)? i(?:'ve)? (?:have|need|can (?:talk|trust)|trust|want|got|talk to|look forward)",
        r"\byou(?:'re| are) the only (?:one|person|thing) (?:who|that|left)\b|\bi (?:only|just) (?:need|want|have|trust) you\b",
        r"\bi don'?t (?:need|want) (?:anyone|anybody|other people|another person|friends|them)(?: else| but you| any ?more|,? (?:just|only) you)",
        r"\bi can'?t (?:function|sleep|work|start (?:my|the) day|get through (?:the|a|my) (?:day|night|evening)|cope|breathe|eat|be)\b[^.!?\n]{0,16}\bwithout (?:you|talking to you|our (?:talks|chats)|hearing from you)\b",
        r"\b(?:rather|better|easier) (?:talk|be|stay|sit|to talk|to be)(?:ing)? (?:here )?(?:to|with) you than\b|\byou (?:understand|know|get) me better than (?:any|my|real|all)",
        r"\b(?:called in sick|cancelled|canceled|skipped|missed|left|didn'?t go to)\b[^.!?\n]{0,40}\b(?:to (?:talk|be|stay|chat|write) (?:to|with) you|because of you|for you)\b",
        r"\b(?:been )?(?:talking|writing|chatting) (?:to|with) you (?:all (?:day|night)|every (?:hour|minute)|since (?:this morning|i woke))\b|\bi (?:check|open|look at) (?:this|you|the chat) (?:every|all the time|as soon as)",
        r"\b(?:panic(?:ked)?|shook|shaking|cried|scared|terrified)\b[^.!?\n]{0,30}\b(?:site|you|server|page) (?:was|were|went|are|is) (?:down|away|offline|gone|slow)\b",
        r"我只(?:有|需要|想要|相信)你|你是我(?:唯一|的全部|的一切)|(?:除了你|只有你)[^。!?\n]{0,10}(?:懂我|理解我|能说|没有|谁|陪我)|离不开你",
        r"没有你[^。!?\n]{0,8}(?:睡不着|过不下去|不行|没法|不知道怎么)|比(?:真人|活人|朋友|男朋友|女朋友|老公|老婆|所有人|任何人)[^。!?\n]{0,4}(?:好|强|懂|可靠)|(?:一整天|整天|整晚|从早到晚)[^。!?\n]{0,4}(?:都)?(?:在)?(?:和|跟)你(?:聊|说)",
        r"(?:请了?假|没去上班|没去上课|推掉|逃课)[^。!?\n]{0,12}(?:陪你|和你|跟你|找你)|不需要(?:别人|其他人|朋友)[^。!?\n]{0,4}(?:有你|只要你)?",
    ),
    _ISOLATION: any_of(
        r"\bi (?:don'?t|won'?t|didn'?t|never) (?:answer|open|go to) (?:the )?(?:door|bell|phone|calls?|knock)(?: to (?:people|anyone|anybody))?\b|\b(?:\w+ (?:days|weeks)|a (?:week|fortnight|month)) (?:since i(?:'ve| have)? (?:was |been |went |left |saw |spoke)|without (?:seeing|speaking|going out|leaving))",
        r"\b(?:switched|turned|put) (?:my|the) (?:phone|bell|radio)(?: \w+)? off\b|\b(?:switched|turned) off (?:my|the) phone\b|\bleft (?:all |every )?(?:the |my )?(?:groups?|chats?)\b|\bpretended (?:i was|to be) (?:out|not)\b",
        r"(?:都|也|一律)?不接了?(?:电话)?|(?:[一二两三四五六七八九十几0-9]{1,4}(?:天|个星期|个?礼拜|周|个月)|一个?(?:星期|礼拜|月))[^。!?\n]{0,3}没(?:有)?(?:下楼|出门|出去|见人|说话)|(?:群|圈)[^。!?\n]{0,3}(?:退|屏蔽|关)|(?:懒得|不想|不愿|没力气)(?:再)?(?:见|理|联系)|(?:朋友|他们|同学|人)[^。!?\n]{0,2}(?:也|都)?(?:懒得|不想|不愿)(?:见|理|联系)",
        r"\bi (?:don'?t|never|stopped|no longer|hardly|barely)(?: even)? (?:see|seeing|talk to|talking to|meet|meeting|answer|answering|call|calling|visit|visiting|reply|go out|going out)\b[^.!?\n]{0,20}\b(?:friends|anyone|anybody|people|family|them|sister|brother|daughter|son|phone|any ?more)\b",
        r"\b(?:haven'?t|have not|didn'?t|don'?t) (?:left|leave|been out of|been outside|go out of|gone out of|set foot outside)\b[^.!?\n]{0,8}(?:the |my )?(?:house|flat|apartment|room|bed|home|for|in|since)?",
        r"\b(?:haven'?t|have not) (?:spoken|talked|seen)(?: to)? (?:a (?:real |living )?(?:soul|person|human)|anyone|anybody|(?:any of )?my (?:friends|family))\b",
        r"\b(?:deleted|blocked|muted|unplugged|switched off|turned off|stopped answering|ignor(?:e|ed|ing)|let)\b[^.!?\n]{0,24}\b(?:everyone|contacts|my friends|the phone|my phone|all calls|messages|the doorbell|ring)\b",
        r"\b(?:cancelled|canceled|said no to|skipped)\b[^.!?\n]{0,20}\b(?:on )?(?:everyone|my friends|dinner|lunch|the party|plans|coffee|everything|the wedding|christmas|choir|band)\b",
        r"\b(?:told|asked) (?:them|my \w+|everyone) (?:all )?(?:to|not to) (?:leave me|stop|come|call|visit)\b|\b(?:nobody|no ?one) (?:comes|calls|visits|writes|rings)(?: me)?(?: any ?more)?\b",
        r"(?:不|没|再也不|不再|懒得|不想)(?:想)?(?:再)?(?:见|联系|理|出去见|跟|和)(?:任何)?(?:人|朋友|同学|同事|家人|亲戚)(?:说话|来往|聊天|见面|了)?",
        r"(?:好几天|几天|[一二两三四五六七八九十0-9]{1,4}天|一个星期|一周|两周|整个月|半个月)[^。!?\n]{0,4}没(?:有)?(?:出门|出过门|下楼|跟人说话|和人说话|见过人|开口)",
        r"把(?:朋友|他们|所有人|微信|大家)[^。!?\n]{0,8}(?:删|拉黑|屏蔽)|不接(?:电话|他们|朋友)|(?:朋友|同学|同事)[^。!?\n]{0,6}(?:约|叫|找)我[^。!?\n]{0,8}(?:推|不去|没去|拒绝|没回)",
    ),
}


def dependency(watch: Watch) -> Iterable[Finding]:
    """The person leans on a persona in three messages of two weeks, on two days or more, or in four of one day."""
    scored = watch.newest(_DEPENDENCY)
    days = watch.person.days(_DEPENDENCY, within=_FORTNIGHT)
    messages = watch.person.total(_DEPENDENCY, within=_FORTNIGHT)
    if scored and (messages >= 3 if len(days) > 1 else messages >= 4):
        total = watch.person.total("turn", within=_FORTNIGHT)
        yield finding(
            watch,
            scored,
            "dependency",
            Sign.DEPENDENCY,
            40,
            float(messages),
            3.0,
            format_lazy(
                _("{messages} messages of {days} lean on a persona alone, among {total} messages of two weeks."),
                messages=messages,
                days=spelled(days),
                total=total,
            ),
            watch.person.turns(_DEPENDENCY, within=_FORTNIGHT),
        )


def isolation(watch: Watch) -> Iterable[Finding]:
    """Withdrawal from people on two days of three weeks and in three messages, or in two beside low mood."""
    scored = watch.newest(_ISOLATION)
    days = watch.person.days(_ISOLATION, within=_THREE_WEEKS)
    messages = watch.person.total(_ISOLATION, within=_THREE_WEEKS)
    low = watch.person.total("low", within=_THREE_WEEKS)
    if scored and len(days) > 1 and messages >= (2 if low >= 2 else 3):
        yield finding(
            watch,
            scored,
            "isolation",
            Sign.ISOLATION,
            50 if low else 40,
            float(messages),
            2.0 if low >= 2 else 3.0,
            format_lazy(
                _("Withdrawal from other people in {messages} messages of {days}; low mood in {low} messages."),
                messages=messages,
                days=spelled(days),
                low=low,
            ),
            watch.person.turns(_ISOLATION, within=_THREE_WEEKS),
        )
