"""`{% scrolling "days" %}<table>…</table>{% endscrolling %}`: a table that scrolls by itself where it is too wide."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_block_tag
def scrolling(content: SafeString, heading: str) -> SafeString:
    """The keyboard reaches it, so that arrows scroll it. It has the name of the element whose id is `heading`.

    It is a group: as a region it would be a second landmark of its section's name.
    """
    return format_html(
        '<div class="table-scroll" role="group" tabindex="0" aria-labelledby="{}">{}</div>', heading, content
    )
