"""What the review desk decided about a person, for their account page, whose room does not know of it."""

from django import template
from django.db.models import QuerySet

from accounts.models import User
from moderation.desk import restrictions
from moderation.models import Restriction

register = template.Library()


@register.simple_tag
def decisions_about(person: User) -> QuerySet[Restriction]:
    return restrictions.addressed_to(person)
