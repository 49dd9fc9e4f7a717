from django.urls import path

from moderation import desk_views, figure_views, views

app_name = "moderation"

urlpatterns = [
    path("moderation/", views.queue, name="queue"),
    path("moderation/rows/", views.rows, name="rows"),
    path("moderation/next/", desk_views.take_next, name="next"),
    path("moderation/mine/", figure_views.my_desk, name="my_desk"),
    path("moderation/figures/", figure_views.figures_page, name="figures"),
    path("moderation/quality/<int:review_id>/", figure_views.quality_review, name="quality"),
    path("moderation/<uuid:case_id>/", views.case, name="case"),
    path("moderation/<uuid:case_id>/reveal/", views.reveal, name="reveal"),
    path("moderation/<uuid:case_id>/claim/", desk_views.claim, name="claim"),
    path("moderation/<uuid:case_id>/give-back/", desk_views.give_back, name="give_back"),
    path("moderation/<uuid:case_id>/notes/", desk_views.note, name="note"),
    path("moderation/<uuid:case_id>/second/", desk_views.second, name="second"),
    path("moderation/<uuid:case_id>/hold/", desk_views.hold, name="hold"),
    path("moderation/<uuid:case_id>/void/", desk_views.void, name="void"),
    path("moderation/restrictions/<uuid:restriction_id>/", views.restriction, name="restriction"),
    path("safety/protocol/", views.protocol, name="protocol"),
    path("safety/help/", views.help_lines, name="help"),
    path("safety/decisions/<uuid:restriction_id>/", views.decision, name="decision"),
    path("safety/reports/", figure_views.my_reports, name="my_reports"),
    path("safety/transparency/", figure_views.transparency, name="transparency"),
    path("safety/transparency.csv", figure_views.transparency_csv, name="transparency_csv"),
    path("rules/", views.rules, name="rules"),
]
