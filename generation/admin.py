from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.sign_in import roles
from generation import overview
from generation.catalogue import local_models, model_rows, packaged
from generation.forms import AddModelForm
from generation.models import EngineEntry, ModelEntry, ModelStatus
from generation.tasks import install_model


def _is_owner(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_owner", False))


@admin.register(ModelEntry)
class ModelEntryAdmin(admin.ModelAdmin):
    """Shows the models' state. Changes go through the functions of the catalogue."""

    list_display = ["name", "status", "bar", "step", "is_active"]
    fields = ("name", "status", "path", "prompt_form", "context_length", "languages", "licence", "is_active")
    readonly_fields = fields
    actions = ["activate", "install_again", "remove"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_owner(request)

    def has_delete_permission(self, request: HttpRequest, obj: ModelEntry | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        state = self.admin_site.admin_view(self.state_view)
        return [path("<slug:name>/state/", state, name="generation_modelentry_state"), *super().get_urls()]

    @admin.display(description=gettext_lazy("Progress"))
    def bar(self, entry: ModelEntry) -> SafeString | str:
        if entry.status != ModelStatus.INSTALLING:
            return ""
        return format_html(
            '<progress max="100" value="{0}" aria-label="{1}">{0}%</progress>', entry.progress, gettext("Progress")
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The first page offers the models below MODEL_FOLDERS. The second asks for the chosen model's details."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        context: dict[str, Any] = {**self.admin_site.each_context(request), "title": gettext("Add a model")}
        model_path = (request.POST or request.GET).get("path", "")
        if model_path:
            try:
                form = AddModelForm(local_models.inspect(Path(model_path)), request.POST or None)
                if form.is_valid():
                    return _added(request, Path(model_path), form.cleaned_data)
                context |= {"form": form, "path": model_path}
            except local_models.NotAModel as error:
                context["fault"] = str(error)
            except packaged.ModelRefused as error:
                context |= {"form": form, "path": model_path, "fault": str(error)}
        if "form" not in context:
            context |= {"paths": local_models.found(), "folders": settings.MODEL_FOLDERS}
        return render(request, "admin/generation/modelentry/add_model.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        unsaved = {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        return super().change_view(request, object_id, form_url, _state(request, object_id) | unsaved)

    def state_view(self, request: HttpRequest, name: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return render(request, "admin/generation/modelentry/_state.html", _state(request, name))

    @admin.action(description=gettext_lazy("Activate the selected model"), permissions=["add"])
    def activate(self, request: HttpRequest, queryset: QuerySet[ModelEntry]) -> None:
        def activate(name: str) -> None:
            model_rows.activate(name)
            _record(request, "model.activated", name)

        self._one(request, queryset, activate, gettext("{} is active from the next reply on."))

    @admin.action(description=gettext_lazy("Install the selected model again"), permissions=["add"])
    def install_again(self, request: HttpRequest, queryset: QuerySet[ModelEntry]) -> None:
        self._one(request, queryset, _install_again, gettext("{} is being installed."))

    @admin.action(description=gettext_lazy("Remove the selected model's files"), permissions=["add"])
    def remove(self, request: HttpRequest, queryset: QuerySet[ModelEntry]) -> None:
        self._one(request, queryset, lambda name: model_rows.remove(name=name), gettext("{} is removed."))

    def _one(
        self, request: HttpRequest, queryset: QuerySet[ModelEntry], door: Callable[[str], None], done: str
    ) -> None:
        names = [str(name) for name in queryset.values_list("name", flat=True)]
        if len(names) != 1:
            self.message_user(
                request, gettext("This action works on one model at a time. Select one model."), messages.ERROR
            )
            return
        try:
            door(names[0])
        except packaged.CatalogueError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, done.format(names[0]), messages.SUCCESS)


def _record(request: HttpRequest, action: str, subject: str, **data: Any) -> None:
    """Writes an owner's act to the audit trail (compliance R27)."""
    actor = request.user if isinstance(request.user, User) else None
    roles.record(action=action, subject=f"{action.partition('.')[0]}:{subject}", actor=actor, data=data)


def _state(request: HttpRequest, name: str) -> dict[str, Any]:
    entry = ModelEntry.objects.filter(name=name).first()
    try:
        return {"entry": entry, "model": model_rows.lookup(name), "is_owner": _is_owner(request)}
    except packaged.UnknownModel:
        raise Http404 from None


def _added(request: HttpRequest, path: Path, details: dict[str, Any]) -> HttpResponse:
    """Adds a model's row. A general worker then copies and converts its files. Raises ModelRefused."""
    with transaction.atomic():
        entry = model_rows.add(path=path, **details)
        transaction.on_commit(partial(_queue, entry.name))
    return redirect("admin:generation_modelentry_change", entry.name)


def _install_again(name: str) -> None:
    with transaction.atomic():
        model_rows.queue(name)
        transaction.on_commit(partial(_queue, name))


def _queue(name: str) -> None:
    install_model.delay(name, activate=False)


@admin.register(EngineEntry)
class EngineEntryAdmin(admin.ModelAdmin):
    """The list is the engine room: the state of every engine, and its switch. The form has an engine's settings."""

    fieldsets = (
        (None, {"fields": ("name", "kind", "is_enabled", "order", "weight", "candidates")}),
        (
            gettext_lazy("Remotes"),
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
        (gettext_lazy("Prices"), {"fields": ("prompt_price", "completion_price", "currency")}),
        (gettext_lazy("Budgets"), {"fields": ("tokens_per_day", "money_per_day", "tokens_per_person")}),
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
            "title": gettext("Engines"),
            "opts": self.opts,
            "engines": overview.engines(),
            "waiting": overview.waiting(),
            "failures": overview.failures(),
        }
        return render(request, "admin/generation/engineentry/engines.html", context)

    def switch(self, request: HttpRequest, name: str) -> HttpResponse:
        """Switches an engine on or off. Workers notice it within a second."""
        entry = get_object_or_404(EngineEntry, pk=name)
        if not self.has_change_permission(request, entry):
            raise PermissionDenied
        entry.is_enabled = request.POST.get("to") == "on"
        entry.save(update_fields=["is_enabled"])
        self.log_change(request, entry, f"Switched {'on' if entry.is_enabled else 'off'}.")
        _record(request, "engine.switched", entry.name, is_enabled=entry.is_enabled)
        if entry.is_enabled:
            sentence = gettext("The engine %(name)s is switched on from the next reply on.")
        else:
            sentence = gettext("The engine %(name)s is switched off from the next reply on.")
        self.message_user(request, sentence % {"name": entry.name}, messages.SUCCESS)
        if not EngineEntry.objects.filter(is_enabled=True).exists():
            self.message_user(
                request, gettext("All engines are off. Replies fail until one is switched on."), messages.WARNING
            )
        return redirect("admin:generation_engineentry_changelist")

    def save_model(self, request: HttpRequest, obj: EngineEntry, form: Any, change: bool) -> None:
        if obj.follows_environment:
            obj.follows_environment = False
            self.message_user(
                request,
                gettext(
                    "The engine %(name)s now uses the values of this page instead of ENGINES and OPENAI_*. To go "
                    "back to the environment's values, delete this engine; the next start creates it again."
                )
                % {"name": obj.name},
            )
        super().save_model(request, obj, form, change)
        _record(request, "engine.changed" if change else "engine.added", obj.name, fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: EngineEntry) -> None:
        name = obj.name  # is its key, which the deletion takes away
        super().delete_model(request, obj)
        _record(request, "engine.deleted", name)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[EngineEntry]) -> None:
        for entry in queryset:
            self.delete_model(request, entry)
