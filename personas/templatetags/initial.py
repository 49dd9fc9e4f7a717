from django import template

from text import graphemes

register = template.Library()


@register.filter
def initial(name: str) -> str:
    """The first letter of a name as a reader sees it, with its accents."""
    return graphemes.first(name).upper()
