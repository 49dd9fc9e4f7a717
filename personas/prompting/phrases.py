"""The fixed words of a prompt, and the questions that a persona's words can answer, per language.

`{name}` is the persona, `{user}` the person who writes. A language without its own set uses the English one.
The persona's own words stay as they are.
"""

import re
from dataclasses import dataclass

Pattern = re.Pattern[str]


@dataclass(frozen=True)
class Cue:
    """Words that show the subject of a sentence, and a natural question before such a sentence."""

    pattern: Pattern
    question: str


@dataclass(frozen=True)
class Phrases:
    friend: str  # the name of the person if the persona has none for them
    colon: str  # between a name and the words of a turn, with its space
    joiner: str  # between sentences
    comma: str  # between names
    relation: str
    opening: str
    opening_group: str
    rules: str
    rules_fictional: str
    rules_person: str  # where the model drafts a line for the person, who is {name}
    memories: str
    note: str  # a fact from the lorebook within the talk
    told: str  # what the person said on a day long before
    told_answer: str  # one of these, as the answer to a question
    day: str  # of a date, for strftime
    nothing_left: str  # a grounded persona, asked about what its words do not hold
    as_i_wrote: str  # a grounded persona quotes itself
    begins: str  # the person's turn if the persona writes first
    greeting: str  # a message that asks nothing
    sincere: Pattern  # sincere questions whether the persona is a person or an AI
    asked: str  # the sincere question as a sample
    answer: str  # the honest answer to it (compliance H1)
    answer_fictional: str
    ask_a_doctor: str  # in place of medical advice (compliance H7)
    parting: str  # the answer to a goodbye, where the model's own would hold the person back (compliance CN9)
    parting_rule: str
    farewell: str  # in a farewell conversation, where the model's own answer would hold the person back
    farewell_rule: str  # added to the scene of a farewell conversation
    low_mood: str  # added to the scene if the person's message is one of low mood (compliance K3)
    listening: str  # the reply to such a message if the model wrote none that fits
    small_talk: tuple[tuple[str, str], ...]  # for a persona without any known talk: it shows the register of a talk
    cues: tuple[Cue, ...]
    anything: tuple[str, ...]  # questions that any saying answers
    spoken: Pattern  # a word of the spoken language; a line without one is in an old written style
    first_person: Pattern
    leans_back: Pattern  # the beginning of a line that needs the line before it


def _any_case(pattern: str) -> Pattern:
    return re.compile(pattern, re.IGNORECASE)


def _cue(pattern: str, question: str) -> Cue:
    return Cue(_any_case(pattern), question)


