from django.urls import path

from moderation import views

app_name = "moderation"

urlpatterns = [
    path("moderation/", views.queue, name="queue"),
    path("moderation/<uuid:case_id>/", views.case, name="case"),
    path("moderation/<uuid:case_id>/reveal/", views.reveal, name="reveal"),
    path("moderation/restrictions/<uuid:restriction_id>/", views.restriction, name="restriction"),
    path("safety/protocol/", views.protocol, name="protocol"),
    path("safety/help/", views.help_lines, name="help"),
    path("safety/decisions/<uuid:restriction_id>/", views.decision, name="decision"),
    path("rules/", views.rules, name="rules"),
]
