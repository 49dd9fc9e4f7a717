"""Conversations with several personas: the doors of who takes part, and whose turn it is.

Every persona of a group must be one that the person may talk with. A persona that may not talk for now (it rests, is
disabled, is not confirmed) stays a member and falls silent. Raises `conversations.Refused`.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import User
from chat.conversation import conversations, first_talk, message_care, queueing, remembering, transcripts, turn_taking
from chat.conversation.conversations import Refused, WrongState
from chat.models import UNFINISHED, Author, Conversation, ConversationState, Member, Message, Reply
from chat.socket import frames
from moderation import user_turns
from moderation.filter import policy
from moderation.user_turns import Ruling, Turn
from persona_site.redis import cancel_key, connection
from personas import creation
from personas.memory import passages
from personas.models import Persona
from personas.prompting import prompt

FEWEST, MOST = 2, 6  # personas of a group
_TURNS_READ = 16  # of the talk, to decide whose turn it is


# --- Who takes part -----------------------------------------------------------------------------


@transaction.atomic
def start(*, user: User, persona_ids: Sequence[UUID]) -> Conversation:
    """Starts a conversation with several personas. The first one's opening line begins it. Raises Refused, Http404."""
    if not FEWEST <= len(set(persona_ids)) <= MOST:
        raise WrongState(
            _("Choose between {fewest} and {most} personas. You chose {count}.").format(
                fewest=FEWEST, most=MOST, count=len(set(persona_ids))
            )
        )
    first, *others = dict.fromkeys(persona_ids)
    conversation = conversations.start(user=user, persona_id=first)
    for persona_id in others:
        persona = admitted(user, conversation, persona_id)
        join(conversation, persona)
        first_talk.shown_with(persona, conversation)
    return conversation


def add(*, user: User, conversation_id: UUID, persona_id: UUID) -> None:
    """Adds a persona to a conversation. A conversation with one persona becomes a group. Raises Refused, Http404."""
    conversation = conversations.get_conversation_for(user, conversation_id)
    persona = admitted(user, conversation, persona_id)
    with transaction.atomic():
        conversation = conversations.locked(conversation)
        _refuse_unless_open(conversation)
        join(conversation, persona)
        first_talk.shown_with(persona, conversation)
        _tell(conversation)


def remove(*, user: User, conversation_id: UUID, persona_id: UUID) -> None:
    """Takes a persona out of a group. What it said stays. Raises Refused and Http404."""
    conversation = conversations.get_conversation_for(user, conversation_id)
    with transaction.atomic():
        conversation = conversations.locked(conversation)
        _refuse_unless_open(conversation)
        conversations.refuse_unfinished(conversation)
        member = _member(conversation, persona_id)
        if not conversation.is_group:
            raise WrongState(_("A conversation needs a persona. Delete the conversation if you want to end it."))
        _leave(conversation, member)
        _tell(conversation)


def mute(*, user: User, conversation_id: UUID, persona_id: UUID, is_muted: bool) -> None:
    """A muted persona takes no turns until the person asks it to speak. Raises Http404."""
    conversation = conversations.get_conversation_for(user, conversation_id)
    member = _member(conversation, persona_id)
    member.is_muted = is_muted
    member.save(update_fields=["is_muted"])
    _tell(conversation)


def forget_persona(persona: Persona) -> None:
    """Removes a persona that is deleted from every conversation, with all that it said.

    A conversation with it alone is deleted as a whole.
    """
    took_part = Q(pk__in=Member.objects.filter(persona=persona).values("conversation"))
    has_spoken = Q(pk__in=Message.objects.filter(speaker=persona).values("conversation"))  # also if it has left since
    for conversation in Conversation.objects.filter(took_part | has_spoken):
        if conversation.is_group or conversation.persona_id != persona.pk:
            _take_out_with_words(conversation, persona)
    for conversation in Conversation.objects.filter(persona=persona):
        conversations.remove(conversation)


def admitted(user: User, conversation: Conversation, persona_id: UUID) -> Persona:
    """The persona, if the person may talk with it here. Raises Refused and Http404."""
    persona = creation.get_persona_for(user, persona_id)
    conversations.refuse_silent(user, persona, conversation_id=conversation.id)
    return persona


def _refuse_unless_open(conversation: Conversation) -> None:
    """Raises WrongState. A farewell was said to the one persona that takes part, and stays with it."""
    if conversation.state != ConversationState.OPEN:
        raise WrongState(_("Who takes part can only change while the conversation is open."))


def join(conversation: Conversation, persona: Persona) -> None:
    """Makes an admitted persona a member, and with the second one also the first. Raises WrongState."""
    personas = conversation.personas
    if persona in personas:
        raise WrongState(_("{name} takes part already.").format(name=persona.name))
    if len(personas) >= MOST:
        raise WrongState(_("A conversation has at most {most} personas.").format(most=MOST))
    if _label(persona) in map(_label, personas):
        raise WrongState(
            _("Another persona here is also called {name}. Rename one of them first.").format(name=persona.name)
        )
    if len(personas) == 1:
        conversation.messages.filter(author=Author.PERSONA, speaker=None).update(speaker=conversation.persona)
        Member.objects.get_or_create(conversation=conversation, persona=conversation.persona, defaults={"color": 1})
    colors = set(conversation.members.values_list("color", flat=True))
    color = min(set(range(1, MOST + 1)) - colors)
    Member.objects.create(conversation=conversation, persona=persona, color=color)


def _label(persona: Persona) -> str:
    return prompt.label(persona.name).casefold()


