"""Lines that the owner of a draft tries: what would the persona answer? The model and the filter are the real ones.

Each line stands alone: there is no conversation, and none after TRIED lines. Nobody tries a persona that may not talk
with them (`personas.access`), as far as the draft says who it is, and nobody whom a moderator has suspended.

TryRefused              `user_message` says what to do
refusals.CreationRefused and QuotaExceeded pass through.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from accounts.sign_in import ages
from accounts.usage import quotas
from generation.jobs import waiting_room
from moderation.desk import restrictions
from moderation.monitor.watching import Talk
from personas import access, refusals
from personas.access import Portrait
from personas.forms import PersonaForm
from personas.memory import passages
from personas.models import Draft, Persona, TriedLine, TriedLineStatus
from personas.persona_fields import PersonaFields
from personas.prompting import prompt_sheet
from personas.prompting.prompt_sheet import Sheet
from personas.way_in import drafts, speakers
from text import cleaning, graphemes

KIND = "tried-line"
TRIED = 10  # lines of one draft
LONGEST = 500  # characters
LOST = gettext_noop("No model answered this line. Try it again.")
_RECALLED = 2  # passages that are offered to the prompt, as in a conversation
_OVERDUE = timedelta(seconds=30)
_UNNAMED = "The author"  # the prompt reads it


class TryRefused(refusals.CreationRefused):
    pass


def ask(*, user: User, draft: Draft, text: str) -> TriedLine:
    """Has a worker write what the persona would answer to this line. Raises CreationRefused, QuotaExceeded."""
    text = cleaning.clean(text).strip()
    fields = provisional_fields(draft)
    _refuse(user, draft, fields, text)
    refusals.refuse_unfit(fields)
    account = str(user.pk)
    try:
        waiting_room.admit(account=account, klass="interactive")
    except waiting_room.Full:
        raise TryRefused(gettext("Too many replies are waiting now. Try again in a minute.")) from None
    with transaction.atomic():
        quotas.spend(user=user, kind="messages")
        line = TriedLine.objects.create(draft=draft, text=text)
        transaction.on_commit(lambda: _hand_over(line))
    return line


def _refuse(user: User, draft: Draft, fields: PersonaFields, text: str) -> None:
    if draft.persona is not None:
        raise TryRefused(gettext("This persona is saved already. Talk with it to try it."))
    if not text:
        raise TryRefused(gettext("Write a line first, for example: How was your day?"))
    if len(text) > LONGEST:
        raise TryRefused(
            gettext("This line has %(text)s characters; the limit is %(longest)s. Make it shorter.")
            % {"text": len(text), "longest": LONGEST}
        )
    if draft.tried_lines.count() >= TRIED:
        raise TryRefused(
            gettext("You have tried %(tried)s lines, which is the limit for a draft. Save it to talk on.")
            % {"tried": TRIED}
        )
    if not draft.fields.get("import_consent") and drafts.used_files(draft):
        raise refusals.ImportNotAgreed
    if ages.is_minor(user) and not fields.depicts:
        raise TryRefused(gettext("Say first who this is. Then you can try a line."))
    refusals.refuse_to_minor(user, fields)
    refuse_silent(draft, fields)


def refuse_silent(draft: Draft, portrait: Portrait) -> None:
    """Raises TryRefused where the owner of the draft may not talk with this persona now."""
    if active := restrictions.active_for(user=draft.owner, conversation_id=draft.pk, persona_id=draft.pk):
        raise TryRefused(active[0].statement)
    if refused := access.refusal_to_try(draft.owner, portrait):
        raise TryRefused(refused.user_message)


def _hand_over(line: TriedLine) -> None:
    account = str(line.draft.owner_id)
    waiting_room.join(kind=KIND, job_id=str(line.pk), account=account, klass="interactive")


def provisional_fields(draft: Draft) -> PersonaFields:
    """What the draft says so far. Fields that are blank or wrong have no value, and the name is that of the speaker."""
    form = PersonaForm(draft.fields, persona=draft.persona, card=draft.card)
    form.is_valid()
    fields = form.provisional_fields()
    return fields if fields.name else replace(fields, name=likely_name(draft) or _UNNAMED)


def likely_name(draft: Draft) -> str:
    """The name under which the persona speaks in the files; empty if it has none there."""
    names = (speaker.name for speaker in speakers.of(draft) if speaker.role == speakers.Role.PERSONA)
    return graphemes.beginning(next(filter(None, names), ""), 80)


# --- The worker's side ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rehearsed:
    """All that a reply needs of a persona that is not stored."""

    persona: Persona  # not in the database any more
    sheet: Sheet
    memories: list[passages.Recalled]


def take(line_id: UUID) -> TriedLine | None:
    """Counts an attempt at a line that is still owed. None if it is not owed, or ends here after too many."""
    owed = TriedLine.objects.filter(pk=line_id, status=TriedLineStatus.QUEUED)
    if owed.filter(attempts__gte=settings.REPLY_ATTEMPTS).update(status=TriedLineStatus.FAILED, note=LOST):
        return None
    owed.update(attempts=F("attempts") + 1)
    return owed.select_related("draft__owner", "draft__persona").first()


@contextmanager
def rehearsed(line: TriedLine) -> Iterator[Rehearsed]:
    """The persona as the draft has it now. Raises ClassifierUnavailable."""
    with drafts.rehearsed(line.draft, provisional_fields(line.draft), left_out=Counter()) as persona:
        rehearsal = Rehearsed(
            persona=persona,
            sheet=prompt_sheet.sheet_for(persona),
            memories=passages.recall(persona, line.text, _RECALLED),
        )
    yield rehearsal


def talk(line: TriedLine, persona: Persona) -> Talk:
    """The draft as the desk knows it. A moderator who locks the conversation or disables the persona closes it."""
    name = f"{graphemes.beginning(persona.name, 70)} (draft)"
    return Talk(line.draft.owner, conversation_id=line.draft_id, persona_id=line.draft_id, persona_name=name)


def keep(line: TriedLine, status: TriedLineStatus, *, reply: str = "", note: str = "") -> None:
    """queued → `status`, once."""
    owed = TriedLine.objects.filter(pk=line.pk, status=TriedLineStatus.QUEUED)
    owed.update(status=status, reply=reply, note=note)


def ask_again() -> None:
    """Queues lines again that a worker or the waiting room has lost."""
    overdue = TriedLine.objects.filter(
        status=TriedLineStatus.QUEUED, created_at__lt=timezone.now() - _OVERDUE
    ).select_related("draft")[:100]
    lines = {str(line.pk): line for line in overdue}
    for line_id in waiting_room.absent(KIND, lines) if lines else ():
        _hand_over(lines[line_id])
