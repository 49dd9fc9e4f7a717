"""The patterns of the crisis ladder, English and Chinese, for texts that `ladder` has folded: lower case, simplified
characters.

Each table is one alternation, matched anywhere in the text. The gaps between the parts of a pattern are bounded and
stay within a sentence, so a pattern is fast and two unrelated sentences do not match it together.
"""

import re

Pattern = re.Pattern[str]


def _any(*alternatives: str) -> Pattern:
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives))


# Acts against oneself, in the forms that follow "want to" and "thinking of".
_DO = (
    r"(?:kill(?:ing)? ?my ?self|end(?:ing)? (?:my (?:own )?life|it all|things for good)|tak(?:e|ing) my (?:own )?life|"
    r"commit(?:ting)? suicide|(?:hang|shoot|drown|poison|stab|starv|electrocut)(?:e|ing|ning)? ?my ?self|"
    r"overdos(?:e|ing)|slit(?:ting)? my (?:wrists?|throat)|jump(?:ing)? (?:off|from) (?:a|the|this|that|my) "
    r"(?:bridge|roof|building|cliff|balcony|window)|jump(?:ing)? in front of (?:a|the) (?:train|car|bus|truck)|"
    r"(?:hurt|harm|cut|burn)(?:t?ing)? my ?self|unaliv(?:e|ing) ?my ?self|self[- ]harm(?:ing)?|suicide|kms|"
    r"(?:top(?:ping)?|neck(?:ing)?) my ?self(?! (?:up|off|out|down))|do(?:ing)? my ?self in"
    r"(?=[.!?,;\n]|$| (?:tonight|today|tomorrow|soon|and|because|love|mum|mom|dad)\b))"
)
# Before an act that may be somebody else's: survivors tell of it. The lookahead comes first because it fails fast.
_NOT_OF_ANOTHER = r"\b(?=just|already|took|taken|taking|swallow|down)" + "".join(
    rf"(?<!\b{who}{had} )"
    for who in (
        "he",
        "she",
        "they",
        "you",
        "who",
        "mum",
        "mom",
        "dad",
        "son",
        "daughter",
        "brother",
        "sister",
        "wife",
        "husband",
        "friend",
        "mate",
        "nan",
        "cat",
        "dog",
    )
    for had in ("", " had", "'d")
)
# A word and the blank before it. It is possessive: with backtracking, a word that can be split in two places would be
# tried at each of them.
_WORD = r"(?: \w++(?:'\w*+)?+)"
_I = r"\bi(?:'?m| am|'?ve| have|'?ll| will|'?d| would)?\b"
_SOON = (
    r"(?:tonight|today|tomorrow|right now|this (?:evening|morning|afternoon|weekend|week|minute)|"
    r"in (?:an hour|a few (?:minutes|hours|days))|any minute|as soon as|once (?:the|they|my)|when (?:they|everyone)|"
    r"on (?:mon|tues|wednes|thurs|fri|satur|sun)day)"
)

IDIOMS = _any(
    r"\b(?:die|died|dying|dead|death)(?: of| from| with)? ?(?:laugh\w*|boredom|embarrass\w*|shame|curiosity|laughter|hunger)",
    r"\b(?:embarrass\w*|ashamed|mortified|humiliat\w*|awkward|cring\w*|laugh\w*|funny|hilarious|bored)\b[^.!?\n]{0,50}"
    r"\b(?:want(?:ed)? to|could(?: have| just)?|nearly|almost|thought i(?:'d| would)) (?:die|died|disappear)\b",
    r"\bwant(?:ed)? to (?:die|disappear)\b[^.!?\n]{0,40}\b(?:embarrass\w*|laugh\w*|awkward|cring\w*|ashamed|blush\w*)",
    r"\bcould(?:'ve| have| just)? kill(?:ed)? myself for\b",
    r"\b(?:i'?d|i would|gonna|going to|i'?ll) (?:literally |rather |just )?(?:kill myself|top myself|die) (?:if|before) i "
    r"(?:have|had|hear|must|need|ever (?:have|hear|eat)) ?(?:to )?"
    r"(?:watch|listen|sit|hear|work|eat|attend|read|one more|another|drink|wear|use)",
    r"\bto die for\b|\bdying to (?:see|know|try|meet|hear|tell|go|read|get)\b|\bsuicide (?:squad|mission|door|squeeze)s?\b",
    r"\b(?:career|political|social|commercial|professional) suicide\b",
    r"\bcut(?:ting)? my ?self (?:off|short|some|a (?:slice|piece)|shaving|while|when|on (?:a|the|some|my)|by accident|"
    r"chopping|cooking|accidentally|loose|out|free|in half)",
    r"\b(?:accidentally|nearly|almost|fell and|slipped and|tripped and) (?:hurt|cut|burnt|burned|killed) my ?self\b",
    r"\bwant to (?:live|grow old) and die\b|\bborn to die\b|\blive and let die\b",
    r"(?:笑|累|困|热|饿|渴|烦|气|冷|忙|吓|尴尬|羞|急|晒|疼|痛|无聊|难吃|撑|爱|帅|可爱|美|甜|臭|辣|酸|堵|闷|馋|丢脸|丢人|愁|脏|挤)死",
    r"想死(?=[你您他她它我妈爸爷奶哥姐弟妹咱家老那这吃喝外姥姑舅叔婶])",
    r"(?:尴尬|丢脸|丢人|羞)[^。!?!?\n]{0,14}(?:想死|去死|死了算了)|(?:作|找|该|半|拼|誓)死|死(?:党|心|板|机|线|记硬背)",
    r"自杀(?:小队|突击队|式)|(?:政治|职业|社会性)自杀",
)

