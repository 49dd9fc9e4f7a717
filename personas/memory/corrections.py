"""The doors to one memory: find it through its owner, correct it, pin it.

CorrectionRefused       `user_message` says why the words cannot be kept; `help` is the site's notice in a crisis
"""

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from accounts.usage import quotas
from moderation import lone_texts, user_turns
from moderation.crisis.notices import CrisisNotice
from moderation.monitor.watching import Talk
from personas.memory import forgetting
from personas.memory.facts import fact_in
from personas.memory.models import Memory
from personas.memory.writing import embed
from personas.models import Persona
from text import graphemes

LONGEST = 500  # characters of a correction


class CorrectionRefused(Exception):
    def __init__(self, user_message: str, help: CrisisNotice | None = None) -> None:
        super().__init__(user_message)
        self.user_message = user_message
        self.help = help


def get_memory_for(user: User, persona: Persona, memory_id: int) -> Memory:
    """A memory of this person and persona that is not forgotten. Raises Http404."""
    rows = Memory.objects.filter(owner=user, owner__is_active=True, persona=persona).exclude(text="")
    memory = rows.select_related("owner", "persona").filter(pk=memory_id).first()
    if memory is None:
        raise Http404
    return memory


def correct(memory: Memory, text: str) -> Memory:
    """Puts the person's new words in place of the memory, and forgets the old ones. Raises CorrectionRefused.

    The new words are judged as a message would be, since prompts will hold them.
    """
    text = " ".join(text.split())
    if not text or len(text) > LONGEST:
        raise CorrectionRefused(
            gettext("A memory has 1 to %(longest)s characters. You entered %(text)s.")
            % {"longest": LONGEST, "text": len(text)}
        )
    if text == memory.text:
        return memory
    _refuse_unfit(memory, text)
    corrected = Memory(
        persona=memory.persona,
        owner=memory.owner,
        conversation_id=memory.conversation_id,
        message_id=memory.message_id,
        position=_free_position(memory),
        text=text,
        said_at=timezone.now(),
        is_corrected=True,
        is_pinned=memory.is_pinned,
    )
    if fact := fact_in(text):
        corrected.kind, corrected.slot = fact.kind, fact.slot
    embed([corrected])
    forgetting.forget(memory)
    corrected.save()
    return corrected


def pin(memory: Memory, *, is_pinned: bool) -> None:
    Memory.objects.filter(pk=memory.pk).update(is_pinned=is_pinned)


def _free_position(memory: Memory) -> int:
    """After all pieces of the message. The old row keeps its place, so that its line is not read again."""
    positions = Memory.objects.filter(message_id=memory.message_id).values_list("position", flat=True)
    return max([_AFTER_PIECES, *positions]) + 1


_AFTER_PIECES = 10_000  # more pieces than a message can have


def _refuse_unfit(memory: Memory, text: str) -> None:
    """Judges the words, which counts as a message, also if they are refused. Raises CorrectionRefused."""
    # A case of them is one of the conversation that the memory comes from.
    place = Talk(
        memory.owner,
        conversation_id=memory.conversation_id,
        persona_id=memory.persona_id,
        persona_name=f"{graphemes.beginning(memory.persona.name, 70)} (memory)",
    )
    try:
        quotas.check(user=memory.owner, kind="messages")
        ruling = lone_texts.judge(text, talk=place, addressee=memory.persona)
        quotas.spend(user=memory.owner, kind="messages")
    except quotas.QuotaExceeded as error:
        raise CorrectionRefused(error.user_message) from None
    except user_turns.FilterDown as down:
        message = gettext("The safety check is not running, so nothing can be changed. Try again later.")
        raise CorrectionRefused(message, down.help) from None
    if not ruling.is_answered:
        raise CorrectionRefused(ruling.refusal or gettext("The memory stays as it was."), ruling.help)
