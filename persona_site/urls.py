from allauth.account.views import logout, password_change
from django.contrib import admin
from django.urls import include, path

from persona_site import entrance, home, installed_app, owner_page
from personas.rights import confirmation_views, objection_pages

urlpatterns = [
    path("", home.home, name="home"),
    path("manifest.webmanifest", installed_app.manifest, name="manifest"),
    path("service-worker.js", installed_app.service_worker, name="service_worker"),
    path("owner/", owner_page.owner_page, name="owner"),
    path("offline/", installed_app.offline, name="offline"),
    path("shortcuts/", home.shortcuts, name="shortcuts"),
    path("models/accept/", home.accept_model, name="accept_model"),
    path("models/", include("generation.urls")),
    path("", include("persona_site.health_urls")),
    path("", include("accounts.urls")),
    path("", include("api.urls")),
    path("account/", include("allauth.urls")),
    path("personas/", include("personas.urls")),
    path("confirm/<str:token>/", confirmation_views.page, name="confirm_persona"),
    path("object/", objection_pages.page, name="object_to_persona"),
    path("moderation/objections/", objection_pages.desk, name="object_to_persona_desk"),
    path("conversations/", include("chat.urls")),
    path("stories/", include("stories.urls")),
    path("moderation/personas/", include("personas.audit.urls")),
    path("", include("moderation.urls")),
    # The site's own pages ask for passwords, because they count guesses. The admin's pages do not.
    path("admin/login/", entrance.admin_login),
    path("admin/logout/", logout),
    path("admin/password_change/", password_change),
    path("admin/", admin.site.urls),
]