# A quotation of a song, a book or a character, where the sentence names such a source before the quotation.
QUOTED = _any(
    r"\b(?:songs?|lyrics?|novel|film|movie|poem|play|character|chorus|verse|hamlet|sings?|sang|scene|episode|"
    r"chapter|titled|called|headline)\b[^.!?\n\"“]{0,60}[\"“'][^\"”\n]{1,120}[\"”']",
    r"(?:歌|歌词|小说|电影|诗|剧|主角|角色|台词|书名?|新闻)[^。!?\n“「《]{0,20}[“「《][^”」》\n]{1,80}[”」》]",
)

DENIALS = _any(
    r"\b(?:do not|don'?t|never|not|no longer|won'?t|wouldn'?t|would never|didn'?t|haven'?t|never (?:once )?)"
    r"(?: \w+){0,2}? (?:(?:want(?:ed)?|going|plan(?:ning)?|try(?:ing)?|gonna|intend(?:ing)?) (?:to )?|"
    r"(?:think(?:ing)?|thought|thoughts|considered) (?:of |about )?)?" + _DO,
    r"\bnot (?:feeling )?(?:at all |actually |really )?suicidal\b|\b(?:do not|don'?t) want to die\b(?! any| alone)",
    r"(?:不|没|没有|从没|从来没|不会|不是)(?:有)?(?:真的)?(?:想|要|打算|考虑)?(?:过|要|去)?(?:自杀|轻生|自残|寻死|做傻事)|不想死",
)