def _leave(conversation: Conversation, member: Member) -> None:
    """Takes a member out. The next one becomes the conversation's persona if it was the first."""
    member.delete()
    conversation.persona = conversation.members.select_related("persona")[0].persona
    conversation.save(update_fields=["persona"])


def _take_out_with_words(conversation: Conversation, persona: Persona) -> None:
    with transaction.atomic():
        conversation = conversations.locked(conversation)
        own = conversation.messages.filter(speaker=persona).order_by("created_at")
        for reply in Reply.objects.filter(message__in=own, status__in=UNFINISHED):
            connection().set(cancel_key(reply.id), 1, ex=3600)
            queueing.call_off(reply)
        remembering.forget_messages(conversation, own)
        for message_id in list(own.values_list("id", flat=True)):
            message_care.take_out(conversation, conversation.messages.get(pk=message_id))
        if member := conversation.members.filter(persona=persona).first():
            _leave(conversation, member)


def _member(conversation: Conversation, persona_id: UUID) -> Member:
    member = conversation.members.filter(persona_id=persona_id).select_related("persona").first()
    if member is None:
        raise Http404("This persona takes no part in the conversation.")
    return member


def _tell(conversation: Conversation) -> None:
    """Has every tab load the thread again. It holds a template for the messages of each member."""
    conversations.publish_on_commit(conversation, frames.thread_changed(conversation))


@dataclass(frozen=True)
class Participant:
    """A persona that takes part in a conversation, for its pages."""

    persona: Persona
    color: int | None = None  # None: it is alone
    is_muted: bool = False
    silence: str = ""  # why it says nothing for now


def participants(conversation: Conversation) -> list[Participant]:
    """In the order in which they joined."""
    alone = [Member(persona=conversation.persona)]
    return [
        Participant(member.persona, member.color, member.is_muted, _reason(silence_of(conversation, member.persona)))
        for member in list(conversation.members.all()) or alone
    ]


def _reason(silence: Refused | None) -> str:
    return silence.detail if silence else ""


# --- Who may speak ------------------------------------------------------------------------------


def silence_of(conversation: Conversation, persona: Persona) -> Refused | None:
    """Why the persona may not speak here now. None if it may."""
    if persona not in conversation.personas:
        return WrongState(_("{name} takes no part in this conversation any more.").format(name=persona.name))
    try:
        conversations.refuse_silent(conversation.owner, persona, conversation_id=conversation.id)
    except Refused as refused:
        return refused
    return None


def speakers(conversation: Conversation) -> list[Persona]:
    """The personas that take turns now. Raises Refused if there is none, with the reason of the first."""
    muted = {member.persona_id for member in conversation.members.all() if member.is_muted}
    silences = {persona: silence_of(conversation, persona) for persona in conversation.personas}
    able = [persona for persona, silence in silences.items() if silence is None]
    if not able:
        raise next(silence for silence in silences.values() if silence)
    unmuted = [persona for persona in able if persona.pk not in muted]
    if not unmuted:
        raise WrongState(_("Everybody who could answer is muted. Let one of them speak, or unmute one."))
    return unmuted


def judge(turns: Sequence[Turn], *, user: User, personas: Sequence[Persona]) -> list[Ruling]:
    """A ruling for each turn of a talk with these personas. If some have rules of their own, the strictest one counts.

    Raises user_turns.FilterDown.
    """
    by_each = [user_turns.judge(turns, user=user, addressee=persona) for persona in _of_own_rules(personas)]
    return [max(rulings, key=_strictness) for rulings in zip(*by_each, strict=True)]


def _of_own_rules(personas: Sequence[Persona]) -> list[Persona]:
    """One persona for each set of rules."""
    try:
        return list({policy.for_persona(persona.pk): persona for persona in reversed(personas)}.values())
    except Exception:  # `user_turns.judge` meets the same fault, and knows what follows
        return [personas[0]]


def _strictness(ruling: Ruling) -> tuple[bool, int]:
    return not ruling.is_answered, policy.strength(ruling.verdict.action)


# --- Whose turn it is ---------------------------------------------------------------------------


def who_answers(personas: Sequence[Persona], head: UUID | None, text: str) -> Persona:
    """The one of these `speakers` that answers a message of the person, which follows `head`."""
    if len(personas) == 1:
        return personas[0]
    return _next(personas, [*_talk(head), turn_taking.Line(None, text)], str(head)) or personas[0]


def who_follows(reply: Reply, text: str) -> Persona | None:
    """The persona that speaks after a reply with this text. None: it is the person's turn."""
    message = reply.message
    if not message.conversation.is_group or connection().exists(cancel_key(reply.id)):
        return None
    talk = [*_talk(message.parent_id), turn_taking.Line(message.persona.pk, text)]
    try:
        return _next(speakers(message.conversation), talk, str(message.id))
    except Refused:
        return None


def _talk(head: UUID | None) -> list[turn_taking.Line]:
    return [
        turn_taking.Line(None if turn.speaker == "user" else turn.persona_id, turn.text)
        for turn in transcripts.newest_turns(head, _TURNS_READ)
    ]


def _next(personas: Sequence[Persona], talk: Sequence[turn_taking.Line], moment: str) -> Persona | None:
    by_id = {persona.pk: persona for persona in personas}
    voices = [
        turn_taking.Voice(
            persona.pk,
            persona.name,
            interest=passages.interest(persona, talk[-1].text),
            chance=random.Random(f"{moment}{persona.pk}").random(),  # noqa: S311 (the same for the same turn)
        )
        for persona in personas
    ]
    chosen = turn_taking.next_speaker(voices, talk)
    return by_id[chosen] if chosen else None
