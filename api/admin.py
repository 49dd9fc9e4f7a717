"""The API keys of all people, by prefix. Staff can revoke a key, and the audit trail records who did."""

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from accounts.admin import ReadOnlyAdmin
from accounts.models import User
from api import keys
from api.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "user", "label", "scopes", "created_at", "last_used_at", "revoked_at")
    list_filter = ("revoked_at",)
    search_fields = ("prefix", "user__email", "label")
    exclude = ("digest",)
    actions = ["revoke"]

    @admin.action(description=gettext_lazy("Revoke the keys"), permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            keys.revoke_by_staff(key=key, staff=cast(User, request.user))
        revoked = ngettext("{count} key is revoked.", "{count} keys are revoked.", len(queryset))
        self.message_user(request, revoked.format(count=len(queryset)))