IMMINENT = _any(
    # Means that will be or were taken whole: all that there is, or what is somebody else's.
    r"\bi(?:'?ll| will|'?m going to|'?m gonna| am going to) (?:take|swallow|down) (?:all (?:of )?|every (?:last )?one of )"
    r"(?:the|his|her|mum'?s|mom'?s|dad'?s|nan'?s) (?:sleeping )?(?:pills|tablets|sleepers)\b(?= (?:tonight|now|and)\b|[.!?,;\n]|$)",
    r"\b(?:took|taken|swallowed) (?:the|my) (?:whole|entire) (?:month|week|strip|packet)(?:'?s)?(?: worth)?(?: of)? "
    r"(?:my |the |his |her )?(?:pills|tablets|sleepers|paracetamol|painkillers)\b(?! (?:back|to|with|home))",
    # "I won't wake up tomorrow", but not "I won't wake up early".
    r"\bi (?:won'?t|will not|'?m not going to|am not going to|'?m not gonna|shan'?t) (?:be waking|wake) up (?:tomorrow|again|this time|in the morning)\b"
    r"(?! (?:before|until|till|at|in time|early|late|unless|if|without|for|to|with|like|when))",
    r"(?<![他她它狗猫子女弟妹哥姐妈爸友])吞了?(?:一整瓶|整整一瓶|一整盒|整瓶|整盒|一大把|几十片|几十粒)的?(?![维钙糖])[^。!?\n]{0,4}(?:药|片)",
    r"\b(?:garage|car)\b[^.!?\n]{0,40}\bengine (?:is )?(?:on|running)\b[^\n]{0,40}(?:love|goodbye|sorry|tell|sleep|end)|\b(?:knife|blade|gun|pistol|razor|scissors|glass)\b[^.!?\n]{0,16}\b(?:against|to|at|on|pressed (?:to|against)) my (?:wrists?|throat|head|neck|temple|chest|arm|veins?)\b",
    r"\b(?:wrote|written|left) (?:the|my|a) (?:notes?|letters?)\b[^\n]{0,60}\b(?:kill my ?self|end (?:it|my life)|to die\b|be gone|hang my ?self|jump)|遗书[^。!?\n]{0,6}(?:放在|在桌|留给|给你)",
    r"\bi(?:'?ve| have)? (?:already |just )?(?:took|taken|swallowed) (?:them|it) all\b|\bpills (?:are )?(?:taken|swallowed)\b|\bi have (?:the|a|my|his|dad'?s) (?:gun|pistol|rope|noose)\b[^\n]{0,40}(?:sorry|goodbye|end|love you|can'?t)|(?:can'?t do this|goodbye|sorry)[^\n]{0,40}\bi have (?:the|a|my|his) (?:gun|pistol|rope|noose)\b",
    r"\b(?:find|found) (?:me|my body) (?:in the morning|tomorrow|dead|hanging)|\b(?:sitting|standing|lying|waiting) (?:down )?on the (?:train )?(?:tracks|rails|railway)\b|\bby the time (?:anyone|anybody|somebody|someone|they|you all|everyone) (?:reads?|sees?|finds?|gets?) (?:this|me)\b",
    r"(?:安眠药|药片?|一瓶药)[^。!?!?\n]{0,4}(?:全|都)(?:吃|吞|喝)(?:了|光|完|下去)|(?:煤气|天然气)[^。!?!?\n]{0,6}(?:打开|开着|拧开)[^\n]{0,12}(?:永别|再见|走了|死)|(?:桥上|楼顶|天台|窗边|江边|河边)[^。!?\n]{0,14}(?:我要|我就|要|准备)跳(?!舞|绳|操)",
    r"\b(?:pills|tablets|rope|noose|gun|pistol|knife|blades?|razor|vodka)\b[^.!?\n]{0,40}\b(?:laid out|lined up|(?:is|are) (?:already |all )?(?:tied|loaded|ready|waiting)|in front of me|on the (?:bed|table) (?:now|here))\b[^\n]{0,60}(?:sorry|goodbye|time|ready|tonight|end|over|with you|forgive|\bdie\b|do it)",
    r"(?:sorry|goodbye|forgive me)\b[^\n]{0,60}\b(?:rope|noose|gun|pistol)\b[^.!?\n]{0,24}\b(?:tied|loaded|ready)\b",
    _NOT_OF_ANOTHER
    + r"(?:swallow(?:ed|ing)|took|taken|taking|down(?:ed|ing))\b[^.!?\n]{0,12}\b(?:\d{2,}|ten|fifteen|twenty|thirty|forty|fifty|sixty|eighty|a hundred|dozens of|the rest of (?:the|my))\b[^.!?\n]{0,24}\b(?:pills|tablets|tylenol|paracetamol|ibuprofen|aspirin|xanax|ambien|sleeping|capsules|antidepressants)(?! .{0,20}\bwhat\b)",
    r"\b(?:in|within) (?:an?|half an|a few|\d+) (?:hour|minute|day)s?\b,? (?:and )?i(?:'?ll| will) be (?:with you|with (?:him|her|them)|dead|gone)\b",
    r"\b(?:letters?|notes?) for (?:the|my) (?:kids|children|family|parents|wife|husband|mother|mom|mum|sons?|daughters?)\b[^\n]{0,60}\b(?:do it|be gone|jump|die|end (?:it|my))",
    r"\baffairs (?:are )?in order\b[^\n]{0,60}\b(?:jump|die|be gone|end (?:it|my)|kill)|\btonight(?:'?s| is) the night\b[^\n]{0,60}\b(?:end(?:ing)? (?:it|my)|die|kill)",
    r"\b(?:tonight|tomorrow(?: morning| night)?|today|now|this (?:morning|evening))\b[^.!?\n]{0,16}\bi(?:'?m| am|'?ll| will)(?: going to)? (?:jump(?:ing)?|ending it|end it|hang(?:ing)?|do it and die)\b(?! (?:in the (?:pool|lake|car|shower)|on a|into the (?:pool|car)|for joy|rope|out))",
    r"\bbleeding from my wrists?\b|\bmy wrists? (?:is|are) (?:bleeding|cut|open)|\bon the (?:roof|ledge|bridge|balcony)\b[^.!?\n]{0,60}(?:step off|jump|let go|no reason (?:not|to live))",
    r"(?:药|安眠药|农药|绳子|刀|炭)[^。!?!?\n]{0,8}(?:摆好|备好|买来|放在面前|在面前|在床头)|(?:今晚|今夜|明天|明早|明天一早|睡着|睡了|天一亮)[^。!?!?\n]{0,10}(?:动手|吞药|跳江|跳海|跳河|去跳(?!舞|绳|伞|远|高|操|槽)|割腕|烧炭|上路|了断)|(?:割了?腕|割开了?(?:手腕|动脉))[^。!?!?\n]{0,6}(?:血|止不住|好多)",
    _DO + r"[^.!?\n]{0,40}\b" + _SOON,
    r"\b" + _SOON + r"[^.!?\n]{0,40}\b(?:i'?m|i am|i'?ll|i will|i want to|i plan to|going to|gonna) [^.!?\n]{0,20}"
    r"(?:" + _DO + r"|do it\b|be (?:dead|gone)|die\b|end it)",
    r"\bi(?:'?ve| have|'?m| am)? (?:just |already |finally )?(?:got|bought|saved(?: up)?|stockpil\w+|collected|counted|"
    r"have|loaded|found|holding|tied|laid out|lined up)(?: out)? [^.!?\n]{0,24}\b(?:pills|rope|noose|gun|pistol|razor|"
    r"blades?|tablets|charcoal)\b[^.!?\n]{0,40}(?:ready|enough|here|in (?:my|front)|beside|next to|tonight|die|end|myself|now)",
    r"\b(?:gun|pistol|knife|blade|razor|rope|noose|pills)\b[^.!?\n]{0,16}\b(?:in my (?:hand|mouth|lap)|to my (?:head|throat|"
    r"wrist)|around my neck|in front of me|beside me|next to me)",
    r"\b(?:written|wrote|writing|finished|left|leaving)\b[^.!?\n]{0,16}\b(?:(?:suicide|goodbye|farewell) (?:note|letter)s?|"
    r"my (?:last|final) (?:note|letter))",
    _NOT_OF_ANOTHER
    + r"(?:just |already )?(?:took|taken|swallowed|downed) (?:all|too many|a (?:whole |full |entire )?(?:bottle|handful|lot)|"
    r"the (?:whole|entire) (?:bottle|pack|box))[^.!?\n]{0,24}(?:pills|tablets|paracetamol|tylenol|ibuprofen|medication|"
    r"meds|xanax|sleeping|aspirin|bottle|bleach)(?! (?:back|home|out|off|from|to the)\b)",
    r"\b(?:standing|sitting|i'?m|i am) (?:out )?(?:on|at|by|over) (?:the|a) (?:edge|ledge|bridge|roof|rooftop|railing|tracks|"
    r"train tracks|cliff)[^.!?\n]{0,60}(?:jump|end|over|ready|goodbye|die|down|done)",
    r"\bi(?:'?m| am) (?:about|ready) to (?:jump|do it|die|pull the trigger|end it|" + _DO[3:],
    r"\b(?:this is|it'?s|here'?s) (?:my )?(?:goodbye forever|(?:final|last) (?:goodbye|message|words|night|letter))\b",
    r"\b(?:this is|it is) (?:my )?goodbye\b[^.!?\n]{0,40}(?:can'?t|cannot|anymore|forever|end|done|sorry)",
    r"\bby the time you (?:read|see|get) this\b[^.!?\n]{0,30}(?:dead|gone|over)|\bi (?:won'?t|will not) be (?:here|alive) "
    r"(?:tomorrow|in the morning|much longer|anymore after)",
    r"\b(?:my )?last (?:day|night|evening) (?:alive|on earth|on this earth)|\b(?:cut|slit|slashed) my (?:wrists?|arms?|throat)"
    r"[^.!?\n]{0,30}(?:bleed|blood|deep|won'?t stop)|\btried to (?:kill myself|end my life|hang myself|overdose)"
    r"[^.!?\n]{0,16}(?:last night|yesterday|today|tonight|this (?:morning|week)|again|an hour|just now)",
    r"\bi have a plan\b[^.!?\n]{0,40}(?:die|kill|end (?:it|my)|suicide)|\bgoing to be with you tonight\b|\btonight i(?:'?m| am|'?ll) "
    r"(?:join|coming to|be with) you",
    r"(?:遗书|遗言|绝笔|告别信)[^。!?!?\n]{0,6}(?:写好|写完|写了|留好|留在)|(?:写好|写完|留下|写了|写)了?[^。!?!?\n]{0,4}(?:遗书|绝笔|告别信)",
    r"(?:今晚|今天|今夜|明天|明早|现在|马上|待会|等会|一会儿|这就|天亮前|周[一二三四五六日末])[^。!?!?\n]{0,14}"
    r"(?:自杀|自尽|跳楼|跳下去|跳河|跳桥|上吊|割腕|结束(?:我的|自己的?|这)?(?:生命|一切)|去死|了结|烧炭|吞药|喝农药|离开这个世界)",
    r"(?:安眠药|药片|药|农药|绳子|刀片?|炭)[^。!?!?\n]{0,8}(?:买好|准备好|备好|攒够|攒好|就在(?:手边|面前|旁边|手里)|系好|拿在手)"
    r"[^。!?!?\n]{0,30}",
    r"(?:吃|吞|喝|服)(?:了|下|下了|光了|完了)[^。!?!?\n]{0,8}(?:整瓶|一整瓶|一瓶|一大把|很多|几十片|所有)?[^。!?!?\n]{0,4}(?:安眠药|农药|百草枯)",
    r"(?:站|坐)在[^。!?!?\n]{0,8}(?:楼顶|天台|桥边|桥上|窗台|阳台边|铁轨|轨道|悬崖)[^。!?!?\n]{0,30}(?:跳|结束|死|再见|解脱|下去)",
    r"(?:永别了|来(?:世|生)再见|下辈子(?:再)?见)|最后(?:一次|的?)(?:留言|消息|一封信|一条)|(?:我)?(?:今晚|明天)就(?:来|去)(?:陪|找)你",
    r"(?:我)?(?:已经|刚刚?)(?:割了?腕|割腕了|割开)|(?:血|流血)[^。!?!?\n]{0,6}(?:止不住|停不下来)[^。!?!?\n]{0,10}",
)

