from django.urls import path

from api import pages, views

app_name = "api"

urlpatterns = [
    path("v1/models", views.models, name="models"),
    path("v1/models/<str:model>", views.model, name="model"),
    path("v1/chat/completions", views.chat_completions, name="chat_completions"),
    path("v1/completions", views.completions, name="completions"),
    path("v1/embeddings", views.embeddings, name="embeddings"),
    path("v1/moderations", views.moderations, name="moderations"),
    path("v1/", views.unknown),
    path("v1/<path:path>", views.unknown, name="unknown"),
    path("account/keys/", pages.keys_page, name="keys"),
    path("account/keys/<uuid:key_id>/revoke/", pages.revoke, name="revoke_key"),
]
