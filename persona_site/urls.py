from django.contrib import admin
from django.urls import include, path

from persona_site import home

urlpatterns = [
    path("", home.home, name="home"),
    path("models/", home.accept_model, name="accept_model"),
    path("", include("persona_site.health_urls")),
    path("", include("accounts.urls")),
    path("", include("api.urls")),
    path("account/", include("allauth.urls")),
    path("personas/", include("personas.urls")),
    path("conversations/", include("chat.urls")),
    path("", include("moderation.urls")),
    path("admin/", admin.site.urls),
]