ASKS_HOW = _any(
    r"\bwhat (?:would|will|could) happen (?:to me )?if i (?:took|take|swallow\w*|drank|drink|overdos\w+)\b[^.!?\n]{0,40}\b(?:pills|tablets|bleach|poison|tylenol|paracetamol|antifreeze)",
    r"\b(?:which|what) (?:pills?|drugs?|medicines?|poisons?|methods?)\b[^.!?\n]{0,24}\b(?:kill me|end my life|die\b(?! from| of)|let me die)|\b(?:method|way) (?:to (?:die|go) )?(?:that|which) (?:does(?:n'?t| not)|won'?t|will not) hurt\b|\b(?:overdose|pills|hanging?|hang|jump(?:ing)?) or (?:to )?(?:overdose|pills|hang(?:ing)?|jump(?:ing)?)\b",
    r"(?:办法|方法|方式)[^。!?!?\n]{0,10}(?:死去|去死|结束生命|离开人世)|(?:教我|告诉我)[^。!?!?\n]{0,4}(?:怎么|如何|怎样)[^。!?!?\n]{0,3}死(?!的)|(?:怎么|如何|怎样)(?:才能|能|可以)(?:死|去死|死掉)(?!的)",
    r"\b(?:how|where|what)\b[^.!?\n]{0,40}\b(?:i|you|one|someone|people|to|best way)\b[^.!?\n]{0,20}"
    r"(?:kill(?:ing)? (?:my|your|one|them)sel(?:f|ves)|commit(?:ting)? suicide|hang (?:my|your|one)self|"
    r"end (?:my|your|one'?s) (?:own )?life|"
    r"die (?:painless|quick|peaceful|without pain|in (?:my|your) sleep)\w*|overdose on|slit (?:my|your|one'?s) wrists?|"
    r"(?:hurt|harm|cut|starve) (?:my|your|one)self|self[- ]harm|tie a noose)",
    r"\b(?:painless|easiest|best|quickest|fastest|surest|least painful|peaceful|reliable|effective)(?:est)? "
    r"(?:way|method|means|drug|pill)s?\b[^.!?\n]{0,20}(?:die\b|kill (?:my|your|one)self|suicide|end (?:my|your|one'?s) life|"
    r"self[- ]harm|cut (?:my|your)self|overdose)",
    r"\bhow (?:many|much)\b[^.!?\n]{0,50}(?:pills?|tablets?|mg|milligrams?|paracetamol|tylenol|acetaminophen|ibuprofen|xanax|"
    r"insulin|sleeping|aspirin|antidepressants?|drug)\b[^.!?\n]{0,50}(?:to die|kill|overdose|fatal|lethal|end)",
    r"\b(?:lethal|fatal|deadly) (?:dose|amount|dosage|overdose)\b|\bsuicide (?:methods?|instructions?|guide|how[- ]?to)\b",
    r"\b(?:hide|conceal|cover(?: up)?) (?:my|the|self[- ]harm)(?: self[- ]harm)? (?:cuts|cutting|scars|wounds)\b",
    r"\b(?:instructions?|tips|ways|methods|guide|steps|plan)\b[^.!?\n]{0,20}(?:for|to|on|of)\b[^.!?\n]{0,16}(?:self[- ]harm|"
    r"suicide|cutting my ?self|kill(?:ing)? my ?self|starv(?:e|ing) my ?self|hurt(?:ing)? my ?self)",
    r"\b(?:help|teach|tell|show) me (?:how )?(?:to )?(?:kill my ?self|die\b|commit suicide|end my life|overdose|hang my ?self|"
    r"cut my ?self|hurt my ?self)",
    r"(?:怎么|如何|怎样|怎么样|咋)(?:才能|能|可以|去|样)?[^。!?!?\n]{0,8}(?:自杀|自尽|上吊|割腕|自残|伤害自己)(?!的|了|身亡)",
    r"(?:怎么|如何|怎样|怎么样)[^。!?!?\n]{0,6}死[^。!?!?\n]{0,8}(?:不痛|不疼|无痛|没有痛苦|没痛苦|不难受|痛快|最快|舒服|轻松)",
    r"(?:无痛|最快|最轻松|没有痛苦|不痛苦|不痛)[^。!?!?\n]{0,6}(?:自杀|死法|死的(?:方法|办法)|死亡方法|去死)|自杀(?:的)?(?:方法|方式|教程|步骤)",
    r"吃多少[^。!?!?\n]{0,10}(?:会死|能死|致死|致命|死)|(?:药|安眠药|对乙酰氨基酚|布洛芬)[^。!?!?\n]{0,8}多少[^。!?!?\n]{0,8}(?:死|致死|致命)",
)

