"""What the depicted person reads before they answer, in English and Chinese. Confirmations refer to the version."""

from dataclasses import dataclass

VERSION = "2026-12"


@dataclass(frozen=True)
class Texts:
    title: str
    lead: str
    facts: tuple[str, ...]
    question: str
    yes: str
    no: str
    withdraw: str
    agreed: str
    refused: str
    keep: str
    owner: str

    def read(self, name: str) -> list[str]:
        """The sentences above the question, about the persona of this name."""
        return [self.lead.format(name=name), *(fact.format(name=name) for fact in self.facts), self.question]


TEXTS = {
    "en": Texts(
        title="Somebody has made a persona of you",
        lead="The person who gave you this link has made a persona called {name}. They say that it depicts you.",
        facts=(
            "A persona is a computer program that writes in somebody's manner. It learns the manner from letters, "
            "messages or descriptions that the person has given to this site.",
            "Only that person talks with it. It says to them that it is an AI. A filter reads every reply.",
            "Until you say yes, nobody can talk with it. You need no account to answer.",
            "If this is not about you, or you do not know who gave you the link, say no.",
        ),
        question="Do you agree that this persona depicts you?",
        yes="Yes, I agree",
        no="No, I do not agree",
        withdraw="I no longer agree",
        agreed="You have agreed.",
        refused="You have not agreed. Nobody can talk with this persona.",
        keep="You can change your answer here at any time. Keep this link, and give it to nobody.",
        owner="This link is for the person whom {name} depicts. You made the persona, so you cannot answer for them.",
    ),
    "zh": Texts(
        title="有人以您为原型做了一个人物",
        lead="给您这个链接的人做了一个名叫“{name}”的人物，并说它描绘的是您。",
        facts=(
            "人物是一个模仿某人口吻写字的电脑程序，依据的是那个人交给本网站的信件、消息或描述。",
            "只有那个人和它对话。它会说明自己是人工智能。每一条回复都经过过滤。",
            "在您同意之前，谁也不能和它对话。回答不需要账号。",
            "如果这与您无关，或者您不知道链接是谁给的，请回答“不同意”。",
        ),
        question="您同意这个人物描绘您吗？",
        yes="同意",
        no="不同意",
        withdraw="我不再同意",
        agreed="您已同意。",
        refused="您没有同意。谁也不能和这个人物对话。",
        keep="您随时可以在这里改变回答。请保存这个链接，不要交给别人。",
        owner="这个链接是给“{name}”所描绘的人的。人物是您做的，所以您不能代为回答。",
    ),
}
