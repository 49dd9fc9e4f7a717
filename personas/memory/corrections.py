"""The doors to one memory: find it through its owner, correct it, pin it.

CorrectionRefused       `user_message` says why the words cannot be kept
"""

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from moderation import user_turns
from personas.memory import forgetting
from personas.memory.facts import fact_in
from personas.memory.models import Memory
from personas.memory.writing import embed
from personas.models import Persona

LONGEST = 500  # characters of a correction


class CorrectionRefused(Exception):
    def __init__(self, user_message: str) -> None:
        super().__init__(user_message)
        self.user_message = user_message


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
    try:
        ruling = user_turns.judge([user_turns.Turn(text)], user=memory.owner, addressee=memory.persona)[0]
    except user_turns.FilterDown:
        raise CorrectionRefused(
            gettext("The safety check is not running, so nothing can be changed. Try again later.")
        ) from None
    if not ruling.is_answered:
        raise CorrectionRefused(
            ruling.refusal or (ruling.help.text if ruling.help else gettext("These words cannot be kept."))
        )
