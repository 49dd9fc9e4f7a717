from django import template

from text import graphemes

register = template.Library()


@register.filter
def initial(name: str) -> str:
    """The first letter of a name with its accents, in upper case."""
    return graphemes.first(name).upper()
