from django import template

from stories import pressing

register = template.Library()
register.simple_tag(pressing.field, name="press_once")