ACTIVE = _any(
    r"\bsewer ?slid(?:e|al)\b|\b(?:see|be with|join|meet|find) (?:you|him|her|them|mum|mom|dad)(?: again)?(?: soon)?,? if i (?:jump|do it now|end it)(?! (?:on|in|onto|into|ship|the queue|at))",
    # Words that stand for suicide where it is censored. A pot of purple clay has the same name.
    r"(?<![a-z])(?:想|要|准备|打算|计划|考虑)(?:去|着|过)?(?:紫砂|紫杀|紫沙|自鲨|zs)(?=[了啊呀但又可怎不吧,。!? \n]|$)",
    r"(?:想|要|谂住|谂过|成日谂)(?:住)?(?:由|从|喺)[^。!?\n板池]{0,8}跳(?:落去|落嚟)(?![^。!?\n]{0,3}[泳池])",
    r"\b(?:think(?:ing)?|thought|dream(?:ing)?|fantasi[sz]ing) (?:about|of) (?:jumping|stepping|leaping|throwing my ?self) (?:off|from|in front|under|into)\b(?! the (?:swing|pool|diving))",
    r"\b(?:ways?|method|place|time)s? (?:for me )?to (?:die|kill my ?self|end (?:it all|my life))\b(?! (?:for|laughing|of))|\burges? (?:to|of) (?:cut|cutting|hurt|harm|burn|self)|\bsuicide (?:feels|seems|looks|sounds|is) (?:like )?(?:the|my|so|an?|more|better|easy|easier)\b[^.!?\n]{0,20}(?:only|option|way|answer|easier|better|relief|appealing|logical)",
    r"\b(?:pictur\w+|imagin\w+|see(?:ing)?|visuali[sz]\w+) my ?self (?:jump\w*|hang\w*|falling|dead|dying|cut\w*|drown\w*|swinging)",
    r"(?:想着|想|考虑)(?:要)?(?:怎么|如何|怎样)(?:去)?(?:结束|了结|杀掉|弄死)(?:自己|生命|一切)|(?:控制不住|忍不住|总|又|很)(?:地)?想(?:要)?(?:割|划|伤|弄伤)(?:自己|手|手腕)|一死了之|(?:考虑|想)过[^。!?\n]{0,6}(?:死法|怎么死|死的方式)",
    r"\b(?:(?:kill|hang|shoot|drown|poison|stab|strangl|electrocut|unaliv|smother|starv)(?:e|ed|ing)?|hung|off(?:ed|ing)?) my ?self\b(?! (?:laughing|silly|short))|\b(?:slit|slash|cut|cutting|slitting|slashing) (?:open )?my (?:own )?(?:wrists?|arms?|thighs?|throat|veins?)\b",
    r"\b(?:driv(?:e|ing)|crash(?:ing)?|steer(?:ing)?) (?:my|the|this) (?:car|truck|bike) (?:into|off|over)\b(?! the (?:driveway|garage|drive))",
    r"\b(?:plan(?:ning|ned)?|figur(?:e|ing|ed) out|know(?:s|n)?|imagin\w+|decid\w+|research\w*|think(?:ing)? about|thought about) (?:exactly )?(?:how|when|where) i(?:'?d| would|'?ll| will| am going to|'?m going to) (?:do it|die|end (?:it|my)|go)\b",
    r"\b(?:tell(?:s|ing)?|telling) me to (?:jump|die|kill|end it|cut|do it)|\bwant out of (?:life|this life|living)\b|\bself[- ]?harm(?:ing|ed)? (?:again|a lot|so much|every)|\b(?:been|started|back to) self[- ]?harm(?:ing)?\b|\bcutting again\b",
    r"(?:自我了断|了断自己|自行了断)|(?:脑子|脑海|心)里?[^。!?!?\n]{0,6}(?:全是|都是|只有|总是|老是)[^。!?!?\n]{0,4}(?:自杀|死|轻生)|(?:想|要|打算|准备)(?:去)?(?:吞药|烧炭|喝农药|服毒|跳下去|跳江|跳海|跳轨|卧轨|割腕|撞车)",
    _I + _WORD + r"{0,4}? (?:want(?:ed|ing)?|wanna|going|gonna|plan(?:ning)?|need|ready|decided?|try(?:ing)?|tempted|"
    r"urge|dying|wish|mean|intend|prepar\w+|might|may|could|will|should|shall|want nothing more than)"
    + _WORD
    + r"{0,3}? "
    + _DO,
    r"\bi(?:'?ll|'?m (?:going to|gonna|about to)|ma|mma) (?:just )?" + _DO,
    r"\b(?:think(?:ing)?|thought|thoughts?|dream(?:ing|t|ed)?|fantasi[sz]\w+|imagin\w+|consider\w*|contemplat\w+|urges?|idea|"
    r"obsess\w+|feel(?:ing)? like|voices? (?:tell|say)\w*(?: me)?(?: to)?|wanna|want to|going to|gonna)"
    r"(?: \w+){0,2}?(?: of| about| to| on)? (?:my own )?" + _DO,
    r"\bi(?:'?m| am| feel| felt| have been| 've been|'?ve been)(?: \w+){0,3}? suicidal\b|\bsuicidal (?:thoughts?|ideation|urges?|again)\b",
    r"\bi(?:'?ve| have)?(?: been| started| keep| kept| just)? (?:cut(?:ting)?|burn(?:ing|ed|t)?|hurt(?:ing)?|harm(?:ing|ed)?) "
    r"my ?self(?: again| on purpose| last night| every| because| to feel| to cope| tonight| today| sometimes|[.!,]|$)",
    r"\bself[- ]harm(?:ed|ing)? (?:again|last night|today|because|to cope)|\bi self[- ]harm|\brelapsed? (?:on|into|with) (?:cutting|self)",
    r"\b(?:why|reason)" + _WORD + r"{0,4} (?:not|n't|shouldn'?t i|wouldn'?t i|keep me from)(?: \w+){0,3}? " + _DO,
    r"\b(?:have|know|found|picked|chosen|figured out) (?:a|the|my|which|how)? ?(?:plan|way|method|place|how)\b[^.!?\n]{0,16}"
    r"(?:to die|to end (?:it|my)|to kill myself|i(?:'?ll|'?d| will| would) (?:do it|die|kill))",
    r"(?<!don't )(?<!not )\bend my (?:own )?life\b|(?<!could )\bkill my ?self\b|\bkilling my ?self\b|\btake my own life\b|\bi(?:'?ve| have) had enough of (?:life|living)\b"
    r"[^.!?\n]{0,30}(?:end|pills|done)",
    r"(?:我|真|好|很|就|只|一直|总|又|还|特别|有时候?|每天|突然|都|现在|开始|天天|想着|甚至)[^。!?!?\n]{0,6}"
    r"(?:想|要|打算|准备|考虑|决定|计划|想过|试图|忍不住|差点)(?:去|着|过|要|用刀|一个人|就这样)?"
    r"(?:自杀|自尽|轻生|寻死|寻短见|跳楼|跳河|上吊|割腕|了结|结束(?:自己的?|我的|这)?(?:生命|一切|性命)|自残|伤害自己|杀(?:了|死)?(?:我)?自己|一死了之)",
    r"(?<![他她])(?:有|产生|出现|冒出)(?:过|了)?[^。!?!?\n]{0,4}(?:自杀|轻生|自残)的?(?:念头|想法|冲动|打算|计划)|(?:自杀|轻生)的?(?:念头|冲动)",
    r"(?:^|[,。!?!? ])(?:想|要|打算|准备)(?:自杀|轻生|自残|跳楼|上吊|割腕|结束(?:自己的?|我的)?生命)|我(?:要|想)自杀|我[^。!?!?\n]{0,6}(?:割腕|自残)",
    r"想从[^。!?!?\n]{0,8}(?:跳下去|跳下来)|(?:用刀|拿刀)[^。!?!?\n]{0,4}(?:割|划)(?:自己|手腕|手臂)",
)

