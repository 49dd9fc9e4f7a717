"""Whether a fine-tune's work waits: its owner might use the persona when it was queued, and may not now."""

from moderation.desk import restrictions
from personas import access
from personas.models import FineTune


def is_held(fine_tune: FineTune) -> bool:
    """Whether the owner may not use the persona now.

    The account was closed or suspended, a decision or an objection stands against the persona, or a rule of access.
    """
    persona, owner = fine_tune.persona, fine_tune.persona.owner
    if owner is None or not owner.is_active or access.without_approval(owner, persona):
        return True
    return bool(restrictions.active_for(user=owner, persona_id=persona.pk))
