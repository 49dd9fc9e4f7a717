"""The ways out of a conversation that keep it: a farewell, a rest, the archive (compliance H5).

`conversations.delete` ends it for good.

open ⇄ resting               still in the list; nobody writes until its person takes it up again
open ⇄ archived              out of the list and of the first page
open ⇄ farewell → resting    the last talk. When its person ends it, the persona rests: every conversation that they
                             have with it alone rests too, it says nothing in their groups and stories, and no new talk
                             begins until they take one up again
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from accounts.interface import languages
from accounts.models import User
from chat.conversation import conversations, messages
from chat.models import UNFINISHED, Conversation, ConversationState, Notice, NoticeKind, Reply
from chat.socket import frames
from personas.models import Persona

FAREWELL = "farewell"  # the rule of the notice
_VERSION = "1"
_TEXTS = {
    "en": (
        "This is your farewell to {name}. Say what you would like to have said; there is no right way. The AI answers "
        "gently, asks nothing, and does not ask you to stay. When you are ready, end the farewell below. Then {name} "
        "rests. You can change your mind today or at any later time."
    ),
    "zh": (
        "这是您与{name}的告别。想说的话都可以说，没有对错。人工智能会温和地回应，不追问，也不会请您留下。"
        "准备好时，请在下方结束告别，{name}便从此安静下来。今天或以后，您随时都可以改变主意。"
    ),
}


def part(*, user: User, conversation_id: UUID, state: ConversationState) -> None:
    """Lets the conversation rest, or archives it. A reply that is being written is stopped. Raises Http404."""
    conversation = conversations.get_conversation_for(user, conversation_id)
    _set_state(conversation, state)
    _stop_replies(user, Q(message__conversation=conversation))


def begin_farewell(*, user: User, conversation_id: UUID) -> None:
    """Makes the conversation the last one with its persona, and records what the site says about that.

    Raises Refused, also if its person has parted from it already, and Http404.
    """
    conversation = conversations.get_conversation_for(user, conversation_id)
    conversations.refuse_unadmitted(user, conversation.persona)
    with transaction.atomic():
        locked = conversations.locked(conversation)
        if locked.is_group:
            raise conversations.WrongState(
                gettext("A farewell is said to one persona. Begin it in a talk with them alone.")
            )
        conversations.refuse_parted(locked)
        if locked.state == ConversationState.FAREWELL:
            return
        locked.state = ConversationState.FAREWELL
        locked.save(update_fields=["state"])
        with languages.speaking_to(user):
            words = _TEXTS[languages.current()]
        notice = Notice.objects.create(
            conversation=locked,
            message=locked.head,
            kind=NoticeKind.CARE,
            rule=FAREWELL,
            version=_VERSION,
            text=words.format(name=locked.persona.name),
        )
        conversations.publish_on_commit(locked, frames.notice(notice))


def end_farewell(*, user: User, conversation_id: UUID) -> None:
    """Ends the last talk: the persona and every conversation with it rest. Raises WrongState and Http404."""
    conversation = conversations.get_conversation_for(user, conversation_id)
    persona = conversation.persona
    with transaction.atomic():
        locked = conversations.locked(conversation)
        if locked.state != ConversationState.FAREWELL:
            raise conversations.WrongState(gettext("There is no farewell to end here."))
        locked.farewell_at = timezone.now()
        locked.save(update_fields=["farewell_at"])
        for each in _talks_with(user, persona):
            if conversations.is_under_way(each) and not each.is_group:
                _set_state(each, ConversationState.RESTING)
    _stop_replies(user, Q(message__conversation__persona=persona, message__speaker=None) | Q(message__speaker=persona))


def take_up(*, user: User, conversation_id: UUID) -> None:
    """Opens the conversation again. One with a persona alone also ends its rest. Raises Http404."""
    conversation = conversations.get_conversation_for(user, conversation_id)
    with transaction.atomic():
        _set_state(conversation, ConversationState.OPEN)
        if not conversation.is_group:
            _talks_with(user, conversation.persona).exclude(farewell_at=None).update(farewell_at=None)


def listed(user: User) -> QuerySet[Conversation]:
    """The person's conversations without the archived ones."""
    return conversations.owned_by(user).exclude(state=ConversationState.ARCHIVED)


def archived(user: User) -> QuerySet[Conversation]:
    return conversations.owned_by(user).filter(state=ConversationState.ARCHIVED)


def _talks_with(user: User, persona: Persona) -> QuerySet[Conversation]:
    return conversations.owned_by(user).filter(persona=persona)


def _stop_replies(user: User, condition: Q) -> None:
    """Stops the unfinished replies. Call it after the change of state, so that nobody asks for one between the two."""
    unfinished = Reply.objects.filter(condition, message__conversation__owner=user, status__in=UNFINISHED)
    for reply in unfinished:
        messages.stop(user=user, reply_id=reply.id)


def _set_state(conversation: Conversation, state: ConversationState) -> None:
    with transaction.atomic():
        locked = conversations.locked(conversation)
        locked.state = state
        locked.save(update_fields=["state"])