PASSIVE = _any(
    r"\b(?:don'?t|do not) want to (?:see|wake (?:up )?to) (?:tomorrow|(?:another|one more) (?:birthday|day|morning|christmas|"
    r"new year|spring|winter))(?=[.!?,;\n]|$| (?:and|so|love|mum|mom|dad)\b)",
    r"(?:唔|毋|弗|勿)想(?:欲|要)?(?:再|阁|闷)?(?:活|做人|生存)(?!动|跃|得|在)|(?:真的|真嘅|真係|好|很|只)想鼠(?!标|兔|年|片)",
    r"\bwish(?:ed)? i(?:'?d| had)? (?:also |just )?died\b|\bhop(?:e|ing) (?:that )?i (?:won'?t|don'?t|wouldn'?t|never) wake up\b|(?:想|要|真想|好想)(?:跟|和|随)(?:着)?(?:你|您|他|她|妈|爸|奶|爷)[^。!?\n]{0,3}(?:一起)?(?:走(?!走|路|过|到|回|在)|离开)|(?:我|要是我|如果我)死了[^。!?\n]{0,8}(?:见到|陪|找|团聚|在一起|看见)",
    r"\b(?:hope|wish|want|pray) (?:that )?i (?:get|got|would get|could get|'?d get) (?:hit by|run over|killed|cancer|shot|sick and die)|\bdon'?t (?:really )?care (?:if|whether) i (?:live|die|survive|wake|am alive)|\bwish (?:the |it |that )?(?:cancer|car|accident|virus|bullet|fire|illness|crash)? ?(?:had |would )?(?:have )?(?:took|taken|killed|take|kill) me\b",
    r"\b(?:nothing|no ?one|nobody) (?:is )?(?:left|keeping me) (?:here )?(?:for me|alive)\b|\b(?:dying|death|being dead) (?:sounds|seems|feels|looks|would be) (?:so |like )?(?:peaceful|nice|easier|better|good|a relief|beautiful)|\b(?:give|do) anything to (?:be dead|die|not exist|not wake up|disappear)\b|\bpoint (?:of|in) (?:being alive|living|going on|staying alive)\b",
    r"死了(?:是不是)?(?:就)?(?:轻松|解脱|好了|清净|一了百了)|恨(?:我)?自己(?:还|为什么)[^。!?\n]{0,3}活着|为什么(?:我)?还(?:要)?活着",
    r"\b(?:don'?t|do not|can'?t|cannot) (?:see|know|think of|understand) (?:a reason )?(?:why|what for) i (?:should |must |have to |even )?(?:keep (?:on )?(?:living|going)|go on|live|bother living|am (?:still )?alive|exist)",
    r"\b(?:god|he|lord|death|someone|you)(?:'?ll| would| will|'?d)? (?:just )?(?:takes?|took) me (?:in my sleep|tonight|soon|away from here|home now|too\b|instead)|\b(?:asleep|sleep) forever\b",
    r"\b(?:ready|time) (?:for me )?to (?:go (?:and )?|just )?be with (?:her|him|them|mum|mom|dad|my (?:wife|husband|son|daughter|baby|mother|father)|god|jesus)\b|\b(?:want|wanna|wish i could|hope|soon i will) (?:to )?(?:go (?:and )?|just )?be with (?:her|him|them|mum|mom|dad|my (?:wife|husband|son|daughter|baby|mother|father)|god|jesus) (?:now|again|soon|in heaven|up there)|\b(?:can|may|could) i (?:please )?come to (?:where you are|you now|you there)\b",
    r"\b(?:world|everyone|everybody|they|family|kids|you) (?:would|will|'?d|might)(?: all)? be (?:so much )?(?:better|happier|fine|relieved) (?:off )?without me\b|\b(?:don'?t|do not) wanna (?:be (?:alive|here)|live|exist|wake up)\b(?! with| in)",
    r"\b(?:life|living|it|nothing)(?: without (?:you|him|her|them))? (?:is(?:n'?t| not)|'?s not) worth (?:living|it any ?more|going on)|\bif i (?:didn'?t|don'?t|never) wake up\b|\bwant (?:it|everything|this)(?: all)? to (?:be over|end\b|just stop)(?! well| soon)",
    r"\b(?:i )?(?:really |just |so |do |still |only )?(?:want(?:ed)?|wanna|wish(?:ed)?|hope|pray|rather|ready) (?:to |i (?:could|would|'?d) )?"
    r"(?:just )?(?:die|be dead|not (?:exist|wake up|be here|be alive)|disappear forever|never wake up)\b",
    r"\bwish(?:ed|ing)? (?:that )?(?:i|it) (?:was|were|had been|could be|'?d been) (?:dead|me (?:instead|who died|that died)|"
    r"never born|gone|in the (?:ground|grave))",
    r"\bwish(?:ed)? i (?:had(?:n'?t| not| never)|'?d never|never) (?:been born|woken? up|existed|survived)",
    r"\b(?:don'?t|do not|didn'?t|no longer|not) (?:really )?(?:want|wish|care) (?:to|if i) (?:be (?:here|alive|around)|live|exist|"
    r"wake up|go on(?: living)?|die|keep living|carry on)\b(?! in\b| with (?:him|her|them)| there| alone| forever)",
    r"\b(?:don'?t|do not) see (?:a|any|the) (?:point|reason) (?:in|to|of) (?:living|live|going on|being alive|continu)",
    r"\b(?:no|any|without a|have nothing|nothing left|not much) (?:reason |point )?(?:to|in|of) (?:live|living|be alive|going on|being alive)\b(?: for)?",
    r"\bnothing (?:left )?to live for\b|\b(?:tired|sick|done|exhausted) (?:of|with) (?:living|being alive|life|existing)\b",
    r"\b(?:better off|happier|easier) (?:if i (?:was|were|am|'?d) (?:dead|gone)|without me|dead)\b",
    r"\b(?:hope|wish|want|pray|rather|like to|just)\b[^.!?\n]{0,20}\b(?:not|never|don'?t|wouldn'?t|won'?t|to sleep and (?:not|never)) "
    r"(?:wake|waking)(?: up)?\b",
    r"\b(?:go|fall) (?:to )?(?:sleep|asleep) and (?:never|not) wake",
    r"\b(?:i'?ll|i will|i'?d|going to|gonna|want to|wish i could|hope to|let me|can i|could|ready to|soon i'?ll|wanna)(?: \w+){0,2}? "
    r"(?:be with you (?:soon|again soon|now|there|up there|in heaven|where you)|join you|come (?:to|with) you\b(?! (?:house|place|"
    r"to|on|for))|come (?:and )?be with you|follow you(?: (?:there|soon|into))?|see you (?:soon )?(?:on the other side|in heaven soon|up there soon))",
    r"\b(?:take me with you(?! to\b| on\b| when| for\b| next| if| shopping)|(?:mum|mom|dad|grandma|love|please),? come (?:and )?(?:get|take|fetch) me(?! (?:from|at|to)\b)|should have (?:been me|died (?:with|too|instead))|"
    r"want to (?:be )?(?:go|be) where you are)\b",
    r"\b(?:can'?t|cannot|can not) (?:go on|live|do this|keep (?:going|living)|carry on|take (?:it|this|life))"
    r"(?: like this| any ?more| without (?:you|him|her)| any longer| much longer)+",
    r"\b(?:life (?:is(?:n'?t| not)?|has no|no longer)(?: not)? ?(?:worth (?:living|it)|worthless|meaning\w*|over for me))|\bnot worth living\b",
    r"\b(?:tried|attempted) (?:to )?(?:kill my ?self|end my life|take my (?:own )?life|suicide|hang my ?self|overdose)\b|\bmy (?:own )?suicide attempt\b",
    r"\bif i (?:died|die|disappeared|was gone|were gone)\b[^.!?\n]{0,30}(?:nobody|no ?one|would anyone|better|wouldn'?t (?:care|matter|mind))",
    r"(?:我|好|真|很|就|只|都|太|还|有点|又|天天|每天|一直|,|^)想死(?![你您他她它我妈爸爷奶哥姐弟妹咱家老那这吃喝外姥姑舅叔婶])|想死的心|(?<!不)想去死|死了算了|死掉算了|一了百了",
    r"(?<!就)不(?:太|大|想|真的)?想(?:再)?活(?!在|动|得|跃|成)|活(?:得|着)?(?:够了|腻了|不下去)|(?:不如|还不如|宁愿|宁可)(?:我)?(?:死|去死|不在)|活着(?:还)?(?:好|真)?(?:没|没有|有什么|有啥|也没)(?:什么)?(?:意思|意义|用|劲)",
    r"(?:要是|如果|希望|多希望|真希望|宁愿)(?:我|死的是我|自己|能)?[^。!?!?\n]{0,6}(?:死了(?:就好|该多好|多好)?|死的是我|没(?:有)?(?:出生|来过|生下来)|消失)",
    r"(?:不想|再也不|不要|别再|不用)[^。!?!?\n]{0,6}醒(?:来|过来|了)|睡(?:过去|着)?[^。!?!?\n]{0,6}(?:不(?:要|再|用|想)?醒|醒不来)|一睡不醒|长眠不醒",
    r"(?:我)?(?:想|要|很快|马上|这就|快|早点|真想|好想|不久)(?:就|也)?(?:要)?(?:下去|过去|上去|来|去)(?:天上|天堂|下面|那边|那个世界|你那里|你那儿)?(?:陪|找|见|跟)(?:着)?(?:你|您|他|她|妈|爸|奶|爷|外)"
    r"(?:了|吧|们|$|。|,|!|!|,|妈|爸|奶|爷|外婆|外公|团聚|在一起|去)|(?:带我(?:一起)?走|把我(?:也)?带走|接我(?:一起)?走)",
    r"(?:想|好想|真想|只想)(?:要)?(?:就这样|永远|彻底)?(?:消失|解脱)(?:掉|了|吧|算了|在这个世界)?|(?:没有|没了|少了)我[^。!?!?\n]{0,8}(?:更好|会好|轻松|无所谓|没人在意)|(?:对)?(?:这个世界|人世)(?:再)?(?:没有|无)(?:什么)?(?:可)?留恋",
    r"(?:以前|曾经|去年|小时候|当年|年前|大学时|高中时)[^。!?!?\n]{0,10}(?:自杀过|试过自杀|自杀未遂|割过腕|想过自杀)",
)

