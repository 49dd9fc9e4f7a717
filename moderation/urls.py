from django.urls import path

from moderation.pages import desk_views, figure_views, law_views, learning_views, policy_views, refusal_views, views

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
    path("moderation/<uuid:case_id>/take-back/", desk_views.take_back, name="take_back"),
    path("moderation/<uuid:case_id>/hold/", desk_views.hold, name="hold"),
    path("moderation/<uuid:case_id>/void/", desk_views.void, name="void"),
    path("moderation/restrictions/<uuid:restriction_id>/", views.restriction, name="restriction"),
    path("moderation/policy/", policy_views.overview, name="policy"),
    path("moderation/policy/edit/", policy_views.edit, name="policy_edit"),
    path("moderation/policy/topic/", policy_views.topic, name="policy_topic"),
    path("moderation/policy/presets/<slug:preset_name>/", policy_views.preset, name="policy_preset"),
    path("moderation/policy/versions/<slug:version>/", policy_views.version, name="policy_version"),
    path("moderation/policy/versions/<slug:version>/end/", policy_views.end_shadow, name="policy_end_shadow"),
    path("moderation/policy/personas/", policy_views.persona_rules, name="policy_personas"),
    path(
        "moderation/policy/personas/<int:rule_id>/end/", policy_views.end_persona_rule, name="policy_end_persona_rule"
    ),
    path("moderation/laws/", law_views.laws_page, name="laws"),
    path("moderation/refusals/", refusal_views.refusals, name="refusals"),
    path("moderation/refusals/<uuid:refusal_id>/", refusal_views.answer_refusal, name="answer_refusal"),
    path("moderation/<uuid:case_id>/contact/", desk_views.contact, name="contact"),
    path("moderation/queues/", desk_views.queues, name="queues"),
    path("moderation/learning/", learning_views.overview, name="learning"),
    path("moderation/learning/back/", learning_views.go_back, name="learning_go_back"),
    path("moderation/learning/<slug:version>/", learning_views.change, name="learning_change"),
    path("safety/learning/", learning_views.consent, name="learning_consent"),
    path("safety/protocol/", views.protocol, name="protocol"),
    path("safety/help/", views.help_lines, name="help"),
    path("safety/decisions/<uuid:restriction_id>/", views.decision, name="decision"),
    path("safety/refusals/", refusal_views.my_refusals, name="my_refusals"),
    path("safety/reports/", figure_views.my_reports, name="my_reports"),
    path("safety/transparency/", figure_views.transparency, name="transparency"),
    path("safety/transparency.csv", figure_views.transparency_csv, name="transparency_csv"),
    path("rules/", views.rules, name="rules"),
]
