"""People, quotas and consents in Django's admin. Actions change rights through `accounts.sign_in.roles`."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy

from accounts.contacts import guardians
from accounts.models import Consent, Quota, Role, User
from accounts.personal_data import my_data
from accounts.sign_in import roles, sessions

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Door = Callable[[User, User], None]  # the account, and the member of staff
Action = Callable[["PersonAdmin", HttpRequest, QuerySet[User]], None]

# Groups are not used: rights follow from the role, and an action below gives one more right.
admin.site.unregister(Group)
admin.site.unregister(UserSession)


def _action(name: str, description: "str | _StrPromise", door: Door) -> Action:
    def action(model_admin: "PersonAdmin", request: HttpRequest, people: QuerySet[User]) -> None:
        changed = 0
        for user in people:
            try:
                door(user, cast(User, request.user))
            except ValueError as refusal:
                model_admin.message_user(request, str(refusal), messages.ERROR)
            else:
                changed += 1
        done = gettext("{action}: {changed} of {count}.")
        model_admin.message_user(request, done.format(action=description, changed=changed, count=len(people)))

    action.__name__ = name
    return admin.action(description=description, permissions=["change"])(action)


def _give(role: Role) -> Action:
    description = format_lazy(gettext_lazy("Give the role “{role}”"), role=role.label)
    return _action(f"give_role_{role.value}", description, lambda user, staff: roles.give(user, role, by=staff))


_DOORS = [
    _action("deactivate", gettext_lazy("Deactivate the account"), lambda user, staff: roles.deactivate(user, by=staff)),
    _action(
        "reactivate", gettext_lazy("Activate the account again"), lambda user, staff: roles.reactivate(user, by=staff)
    ),
    _action(
        "give_child_safety",
        gettext_lazy("Let them review child safety"),
        lambda user, staff: roles.let_review_child_safety(user, by=staff, may=True),
    ),
    _action(
        "take_child_safety",
        gettext_lazy("Take the right to review child safety"),
        lambda user, staff: roles.let_review_child_safety(user, by=staff, may=False),
    ),
]


class PasswordForm(AdminPasswordChangeForm):
    """Sets a password for a person, and ends all their sessions."""

    def save(self, commit: bool = True) -> User:
        user = cast(User, super().save(commit))
        sessions.end_all(user)
        return user


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Accounts. Only the actions of the list change rights. `accounts.sign_in.roles` records who did it."""

    list_display = ("email", "username", "role", "country", "is_active", "date_joined", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("email", "username")
    ordering = ("-date_joined",)
    readonly_fields = (
        "birth_date",
        "has_guardian",
        "is_active",
        "role",
        "is_staff",
        "is_superuser",
        "last_login",
        "date_joined",
    )
    fieldsets = (
        (None, {"fields": ("username", "email", "password", "country", "birth_date", "has_guardian")}),
        (gettext_lazy("Rights"), {"fields": ("is_active", "role", "is_staff", "is_superuser")}),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("username", "email", "password1", "password2")}),)
    change_password_form = PasswordForm
    actions = [*(_give(role) for role in Role), *_DOORS]

    @admin.display(boolean=True, description=gettext_lazy("Has a guardian"))
    def has_guardian(self, user: User) -> bool:
        return guardians.of(user) is not None

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        my_data.erase(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            my_data.erase(user)


def column(name: str, label: "str | _StrPromise") -> Any:
    """A column for what has no translated name of its own: the number of a related row, or a field of a library.

    It is a function of the row. Django takes one in `fields` too, which the types of its stubs do not know.
    """

    @admin.display(description=label, ordering=name)
    def value(row: Any) -> Any:
        return getattr(row, name)

    return value


class Values(admin.AllValuesFieldListFilter):
    """A filter by a column's values, in which the empty one can be seen and pressed."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield choice if choice["display"] != "" else choice | {"display": gettext_lazy("(empty)")}


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only the site writes. Staff can read them."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """Without the help texts of the fields, which speak to developers."""
        silent = dict.fromkeys((field.name for field in self.opts.get_fields()), "")
        return super().get_form(request, obj, change, help_texts=silent, **options)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(UserSession)
class SessionAdmin(ReadOnlyAdmin):
    """Who is signed in. The key of a session, by which a browser is that person, is not shown."""

    list_display = fields = (
        column("user", gettext_lazy("person")),
        column("created_at", gettext_lazy("signed in")),
        column("last_seen_at", gettext_lazy("last seen")),
        column("ip", "IP"),
        column("user_agent", gettext_lazy("browser")),
    )
    search_fields = ("user__username", "ip")


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
