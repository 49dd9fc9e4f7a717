"""What the review desk says about personas, which its own room does not know."""

from django import template

from accounts.models import User
from personas.audit import approvals

register = template.Library()


@register.simple_tag
def personas_waiting(reviewer: User) -> int:
    """How many personas wait for this reviewer's approval."""
    return approvals.waiting_for(reviewer).count()
