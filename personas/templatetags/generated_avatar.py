from django import template
from django.utils.safestring import SafeString

from personas import seals

register = template.Library()


@register.simple_tag
def generated_avatar(name: str, size: str = "") -> SafeString:
    """The seal of a name as an `<svg class="avatar">`. `size`: small, large, or empty."""
    return seals.svg(name, size=size)
