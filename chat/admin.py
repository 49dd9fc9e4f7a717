"""Conversations by id and state, without their texts. A moderator reads flagged text in its case."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from accounts.admin import ReadOnlyAdmin, Values, column
from chat.models import Conversation, Notice, Reply


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = fields = (
        "id",
        column("owner_id", gettext_lazy("person")),
        column("persona_id", gettext_lazy("persona")),
        "created_at",
        "updated_at",
    )
    search_fields = ("=id", "=owner__id", "=persona__id")


@admin.register(Reply)
class ReplyAdmin(ReadOnlyAdmin):
    list_display = ("id", "status", "attempt", "model", "code", "category", "completion_tokens", "queued_at")
    list_filter = ("status", ("code", Values), ("model", Values))
    search_fields = ("=id", "=message__conversation__id")
    exclude = ("prefix", "message")


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("kind", "rule", "version", column("conversation_id", gettext_lazy("conversation")), "shown_at")
    list_filter = ("kind", "rule", "version")
    search_fields = ("=conversation__id",)
    exclude = ("message", "conversation")
