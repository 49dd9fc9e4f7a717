from django import template

from moderation.desk import labels
from moderation.plain_words import category_in_words

register = template.Library()

register.filter("in_words", category_in_words)
register.filter("label_in_words", labels.in_words)
