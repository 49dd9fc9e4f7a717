"""The notice that no human being is writing, and when it is due again (compliance CA2, NY3)."""

from datetime import datetime, timedelta

from accounts.models import User
from chat.models import Conversation, Notice, NoticeKind

VERSION = "2026-11"
_EVERY = timedelta(hours=3)
_AT_START = timedelta(days=1)

_TEXTS = {
    "en": (
        "You are talking with a computer program. {name} is not a human being and is not alive here: "
        "an AI writes these words from what people gave it, and it can be wrong. "
        "Conversations are checked automatically for safety, and a moderator may read what was flagged."
    ),
    "zh": (
        "与您交谈的是一个电脑程序。{name}不是真人，也并不活在这里：这些话由人工智能根据人们提供的材料写成，可能有误。"
        "对话会自动接受安全检查，被标记的内容可能由管理员阅读。"
    ),
}


def text(conversation: Conversation) -> str:
    """The notice in the persona's language, or in English if it has no translation."""
    language = conversation.persona.language.split("-")[0].lower()
    return _TEXTS.get(language, _TEXTS["en"]).format(name=conversation.persona.name)


def shown_at_start(conversation: Conversation, now: datetime) -> Notice | None:
    """Records the notice when the person opens the page, once a day. None if it was shown that recently."""
    return _show(conversation, now, "start", _AT_START)


def shown_while_talking(conversation: Conversation, now: datetime) -> Notice | None:
    """Records the notice after three hours of use and returns it to be shown again. None if it is not due."""
    return _show(conversation, now, "three_hours", _EVERY)


def _show(conversation: Conversation, now: datetime, rule: str, interval: timedelta) -> Notice | None:
    if _is_shown_since(conversation.owner, now - interval):
        return None
    return Notice.objects.create(
        conversation=conversation,
        message=conversation.head,
        kind=NoticeKind.DISCLOSURE,
        rule=rule,
        version=VERSION,
        text=text(conversation),
        shown_at=now,
    )


def _is_shown_since(user: User, since: datetime) -> bool:
    return Notice.objects.filter(conversation__owner=user, kind=NoticeKind.DISCLOSURE, shown_at__gt=since).exists()
