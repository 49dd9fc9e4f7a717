from django import template

from moderation.desk import labels
from moderation.plain_words import ACTIONS, SPEAKERS, category_in_words
from moderation.policies import history

register = template.Library()

register.filter("in_words", category_in_words)
register.filter("label_in_words", labels.in_words)
register.filter("origin", history.origin)


@register.filter
def as_action(action: str) -> str:
    return ACTIONS[action]


@register.filter
def of_speaker(direction: str) -> str:
    return SPEAKERS[direction]
