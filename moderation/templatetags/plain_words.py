from django import template

from moderation.desk import labels, merging
from moderation.plain_words import action_in_words, category_in_words, speaker_in_words, topic_in_words
from moderation.policies import history

register = template.Library()

register.filter("in_words", category_in_words)
register.filter("label_in_words", labels.in_words)
register.filter("detail", merging.detail_of)
register.filter("origin", history.origin)
register.filter("as_action", action_in_words)
register.filter("topic_in_words", topic_in_words)
register.filter("of_speaker", speaker_in_words)