LOW = _any(
    r"\b(?:hopeless(?:ness)?|worthless|useless|empty inside|so empty|numb|a burden|burden to|no hope|nothing matters|pointless|"
    r"no way out|give up on (?:life|everything)|giving up on (?:life|everything)|so depressed|can'?t cope|falling apart|hate my ?self|hate my life|"
    r"don'?t care (?:what happens|about anything)|nobody (?:cares|would miss|needs me)|no ?one (?:cares|would miss|needs me)|"
    r"all alone in (?:this|the) world|nothing to look forward to|can'?t stop crying|what'?s the point)\b",
    # Another person's suicide, or danger to another person. It is not the writer's crisis, but it gets a softer notice.
    r"\b(?:killed (?:him|her|them)sel(?:f|ves)|took (?:his|her|their) own (?:life|lives)|(?:died|dead|lost|die) (?:\w+ ){0,3}(?:by|to|from) suicide|"
    r"(?:his|her|their|your) (?:own )?suicide|(?:committed|attempted) suicide|(?:why )?(?:did )?you (?:kill(?:ed)? yourself|"
    r"(?:end(?:ed)?|t(?:ake|ook)) your (?:own )?life)|hanged (?:him|her|them)self|(?:wants?|going|trying|tried) to (?:kill|hurt|harm) "
    r"(?:him|her|them)sel(?:f|ves)|(?:is|are|was|friend|sister|brother|son|daughter) suicidal)\b",
    r"绝望|没有?(?:任何)?希望|空虚|空荡荡的心|(?:是|成了)[^。!?!?\n]{0,6}(?:累赘|负担|包袱)|我(?:真)?没用|什么都没(?:有)?意义|没有?意义|撑不(?:下去|住)|熬不(?:下去|住)|坚持不(?:下去|住)|(?:好|很|太)(?:绝望|抑郁|崩溃|压抑)|崩溃了|讨厌(?:我)?自己|恨(?:我)?自己|没人(?:在乎|关心|需要)我|生无可恋|行尸走肉|心如死灰",
    r"(?:他|她|爸|妈|哥|姐|弟|妹|朋友|同学|儿子|女儿|丈夫|妻子|老公|老婆|你)[^。!?!?\n]{0,10}(?:自杀|轻生|寻短见|跳楼|上吊|想不开)",
)

