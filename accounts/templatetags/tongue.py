from django import template

from text import scripts

register = template.Library()

register.filter("site_language", scripts.site_language)
