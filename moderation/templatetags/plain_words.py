from django import template

from moderation.plain_words import category_in_words

register = template.Library()

register.filter("in_words", category_in_words)
