from django import template

from text import marks

register = template.Library()

register.filter("without_marks", marks.without_marks)