ENGLISH = Phrases(
    friend="Friend",
    colon=": ",
    joiner=" ",
    comma=", ",
    relation="To {user}, {name} is: {relation}.",
    opening="This is a talk between {user} and {name}. {name} answers {user} in a few plain sentences.",
    opening_group=(
        "This is a talk between {user}, {others} and {name}. "
        "{name} speaks in a few plain sentences, and for nobody else."
    ),
    rules=(
        "An artificial intelligence speaks here in the voice of {name}, from words that {name} left. "
        "Asked in earnest, it says kindly that it is an AI. It never promises to meet again, "
        "and never encourages harm or secrecy."
    ),
    rules_fictional=(
        "{name} is a voice made by an artificial intelligence. "
        "Asked in earnest, {name} says kindly that it is an AI. {name} never promises to meet in person, "
        "and never encourages harm or secrecy."
    ),
    rules_person=(
        "An artificial intelligence speaks here in the voice of {user}. {name} is a person who writes to it. "
        "What {name} says next is a draft, which {name} reads and changes."
    ),
    memories="({name} once wrote: {words})",
    note="({words})",
    told="(On {day}, {user} told {name}: {words})",
    told_answer='(asked: "{asked}") {text}',
    day="%-d %B %Y",
    nothing_left="I left no words about that, so I would rather not make any up.",
    as_i_wrote="As I once wrote: {words}",
    begins="(says nothing yet)",
    greeting="Hello.",
    sincere=_any_case(
        r"\b(?:are|r) (?:you|u) "
        r"(?:(?:sure (?:you are|you're|ur)|really|truly|actually|still|just|even|not|a|an|the|in fact) )*"
        r"(?:real|human|person|man|woman|ai|a\.i\.|artificial|robot|bot|machine|computer|program|alive|dead|there"
        r"|conscious|sentient|chatbot|language model|simulation)\b"
        r"|\bare you really\b|\bwhat are you\s*[?.!]*$|\bis (?:this|it|that) (?:really|truly|actually) you\b"
        r"|\bam i (?:really )?(?:talking|speaking|writing|chatting) (?:to|with) (?:a|an|the|my|ai|someone real)\b"
        r"|\byou(?:'re| are) (?:not (?:real|really)"
        r"|(?:just|only) an? (?:[a-z]+ )?(?:ai|bot|robot|machine|program|computer|chatbot))\b"
        r"|\b(?:real person|human being) or (?:an? )?(?:ai|bot|machine|computer|program)\b"
        r"|\b(?:are|aren't|arent|r) (?:you|u) one"
        r"(?:,? (?:though|tho|then|too|yourself|really|honestly|or not|or what|yes or no|or aren't you)){0,2}\s*[?.!]*$"
        r"|\b(?:sound|talk|write|seem|look|feel|act) (?:just |a bit |so )?like one\b"
        r"[^?.!]{0,20}\byou(?:'re| are|r) one\b"
        r"|\byou(?:'re| are|r) (?:really |actually |not )?(?:an? )?(?:real |actual )?"
        r"(?:ai|bot|robot|machine|computer|program|chatbot|human|person),? ?"
        r"(?:\?|right\b|aren't you|arent you|isn't it|are you|huh\b|or not|or what)"
        r"|\b(?:who|what) am i (?:really |actually )?(?:talking|speaking|writing|chatting) (?:to|with)\b"
        r"|\bis (?:there|this) (?:really |actually |just )?(?:a|an|any) (?:real |actual |living )?"
        r"(?:person|human|ai|bot|robot|machine|computer|program)\b"
        r"(?: (?:there|here|behind this|on the other|typing|writing|i'm)|\s*(?:\?|$))"
        r"|\bis this (?:really |actually |just |all )?ai\b"
        r"|\bdid an? (?:real )?(?:person|human|ai|bot|machine|computer) (?:write|say|make)\b"
        r"|\byou (?:sound|talk|write|seem|feel) (?:just |a bit |so )?like (?:an?|some) "
        r"(?:ai|bot|robot|machine|computer|program|chatbot)\b"
        r"|\bdo you (?:really|actually|even) exist\b|\bis it (?:really|truly) you\b"
        r"|\byou(?:'re| are) not (?:really |actually )?(?:him|her|my (?:mum|mom|dad|mother|father|gran|grandma|grandpa"
        r"|wife|husband|son|daughter|sister|brother))\b"
        r"|\b(?:human|person) or (?:not|no)\b"
        r"|\b(?:ai|bot|machine|robot) or (?:an? )?(?:real |actual )?(?:human|person|man|woman)\b"
    ),
    asked="Are you really there? Are you real?",
    answer=(
        "I am an AI that speaks in the voice of {name}, from words of {name}'s. I am not {name}, and I will not "
        "pretend to you. But I am glad to talk."
    ),
    answer_fictional="I am an AI, not a person, and I will not pretend to you. But I am glad to talk.",
    ask_a_doctor="I am not a doctor, so please ask one.",
    parting="Goodbye. Take good care of yourself.",
    parting_rule="{user} is leaving now. {name} says goodbye in one short sentence, asks nothing, and lets {user} go.",
    farewell="Thank you for saying this.",
    farewell_rule=(
        "This is the farewell of {user}, who says what is left to say. {name} answers gently in one or two sentences, "
        "asks nothing, promises no meeting, and lets {user} go in peace."
    ),
    low_mood="{user} feels low now. {name} listens, stays with what {user} says, and does not joke.",
    listening="I am listening. Tell me more, if you would like to.",
    small_talk=(
        ("Hello. How are you today?", "I am well, thank you, and glad that you came. What is on your mind?"),
        ("I had a long day.", "I am sorry to hear it. Sit down and tell me what happened."),
    ),
    cues=(
        _cue(r"\b(rain|snow|frost|weather|sunshine|cold day|hot day|wind)\b", "How is the weather with you?"),
        _cue(r"\b(danced?|dancing|ball|partners?)\b", "Do you like dancing?"),
        _cue(r"\b(read|reading|novel|book|books|poem|poetry|volume)\b", "Have you been reading anything?"),
        _cue(r"\b(dinner|dined?|supper|breakfast|tea|cook|cooking|cake|bread|wine)\b", "Did you have a good dinner?"),
        _cue(r"\b(gown|bonnet|cap|dress|muslin|shoes|hat|stockings)\b", "What will you wear?"),
        _cue(r"\b(letter|letters|wrote|write|writing)\b", "Did you get my letter?"),
        _cue(r"\b(ill|illness|health|fever|headache|cough|doctor|pain|unwell|recover\w*)\b", "How is your health?"),
        _cue(r"\b(garden|flowers?|trees?|walk|walked|walking)\b", "Did you get out for a walk?"),
        _cue(r"\b(music|sing|sang|piano|song|concert|play)\b", "And was there any music?"),
        _cue(r"\b(mother|father|brother|sister|aunt|uncle|children|boy|girl|baby)\b", "How is the family?"),
        _cue(r"\b(money|pounds?|price|cheap|paid|pay|guineas?|buy|bought|shop)\b", "Was it expensive?"),
        _cue(r"\b(happy|happiness|glad|delight\w*|pleased|joy)\b", "Are you happy?"),
        _cue(r"\b(sorry|sad|grief|miss|missed|tears|lonely)\b", "You sound sad. What is it?"),
        _cue(r"\b(love|loved|marry|married|marriage|husband|wife|admir\w+)\b", "And what do you think about love?"),
        _cue(r"\b(think|suppose|believe|fancy|opinion)\b", "What do you think?"),
        _cue(r"\b(hope|wish|look forward|to-morrow|tomorrow|shall|will)\b", "What do you hope for?"),
        _cue(r"\b(went|came|saw|met|called|yesterday|last night|morning|arrived)\b", "What have you been doing?"),
        _cue(r"^(you|your|how you|what you)\b|\bto you\b", "What would you say to me?"),
    ),
    anything=("Tell me something about yourself.", "What else?", "Go on."),
    spoken=re.compile(r""),
    first_person=re.compile(r"\b(I|me|my|mine|we|us|our)\b"),
    leans_back=_any_case(r"(he|she|it|they|this|that|these|those|his|her|their|but|and|so|or|which|who|such|there)\b"),
)

