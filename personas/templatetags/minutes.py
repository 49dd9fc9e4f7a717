"""A time in words."""

from django import template
from django.utils.translation import ngettext

register = template.Library()


@register.filter
def minutes(seconds: float | None) -> str:
    """The time in whole minutes, rounded up: 1 minute, 8 minutes."""
    count = max(1, -int(-(seconds or 0) // 60))
    return ngettext("%(count)s minute", "%(count)s minutes", count) % {"count": count}
