"""People, quotas and consents in Django's admin. A role is given by an action, through its door."""

from collections.abc import Callable

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import roles
from accounts.models import Consent, Quota, Role, User

GiveRole = Callable[["PersonAdmin", HttpRequest, QuerySet[User]], None]


def _give(role: Role) -> GiveRole:
    def action(model_admin: "PersonAdmin", request: HttpRequest, people: QuerySet[User]) -> None:
        for user in people:
            roles.give(user, role)
        model_admin.message_user(request, f"{len(people)} now have the role {role.label.lower()}.")

    action.__name__ = f"give_role_{role.value}"
    return admin.action(description=f"Give the role {role.label.lower()}", permissions=["change"])(action)


@admin.register(User)
class PersonAdmin(UserAdmin):
    list_display = ("email", "username", "role", "country", "is_active", "date_joined", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("email", "username")
    ordering = ("-date_joined",)
    readonly_fields = ("role", "is_staff", "is_superuser", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "email", "password", "country")}),
        ("Rights", {"fields": ("is_active", "role", "is_staff", "is_superuser")}),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("username", "email", "password1", "password2")}),)
    actions = [_give(role) for role in Role]


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that the site itself keeps; people look."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Quota)
class QuotaAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "used", "window_start")
    list_filter = ("kind",)
    search_fields = ("user__email",)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "text_version", "given_at")
    list_filter = ("kind", "text_version")
    search_fields = ("user__email", "subject_id")
