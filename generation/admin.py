from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from generation import catalogue, overview
from generation.models import EngineEntry, ModelEntry


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


@admin.register(EngineEntry)
class EngineEntryAdmin(admin.ModelAdmin):
    """The list is the engine room: how every engine does, and its switch. The form is what an engine is."""

    fieldsets = (
        (None, {"fields": ("name", "kind", "is_enabled", "order", "weight")}),
        (
            "Remotes",
            {
                "fields": (
                    "base_url",
                    "model",
                    "context_length",
                    "prompt_form",
                    "key_variable",
                    "first_token_seconds",
                    "between_tokens_seconds",
                )
            },
        ),
        ("Prices", {"fields": ("prompt_price", "completion_price", "currency")}),
        ("Budgets", {"fields": ("tokens_per_day", "money_per_day", "tokens_per_person")}),
    )

    def get_urls(self) -> list[URLPattern]:
        switch = self.admin_site.admin_view(require_POST(self.switch))
        return [path("<slug:name>/switch/", switch, name="generation_engineentry_switch"), *super().get_urls()]

    def get_readonly_fields(self, request: HttpRequest, obj: EngineEntry | None = None) -> tuple[str, ...]:
        return ("name", "kind") if obj else ()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Engines",
            "opts": self.opts,
            "engines": overview.engines(),
            "waiting": overview.waiting(),
            "failures": overview.failures(),
        }
        return render(request, "admin/generation/engineentry/engines.html", context)

    def switch(self, request: HttpRequest, name: str) -> HttpResponse:
        """Turns an engine off or on; workers see it within a second."""
        entry = get_object_or_404(EngineEntry, pk=name)
        if not self.has_change_permission(request, entry):
            raise PermissionDenied
        entry.is_enabled = request.POST.get("to") == "on"
        entry.save(update_fields=["is_enabled"])
        state = "on" if entry.is_enabled else "off"
        self.log_change(request, entry, f"Switched {state}.")
        self.message_user(request, f"Switched {state} from the next reply on: {entry.name}.", messages.SUCCESS)
        if not EngineEntry.objects.filter(is_enabled=True).exists():
            self.message_user(request, "No engine is left: replies fail until one is switched on.", messages.WARNING)
        return redirect("admin:generation_engineentry_changelist")

    def save_model(self, request: HttpRequest, obj: EngineEntry, form: Any, change: bool) -> None:
        if obj.follows_environment:
            obj.follows_environment = False
            self.message_user(
                request,
                f"From now on {obj.name} is as it stands here, not as ENGINES and OPENAI_* say. "
                "Delete it to have it made from them again at the next start.",
            )
        super().save_model(request, obj, form, change)
