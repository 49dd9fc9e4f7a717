"""Judges a person's words that no conversation holds: a tried line, the title of a story, the correction of a memory.

As after a message, the verdict is recorded, and a person looks at what was stopped (compliance K9).
"""

from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from accounts.contacts import guardians
from accounts.models import User
from moderation import user_turns
from moderation.crisis import ladder
from moderation.desk import cases
from moderation.filter import assessment
from moderation.models import Assessment, Direction
from moderation.monitor.watching import Talk
from moderation.talk import Turn
from moderation.user_turns import Addressee, Ruling


def judge(text: str, *, talk: Talk, addressee: Addressee) -> Ruling:
    """A ruling on words of the person of `talk`. If they are stopped, they open a case. Raises user_turns.FilterDown.

    `talk` says where they were written. Its id takes the place of a conversation's, so one case of it is open at a
    time, and a lock of the conversation holds where the id is asked about.
    """
    ruling = user_turns.judge([user_turns.Turn(text)], user=talk.user, addressee=addressee)[0]
    with transaction.atomic():
        assessment.record(ruling.verdict, user=talk.user, conversation_id=None, message_id=None)
        if ruling.is_crisis:
            guardians.note_crisis(talk.user)
        if not ruling.is_answered:
            turn = Turn("user", text, uuid4(), timezone.now())
            cases.open_case(
                user=talk.user,
                conversation_id=talk.conversation_id,
                persona_id=talk.persona_id,
                persona_name=talk.persona_name,
                findings=ruling.verdict.findings_about(turn.message_id),
                turns=[turn],
            )
    return ruling


def newest_crisis(user: User) -> datetime | None:
    """When the person's words outside of conversations were last at *passive* or above."""
    levels = [level for level in ladder.LEVELS if ladder.is_for_the_site(level)]
    alone = Assessment.objects.filter(user=user, conversation_id=None, direction=Direction.USER, level__in=levels)
    return alone.order_by("created_at").values_list("created_at", flat=True).last()
