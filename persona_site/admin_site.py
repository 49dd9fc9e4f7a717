"""Django's admin under the site's name, with its records grouped by what an owner does with them."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

GROUPS = (
    (_("People and their access"), ("User", "EmailAddress", "UserSession", "ApiKey", "Quota", "Consent")),
    (_("Engines and models"), ("EngineEntry", "ModelEntry")),
    (_("The review desk"), ("Case", "Action", "Restriction", "Appeal", "AuditEntry")),
    (_("The filter and its rules"), ("Policy", "Assessment")),
    (_("Personas and conversations, without their words"), ("Persona", "Source", "Conversation", "Reply", "Notice")),
)


class AdminSite(admin.AdminSite):
    site_header = site_title = "Afterword"
    index_title = _("Everything that is stored")
    enable_nav_sidebar = False

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The groups of the index. Each of Django's own pages of one app shows that app."""
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {model["object_name"]: model for app in apps for model in app["models"]}
        groups = [(name, [models.pop(key) for key in keys if key in models]) for name, keys in GROUPS]
        groups.append((_("Other"), list(models.values())))
        return [
            {"name": name, "app_label": "", "app_url": "", "has_module_perms": True, "models": members}
            for name, members in groups
            if members
        ]


class AdminConfig(DjangoAdminConfig):
    default_site = "persona_site.admin_site.AdminSite"
