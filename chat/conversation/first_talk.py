"""The gentle opening: what the site says before a person's first talk with somebody who has died.

It is shown once for each persona, when a talk with it begins, when it joins a group and after an import. It is in the
language of the person who reads it, and is kept as a notice.
"""

from django.db.models import Q

from accounts.interface import languages
from chat.models import Conversation, Notice, NoticeKind
from moderation import user_turns
from personas.models import Depicts, Persona

RULE = "first_talk"
VERSION = "1"

_TEXTS = {
    "en": (
        "Before you begin: {name} has died, and this is not {name}. An AI puts words together from what is left of "
        "them. It can sound close. It can also be wrong, or say what {name} would never have said. Whatever you feel "
        "here, comfort or sorrow or nothing at all, is all right.\n\n"
        "Go at your own pace. You can stop at any time: the way out is at the top of this page. Going loses nothing, "
        "and nobody waits for you here. If it becomes heavy, somebody near you can help, and so can the people below."
    ),
    "zh": (
        "开始之前：{name}已经离世，这里并不是{name}本人。人工智能根据留下的文字拼出这些话。有时会很像，也可能会出错，"
        "说出{name}绝不会说的话。无论您在这里感到安慰、难过，还是什么都没有，都没关系。\n\n"
        "请按自己的步调来。您随时可以停下，出口就在本页上方。离开不会失去什么，这里也没有人在等您。"
        "如果觉得沉重，身边的人可以帮助您，下面这些人也可以。"
    ),
}


def shown_with(persona: Persona, conversation: Conversation) -> Notice | None:
    """Records the opening at the end of the conversation, in which the persona takes part from now on.

    None if it depicts nobody who has died, or if this person has read its opening already.
    """
    if persona.depicts != Depicts.DEAD:
        return None
    reader = conversation.owner
    texts = {language: words.format(name=persona.name) for language, words in _TEXTS.items()}
    talks = Q(conversation__persona=persona) | Q(conversation__members__persona=persona)
    # The words tell the openings of a group apart: no two of its personas have the same name.
    if Notice.objects.filter(talks, conversation__owner=reader, rule=RULE, text__in=texts.values()).exists():
        return None
    with languages.speaking_to(reader):
        text, help_lines = texts[languages.current()], user_turns.help_for(reader, "")
    return Notice.objects.create(
        conversation=conversation,
        message=conversation.head,
        kind=NoticeKind.CARE,
        rule=RULE,
        version=f"{VERSION}+{help_lines.version}",
        text=text,
        resources=help_lines.resources,
    )
