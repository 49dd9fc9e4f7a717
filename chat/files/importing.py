"""Imports conversations from a file as a person's conversations with a persona.

Every text is judged as if it were written now. What the filter withholds is kept, shown to its owner as withheld, and
never put into a prompt. Personal data that the filter masks in a persona's lines is masked here too. The lines of a
group's file are given to the person's personas of the same names.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.usage import quotas
from chat.conversation import branch_care, conversations, first_talk, groups, queueing
from chat.conversation.conversations import ModerationDown, OverQuota, WrongState
from chat.files import import_formats
from chat.files.import_formats import Talk, Turn
from chat.models import Author, Conversation, Message
from moderation import user_turns
from moderation.crisis import ladder
from moderation.filter import assessment
from moderation.user_turns import Ruling
from persona_site.redis import connection
from personas import creation
from personas.models import Persona
from text import graphemes

MOST_CHARACTERS = 25 * settings.MESSAGE_CHARACTERS  # of a file; to judge 8,000 takes two seconds of processor time
_CHARACTERS_OF_A_TURN = 500  # that take as long to judge as a text takes besides its own characters
_LONGEST_SECONDS = 600  # of judging one file
_TICK = timedelta(microseconds=1)


def import_file(*, user: User, persona_id: UUID, content: bytes) -> list[Conversation]:
    """Stores the conversations of a file. Raises Refused and Http404; then nothing is stored."""
    persona = creation.get_persona_for(user, persona_id)
    conversations.refuse_silent(user, persona)
    try:
        talks = import_formats.read(content)
    except import_formats.NotReadable as error:
        raise WrongState(str(error)) from None
    turns = [_kept(talk) for talk in talks]
    every_turn = [turn for kept in turns for turn in kept]
    _refuse_long(every_turn)
    casts = [_cast(kept, user, persona) for kept in turns]
    with _one_at_a_time(user):
        _spend(user, every_turn)
        rulings = [_judged(kept, user, cast) for kept, cast in zip(turns, casts, strict=True)]
    with transaction.atomic():
        return [
            _store(user, cast, talk, kept, judged)
            for talk, cast, kept, judged in zip(talks, casts, turns, rulings, strict=True)
            if kept
        ]


Cast = dict[str, Persona]  # by the name that the file gives to it


def _cast(turns: Sequence[Turn], user: User, chosen: Persona) -> Cast:
    """Who says the lines of personas. In a group's file, a name is that of one of the person's personas, if it can be.

    All other lines are those of the chosen persona.
    """
    names = list(dict.fromkeys(turn.name for turn in turns if turn.author == Author.PERSONA))
    if len(names) < groups.FEWEST:
        return dict.fromkeys(names or [""], chosen)
    cast: Cast = {}
    for name in names:
        persona = next(_called(name, user, chosen), chosen)
        has_room = len({*cast.values(), chosen, persona}) <= groups.MOST
        cast[name] = persona if has_room else chosen
    return cast


def _called(name: str, user: User, chosen: Persona) -> Iterator[Persona]:
    """The personas of this name that the person may talk with: the chosen one, then their own, then shared ones."""
    visible = creation.visible_to(user).filter(name__iexact=name.strip()).order_by("is_shared", "created_at")
    for persona in sorted(visible, key=lambda persona: persona != chosen):
        with suppress(conversations.Refused):
            conversations.refuse_silent(user, persona)
            yield persona


def _kept(talk: Talk) -> list[Turn]:
    """The turns that have an author and a text, parents first. Each has the nearest such turn above it as its parent.

    Turns that hang below themselves are left out.
    """
    children: dict[str | None, list[Turn]] = defaultdict(list)
    ids = {turn.id for turn in talk.turns}
    for turn in talk.turns:
        children[turn.parent if turn.parent in ids else None].append(turn)
    kept: list[Turn] = []
    seen: set[str] = set()
    waiting: list[tuple[Turn, str | None]] = [(turn, None) for turn in reversed(children[None])]
    while waiting:
        turn, above = waiting.pop()
        if turn.id in seen:
            continue
        seen.add(turn.id)
        if turn.author and turn.text.strip():
            kept.append(replace(turn, parent=above))
            above = turn.id
        waiting += [(child, above) for child in reversed(children[turn.id])]
    return kept


def _refuse_long(turns: Sequence[Turn]) -> None:
    total = sum(len(turn.text) for turn in turns)
    if total > MOST_CHARACTERS:
        raise WrongState(
            _("The messages of this file have {count} characters; the limit is {limit}. Import it in parts.").format(
                count=f"{total:,}", limit=f"{MOST_CHARACTERS:,}"
            )
        )
    limit = settings.MESSAGE_CHARACTERS
    longest = max((len(turn.text) for turn in turns), default=0)
    if longest > limit:
        raise WrongState(
            _("A message of this file has {count} characters; the limit is {limit}. Shorten it.").format(
                count=f"{longest:,}", limit=f"{limit:,}"
            )
        )


@contextmanager
def _one_at_a_time(user: User) -> Iterator[None]:
    """Raises WrongState while another file of the person is judged, which takes up to minutes."""
    key = f"conversation-import:{user.pk}"
    if not connection().set(key, 1, nx=True, ex=_LONGEST_SECONDS):
        raise WrongState(_("Another file of yours is being imported. Wait until it has ended."))
    try:
        yield
    finally:
        connection().delete(key)


def _spend(user: User, turns: Sequence[Turn]) -> None:
    """Counts the file as one conversation, and as the messages that take as long to judge, before they are judged.

    Raises OverQuota.
    """
    characters = sum(len(turn.text) + _CHARACTERS_OF_A_TURN for turn in turns)
    amount = math.ceil(characters / settings.MESSAGE_CHARACTERS)
    try:
        with transaction.atomic():
            quotas.spend(user=user, kind="conversations")
            quotas.spend(user=user, kind="messages", amount=amount)
    except quotas.QuotaExceeded as error:
        raise OverQuota(error.user_message, error.retry_after) from error


def _judged(turns: list[Turn], user: User, cast: Cast) -> list[Ruling]:
    by_id = {turn.id: turn for turn in turns}
    own_texts: list[str] = []
    to_judge = []
    for turn in turns:
        before = by_id[turn.parent].text if turn.parent else ""
        if turn.author == Author.USER:
            earlier = tuple(own_texts[-user_turns.EARLIER :])
            to_judge.append(user_turns.Turn(turn.text, before, earlier))
            own_texts.append(turn.text)
        else:
            to_judge.append(user_turns.Turn(turn.text, before, source="persona"))
    personas = list(dict.fromkeys(cast.values()))
    try:
        rulings = groups.judge(to_judge, user=user, personas=personas)
    except user_turns.FilterDown as down:
        raise ModerationDown(down.help) from None
    if not all(ruling.is_judged for ruling in rulings):
        level = ladder.highest(ruling.verdict.level for ruling in rulings)
        raise ModerationDown(user_turns.help_for(user, level, answering=own_texts[-1] if own_texts else ""))
    return rulings


def _head(talk: Talk, messages: dict[str, Message]) -> Message:
    """The last stored message of the branch that was read. The end of a branch may have no words: a failed reply."""
    parents = {turn.id: turn.parent for turn in talk.turns}
    at: str | None = talk.head
    while at in parents and at not in messages:
        at = parents.pop(at)  # popped, so that a branch that bites its tail ends
    return messages[at] if at in messages else list(messages.values())[-1]


def _store(user: User, cast: Cast, talk: Talk, turns: list[Turn], rulings: list[Ruling]) -> Conversation:
    title = graphemes.beginning(" ".join(talk.title.split()), 120)
    first, *others = dict.fromkeys(cast.values())
    conversation = Conversation.objects.create(owner=user, persona=first, title=title)
    for persona in others:
        groups.join(conversation, persona)
    messages: dict[str, Message] = {}
    latest: dict[str | None, datetime] = {}  # below each parent
    now = timezone.now()
    for turn, ruling in zip(turns, rulings, strict=True):
        above = messages[turn.parent] if turn.parent else None
        floor = latest.get(turn.parent) or (above.created_at if above else datetime.min.replace(tzinfo=now.tzinfo))
        at = max(min(turn.at or now, now), floor + _TICK)  # the later of two siblings is the newer one
        latest[turn.parent] = at
        messages[turn.id] = Message(
            conversation=conversation,
            parent=above,
            author=turn.author,
            speaker=cast[turn.name] if turn.author == Author.PERSONA else None,
            text=turn.text if turn.author == Author.USER else ruling.verdict.text,
            is_withheld=not ruling.is_answered,
            is_pinned=turn.is_pinned,
            branch_name=branch_care.fitting_name(turn.branch_name),
            created_at=at,
        )
    Message.objects.bulk_create(messages.values())
    for message, ruling in zip(messages.values(), rulings, strict=True):
        assessment.record(
            ruling.verdict, user=user, conversation_id=conversation.id, message_id=message.id, is_imported=True
        )
    conversation.head = _head(talk, messages)
    conversation.save(update_fields=["head"])
    for persona in (first, *others):
        first_talk.shown_with(persona, conversation)
    transaction.on_commit(lambda: queueing.have_history_monitored(conversation.id), robust=True)
    return conversation
