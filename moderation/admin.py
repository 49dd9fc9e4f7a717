"""The desk's objects in the admin, read-only, to browse and search.

Decisions, lifts and answers are made at the desk, which asks for a reason; each row links there. The owner changes
the policy on its own pages. Nobody can change the audit trail.
People appear by their number: no name or address is shown, searched, filtered or ordered by.
"""

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from accounts.admin import ReadOnlyAdmin, Values, column
from accounts.models import User
from moderation.desk import cases, evidence, merging, queries, restrictions, sight
from moderation.models import Action, Appeal, Assessment, AuditEntry, Case, Policy, Restriction, Rule, Topic
from moderation.plain_words import category_in_words
from text.lists import listed


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _is_reader(request: HttpRequest) -> bool:
    return restrictions.may_read(request.user)


# The numbers of people.
_USER = column("user_id", gettext_lazy("person"))
_MODERATOR = column("moderator_id", gettext_lazy("moderator"))
_LIFTED_BY = column("lifted_by_id", gettext_lazy("lifted by"))
_ANSWERED_BY = column("answered_by_id", gettext_lazy("answered by"))
_MADE_BY = column("made_by_id", gettext_lazy("made by"))


class DeskAdmin(ReadOnlyAdmin):
    """Moderators and auditors can view. Nobody, the owner included, can add, change or delete."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_reader(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_reader(request)


def _desk_link(name: str, key: Any, words: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(f"moderation:{name}", args=[key]), words)


@admin.register(Case)
class CaseAdmin(DeskAdmin):
    list_display = ("id", "about", "severity", "status", "due_at", "persona_name", _USER, "at_the_desk")
    list_filter = ("status", "is_restricted")
    search_fields = ("=id", "=conversation_id", "persona_name", "=user__id")
    fields = (
        "at_the_desk",
        "about",
        "status",
        "severity",
        "is_restricted",
        "due_at",
        "opened_at",
        _USER,
        "conversation_id",
        "persona_id",
        "persona_name",
        "reasons",
        "words",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return sight.visible_to(_person(request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        case = cast(Case | None, self.get_object(request, object_id))
        if case is not None and _is_reader(request):
            cases.view(case=case, moderator=_person(request))
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.display(description=gettext_lazy("Decide"))
    def at_the_desk(self, case: Case) -> SafeString:
        return _desk_link("case", case.pk, gettext("Open at the desk"))

    @admin.display(description=gettext_lazy("About"))
    def about(self, case: Case) -> str:
        return listed([category_in_words(category) for category in case.categories])

    @admin.display(description=gettext_lazy("Why it is here"))
    def reasons(self, case: Case) -> SafeString:
        rows = ((f["signal"], f["category"], f["score"], f["threshold"], merging.detail_of(f)) for f in case.findings)
        return format_html_join(SafeString("<br>"), gettext("{} · {} · score {}, threshold {} · {}"), rows)

    @admin.display(description=gettext_lazy("The words in context"))
    def words(self, case: Case) -> SafeString:
        rows = (
            (
                turn.speaker,
                gettext("These words are covered. Ask for them at the desk.") if turn.is_covered else turn.text,
            )
            for turn in evidence.shown(case)
        )
        return format_html_join("", "<p><strong>{}</strong> {}</p>", rows)


@admin.register(Action)
class ActionAdmin(DeskAdmin):
    list_display = ("decided_at", "kind", _MODERATOR, "policy_version", "case")
    list_filter = ("kind",)
    search_fields = ("=case__id", "reason")
    fields = ("case", _MODERATOR, "kind", "reason", "policy_version", "decided_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return Action.objects.filter(case__in=sight.visible_to(_person(request))).select_related("case")


@admin.register(Restriction)
class RestrictionAdmin(DeskAdmin):
    list_display = ("id", "kind", _USER, "starts_at", "ends_at", "lifted_at", "at_the_desk")
    list_filter = ("kind",)
    search_fields = ("=id", "=conversation_id", "=persona_id", "=user__id")
    fields = (
        "at_the_desk",
        "kind",
        _USER,
        "conversation_id",
        "persona_id",
        "statement",
        "starts_at",
        "ends_at",
        "acknowledged_at",
        "lifted_at",
        _LIFTED_BY,
        "lift_reason",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return queries.restrictions_visible_to(_person(request))

    @admin.display(description=gettext_lazy("Lift"))
    def at_the_desk(self, restriction: Restriction) -> SafeString:
        return _desk_link("restriction", restriction.pk, gettext("Open at the desk"))


@admin.register(Appeal)
class AppealAdmin(DeskAdmin):
    list_display = ("filed_at", "outcome", "answered_at", "restriction", "at_the_desk")
    list_filter = ("outcome",)
    fields = (
        "at_the_desk",
        "restriction",
        _USER,
        "text",
        "filed_at",
        _ANSWERED_BY,
        "answered_at",
        "outcome",
        "answer",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        visible = queries.restrictions_visible_to(_person(request))
        return Appeal.objects.filter(restriction__in=visible).select_related("restriction")

    @admin.display(description=gettext_lazy("Answer"))
    def at_the_desk(self, appeal: Appeal) -> SafeString:
        return _desk_link("restriction", appeal.restriction_id, gettext("Open at the desk"))


class ReadOnlyInline(admin.TabularInline):
    template = "admin/scrolling_inline.html"
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_reader(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RuleInline(ReadOnlyInline):
    model = Rule


class TopicInline(ReadOnlyInline):
    model = Topic


@admin.register(Policy)
class PolicyAdmin(DeskAdmin):
    """Versions. The owner changes the policy on its own pages, which ask for a reason."""

    list_display = ("version", "is_active", "activated_at", _MADE_BY, "made_from", "on_its_page")
    fields = (
        "on_its_page",
        "version",
        "is_active",
        "created_at",
        "activated_at",
        "shadow_since",
        "shadow_until",
        _MADE_BY,
        "made_from",
        "reason",
        "requires_persona_approval",
        "break_notice_hours",
        "shows_own_personal_data",
    )
    readonly_fields = fields
    inlines = (RuleInline, TopicInline)

    @admin.display(description=gettext_lazy("Compare, go back"))
    def on_its_page(self, policy: Policy) -> SafeString:
        return _desk_link("policy_version", policy.version, gettext("Open its page"))


@admin.register(Assessment)
class AssessmentAdmin(DeskAdmin):
    list_display = ("created_at", "direction", "action", "category", "level", "policy_version", "conversation_id")
    list_filter = ("direction", "action", ("category", Values), ("level", Values))
    search_fields = ("=id", "=conversation_id", "=message_id")
    fields = (
        "created_at",
        _USER,
        "conversation_id",
        "message_id",
        "direction",
        "action",
        "category",
        "probabilities",
        "set_aside",
        "level",
        "policy_version",
        "classifier_version",
    )
    readonly_fields = fields


@admin.register(AuditEntry)
class AuditEntryAdmin(DeskAdmin):
    list_display = ("id", "created_at", "action", "subject", "actor")
    list_filter = ("action",)
    search_fields = ("subject", "actor", "action")
    ordering = ("-id",)
