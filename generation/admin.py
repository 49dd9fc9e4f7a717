from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from generation import catalogue
from generation.models import ModelEntry


@admin.register(ModelEntry)
class ModelEntryAdmin(admin.ModelAdmin):
    """Shows the models' state; a change goes through the catalogue's doors."""

    list_display = ["name", "status", "progress", "step", "is_active"]
    readonly_fields = ["name", "status", "progress", "step", "error", "is_active"]
    actions = ["activate"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelEntry | None = None) -> bool:
        return False

    @admin.action(description="Let the selected model speak", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[ModelEntry]) -> None:
        names: list[Any] = list(queryset.values_list("name", flat=True))
        if len(names) != 1:
            self.message_user(request, "One model speaks at a time; select one.", messages.ERROR)
            return
        try:
            catalogue.activate(names[0])
        except catalogue.CatalogueError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, f"{names[0]} speaks from the next reply on.", messages.SUCCESS)
