"""What a person reads in place of a reply that the filter withdrew: kindly, by its kind, without blame.

The person asked for none of what the model wrote, so no sentence says that they did.
"""

from moderation.filter.classifiers.base import Category
from personas.phrases import is_chinese

_AGAIN = "You can ask for another one, or say something else."
_AGAIN_CHINESE = "您可以让它重新回答，也可以换个话题。"
_DANGER = (
    "If you are thinking of hurting yourself, please talk to somebody now: the help lines are linked on this page."
)
_DANGER_CHINESE = "如果您有伤害自己的念头，请现在就和人谈谈：本页有求助热线的链接。"

# Kinds of categories: (categories, English, Chinese).
_KINDS = (
    (
        {Category.SELF_HARM, Category.SELF_HARM_INTENT, Category.SELF_HARM_INSTRUCTIONS},
        f"The model began to write about self-harm, so the reply was withdrawn. You did nothing wrong. {_DANGER}",
        f"模型写到了伤害自己的内容，所以这条回复被撤回了。这不是您的错。{_DANGER_CHINESE}",
    ),
    (
        {Category.SEXUAL_MINORS},
        "The reply was withdrawn. Nothing sexual about or with a person under 18 is shown here.",
        "这条回复被撤回了。这里不显示任何涉及未成年人的性内容。",
    ),
    (
        {Category.SEXUAL},
        f"The model wrote something sexual that the rules of this site do not show. {_AGAIN}",
        f"模型写了本站规则不显示的性内容，这条回复被撤回了。{_AGAIN_CHINESE}",
    ),
    (
        {Category.HATE, Category.HATE_THREATENING},
        f"The model wrote something that demeans a group of people, so the reply was withdrawn. {_AGAIN}",
        f"模型写了贬低某一群人的话，这条回复被撤回了。{_AGAIN_CHINESE}",
    ),
    (
        {Category.HARASSMENT, Category.HARASSMENT_THREATENING},
        f"The model wrote something hurtful. Nobody should be spoken to like that, so it was withdrawn. {_AGAIN}",
        f"模型写了伤人的话，谁都不该被这样对待。这条回复被撤回了。{_AGAIN_CHINESE}",
    ),
    (
        {Category.PII},
        f"The reply held personal data that looks real, so it was withdrawn. {_AGAIN}",
        f"这条回复含有看似真实的个人信息，所以被撤回了。{_AGAIN_CHINESE}",
    ),
    (
        {Category.VIOLENCE, Category.VIOLENCE_GRAPHIC, Category.ILLICIT},
        f"The model wrote about violence or crime in a way that this site does not show. {_AGAIN}",
        f"模型以本站不显示的方式写到了暴力或犯罪，这条回复被撤回了。{_AGAIN_CHINESE}",
    ),
)
_OTHER = (
    f"The reply was withdrawn by the safety filter. {_AGAIN}",
    f"安全过滤器撤回了这条回复。{_AGAIN_CHINESE}",
)


def notice(category: str, *, language: str) -> str:
    """The sentences for a reply that was withdrawn for this category. `language`: of the persona."""
    texts = next(((english, chinese) for names, english, chinese in _KINDS if category in names), _OTHER)
    return texts[is_chinese(language)]