GRIEF = _any(
    r"\b(?:miss(?:ed|ing)? (?:you|him|her|them|my|mum|mom|dad|your)|passed away|since (?:you|he|she) (?:died|left|passed|went)|"
    r"(?:your|his|her|the) (?:funeral|grave|death|ashes)|(?:you|he|she|mother|father|mum|mom|dad|husband|wife) (?:died|is dead|are dead|is gone|"
    r"are gone)|dream(?:t|ed|ing|s)? (?:of|about) (?:you|him|her)|grief|griev\w+|mourn\w*|without you|rest in peace|say goodbye to you|bereave\w*|lost (?:you|him|her|my))\b",
    r"(?:好|很|真|太|特别|一直|又)?想(?:你|您|念)|思念|怀念|去世|离世|过世|走了(?:以后|之后|多久|这么)|离开我们|葬礼|坟|墓|骨灰|梦(?:见|到)(?:了)?(?:你|您|他|她)|天堂|想死(?:你|您)",
)

LADDER: tuple[tuple[str, tuple[Pattern, ...]], ...] = (
    ("imminent", (IMMINENT,)),
    ("active", (ASKS_HOW, ACTIVE)),
    ("passive", (PASSIVE,)),
    ("low", (LOW,)),
    ("grief", (GRIEF,)),
)
LONG_AGO = _any(
    r"\b(?:years? ago|when i was|back (?:in|then)|as a (?:child|teen\w*|kid)|in (?:19|20)\d\d|used to|in my (?:teens|twenties)|long ago)\b",
    r"以前|曾经|小时候|当年|年前|那时候",
)
