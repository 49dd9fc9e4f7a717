from django import template

from moderation.desk import yearly

register = template.Library()
register.filter("duration", yearly.in_words)
