from django import template

from text import lists

register = template.Library()

register.filter("listed", lists.listed)
register.filter("joined", lists.joined)
