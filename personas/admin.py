"""Personas and sources in the admin: staff can find and count them, but not read their words."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from accounts.admin import ReadOnlyAdmin, column
from personas.models import Persona, Source


@admin.register(Persona)
class PersonaAdmin(ReadOnlyAdmin):
    """Shows counts only. The words of a persona are for its owner."""

    list_display = ("id", "owner", "depicts", "language", "is_shared", "source_count", "passage_count", "created_at")
    list_filter = ("depicts", "is_shared", "language")
    search_fields = ("id", "owner__username", "owner__email")
    fields = ("id", "owner", "depicts", "language", "is_shared", "sampling", "created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Persona]:
        personas: QuerySet[Persona] = super().get_queryset(request).annotate(
            sources_total=Count("sources", distinct=True), passages_total=Count("passages", distinct=True)
        )  # fmt: skip
        return personas

    @admin.display(description=gettext_lazy("sources"))
    def source_count(self, persona: Any) -> int:
        return int(persona.sources_total)

    @admin.display(description=gettext_lazy("passages"))
    def passage_count(self, persona: Any) -> int:
        return int(persona.passages_total)


_OF_PERSONA = column("persona_id", gettext_lazy("persona"))


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    list_display = ("id", _OF_PERSONA, "format", "status", "bytes", "created_at")
    list_filter = ("format", "status")
    search_fields = ("id", "persona__id", "persona__owner__email")
    fields = ("id", _OF_PERSONA, "format", "status", "error", "bytes", "created_at")
