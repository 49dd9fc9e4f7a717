"""The site's own notices beside a story: that an AI narrates, and that it is time for a break.

Rows CA2, CA5, CA6, CN8, NY3 and WA1 of docs/compliance.md, as in a conversation. A visit of the page is a sign of use.
"""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.usage import sittings
from chat.conversation import disclosure
from chat.models import NoticeKind
from stories.models import Notice, Story

_AT_START = timedelta(days=1)


def disclosed(story: Story) -> str:
    return _(
        "A computer program narrates here. {name} is not a human being: an AI writes these words. "
        "Stories are checked automatically for safety, and a moderator may read what was flagged."
    ).format(name=story.persona.name)


def shown_at_visit(story: Story, now: datetime) -> None:
    """Counts the visit. Records the disclosure that the page shows, once a day, and a reminder that is due."""
    sitting = sittings.touch(story.owner, now)
    if not story.notices.filter(kind=NoticeKind.DISCLOSURE, shown_at__gt=now - _AT_START).exists():
        _record(story, now, NoticeKind.DISCLOSURE, "start", disclosed(story))
    if reminder := disclosure.due_reminder(story.owner, [story.persona], sitting):
        _record(story, now, NoticeKind.BREAK, *reminder)


def breaks(story: Story, now: datetime) -> QuerySet[Notice]:
    """The reminders of this sitting."""
    return story.notices.filter(kind=NoticeKind.BREAK, shown_at__gt=now - sittings.BREAK)


def _record(story: Story, now: datetime, kind: NoticeKind, rule: str, words: str) -> None:
    story.notices.create(kind=kind, rule=rule, version=disclosure.VERSION, text=words, shown_at=now)