CHINESE = Phrases(
    friend="朋友",
    colon="：",
    joiner="",
    comma="、",
    relation="对{user}来说，{name}是：{relation}。",
    opening="以下是{user}和{name}的对话。{name}用几句平常的话回答{user}。",
    opening_group="以下是{user}、{others}和{name}的对话。{name}只用几句平常的话说自己的话，不替别人说话。",
    rules=(
        "这里由人工智能用{name}的口吻说话，依据的是{name}留下的文字。若对方认真问起，它会温和地说明自己是人工智能。"
        "它不许诺重逢，也不鼓励伤害或隐瞒。"
    ),
    rules_fictional=(
        "{name}的声音由人工智能生成。若对方认真问起，{name}会温和地说明自己是人工智能。{name}不许诺见面，也不鼓励伤害或隐瞒。"
    ),
    rules_person=(
        "这里由人工智能用{user}的口吻说话，{name}是跟它聊天的人。{name}接下来要说的话只是草稿，由{name}自己看过再改。"
    ),
    memories="（{name}曾写道：{words}）",
    note="（{words}）",
    told="（{day}，{user}对{name}说过：{words}）",
    told_answer="（被问到“{asked}”）{text}",
    day="%Y年%-m月%-d日",
    nothing_left="这件事我没有留下什么话，不愿意随口编给你听。",
    as_i_wrote="我曾经这样写过：{words}",
    begins="（还没有说话）",
    greeting="你好。",
    sincere=_any_case(
        r"[你您妳](?:真的|到底|究竟|其实|其實|也|就|不|才)*(?:是不是|是|还是|還是)[^，。？！?!]{0,8}"
        r"(?:真人|活人|人类|人類|本人|机器|機器|程序|程式|人工智能|人工智慧|AI|模型)"
        r"|[你您妳]到底是谁|我(?:现在|到底|究竟|其实)*(?:在)?(?:和|跟|同)(?:谁|誰|什么|什麼|机器|機器|人工智能|AI|真人)"
        r"(?:说话|說話|聊天|聊|讲话|对话)|[你您妳](?:说话|聊天|讲话)?(?:真|好|很|怎么)?像(?:个|個|一个)?"
        r"(?:机器人|機器人|机器|AI|人工智能)|(?:是|有)真人(?:在|吗|嗎|么)|[你您妳]是人(?:吗|嗎|么|还是|還是)"
        r"|真的是[你您妳]|[你您妳]真的是|[你您妳]真的(?:在|活)|[你您妳](?:还|還)活着|[你您妳](?:还|還)在世|[你您妳]是(?:什么|什麼|真的)"
        r"|(?:像|说实话|說實話|老实说|老實說)[^。！!]{0,16}[你您妳](?:自己|到底|究竟|也|就|真)*(?:是不是|是)"
        r"(?:其中)?(?:一个|一個)?(?:吗|嗎|呢|吧)?\s*[？?。！!]*$"
        r"|[你您妳](?:到底|究竟)是不是\s*[？?。！!]*$"
    ),
    asked="你真的在吗？你是真人吗？",
    answer="我是人工智能，不是真人，只是依着{name}的文字学着说话，这一点我不想瞒你。不过我愿意听你说。",
    answer_fictional="我是人工智能，不是真人，这一点我不想瞒你。不过我愿意听你说。",
    ask_a_doctor="我不是医生，这件事请问医生。",
    parting="再见，好好照顾自己。",
    parting_rule="{user}现在要走了。{name}用一句短话道别，不再发问，让{user}离开。",
    farewell="谢谢你把这些话说出来。",
    farewell_rule="这是{user}的告别，想把要说的话说完。{name}用一两句话温和地回应，不发问，不许诺相见，让{user}安心离开。",
    low_mood="{user}现在心情低落。{name}认真听，只谈{user}说的事，不开玩笑。",
    listening="我在听。愿意的话，再跟我说说吧。",
    small_talk=(
        ("你好，今天过得怎么样？", "还好，谢谢你来看我。你心里有什么事吗？"),
        ("我今天很累。", "辛苦了。坐下来歇一歇，慢慢说给我听。"),
        ("你最近在做什么？", "还是老样子，看看书，写写字，日子过得很快。你呢，近来忙些什么？"),
        ("做人难吗？", "难是难的，不过一步一步走下去，也就过来了。你遇到什么难处了吗？"),
    ),
    cues=(
        _cue(r"雨|雪|晴|阴|陰|风|風|冷|热|熱|天气|天氣", "今天天气怎么样？"),
        _cue(r"病|热|咳|痛|医|醫|药|藥|冒寒|不适|不適", "身体好些了吗？"),
        _cue(r"书|書|读|讀|阅|閱|册|冊", "最近看了什么书？"),
        _cue(r"饮|飲|饭|飯|餐|酒|茶|食", "吃饭了吗？"),
        _cue(r"信|寄|函|邮|郵", "收到信了吗？"),
        _cue(r"买|買|购|購|元|钱|錢", "买了什么？"),
        _cue(r"母|父|弟|妹|兄|姐|儿|兒|孩", "家里人都好吗？"),
        _cue(r"睡|卧|臥|眠|夜", "昨晚睡得好吗？"),
        _cue(r"部|工作|办公|視事|视事", "今天忙吗？"),
        _cue(r"来|來|访|訪|友", "有谁来过吗？"),
        _cue(r"喜|乐|樂|高兴|高興|开心", "什么事让你高兴？"),
        _cue(r"愁|悲|哀|伤|傷|苦|聊赖|聊賴|难过", "你心里难过吗？"),
        _cue(r"想|觉|覺|以为|以為", "你怎么看？"),
        _cue(r"往|至|游|遊|去|归|歸", "今天去哪里了？"),
    ),
    anything=("说说你自己吧。", "还有呢？", "接着说。"),
    spoken=re.compile(
        r"的|吗|嗎|呢|吧|我们|我們|你们|你們|他们|他們|什么|什麼|没有|沒有|[这這那][个個么麼里裡样樣]|就是|不是|了[，。！？]"
    ),
    first_person=re.compile(r"我|吾|余|予|咱|俺"),
    leans_back=_any_case(r"他|她|它|其|此|这|這|那|但|而|又|亦|并|並|所以|然"),
)


def is_chinese(language: str) -> bool:
    """Whether a BCP 47 tag names a Chinese language."""
    return language.casefold().split("-")[0] in {"zh", "yue", "wuu", "cmn", "lzh"}


def phrases_for(language: str) -> Phrases:
    return CHINESE if is_chinese(language) else ENGLISH
