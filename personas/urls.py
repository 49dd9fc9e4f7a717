from django.urls import path

from personas import export_views, views
from personas.audit import views as audit
from personas.finetuning import views as fine_tune
from personas.lorebook import views as lorebook
from personas.memory import views as memory
from personas.portrait import views as portrait
from personas.rights import confirmation_views
from personas.way_in import resumable_views, transcript_views

app_name = "personas"

urlpatterns = [
    path("", views.persona_list, name="list"),
    path("new/", views.new, name="new"),
    path("new/<uuid:draft_id>/", views.draft, name="draft"),
    path("new/<uuid:draft_id>/preview/", views.preview, name="preview"),
    path("new/<uuid:draft_id>/progress/", views.draft_progress, name="draft_progress"),
    path("new/<uuid:draft_id>/tried/", views.tried_lines, name="tried_lines"),
    path("new/<uuid:draft_id>/remove/", views.remove_file, name="remove_file"),
    path("new/<uuid:draft_id>/uploads/", resumable_views.uploads, name="uploads"),
    path("new/<uuid:draft_id>/uploads/<int:file_id>/", resumable_views.upload, name="upload"),
    path("new/<uuid:draft_id>/discard/", views.discard_draft, name="discard"),
    path("new/<uuid:draft_id>/avatar/", views.draft_avatar, name="draft_avatar"),
    path("new/<uuid:draft_id>/words/<int:transcript_id>/", transcript_views.words, name="words"),
    path("new/<uuid:draft_id>/words/<int:transcript_id>/media/", transcript_views.media, name="words_media"),
    path("<uuid:persona_id>/", views.detail, name="detail"),
    path("<uuid:persona_id>/edit/", views.edit, name="edit"),
    path("<uuid:persona_id>/progress/", views.progress, name="progress"),
    path("<uuid:persona_id>/avatar/", views.avatar, name="avatar"),
    path("<uuid:persona_id>/ground/", views.ground, name="ground"),
    path("<uuid:persona_id>/duplicate/", views.duplicate, name="duplicate"),
    path("<uuid:persona_id>/delete/", views.delete, name="delete"),
    path("<uuid:persona_id>/card.json", export_views.card_json, name="card_json"),
    path("<uuid:persona_id>/card.png", export_views.card_png, name="card_png"),
    path("<uuid:persona_id>/archive.zip", export_views.archive, name="archive"),
    path("<uuid:persona_id>/portrait/progress/", portrait.progress, name="portrait_progress"),
    path("<uuid:persona_id>/portrait/<uuid:statement_id>/", portrait.statement, name="statement"),
    path("<uuid:persona_id>/link/", confirmation_views.make_link, name="confirmation_link"),
    path("<uuid:persona_id>/memory/", memory.page, name="memory"),
    path("<uuid:persona_id>/memory/choose/", memory.choose, name="memory_choose"),
    path("<uuid:persona_id>/memory/download/", memory.download, name="memory_download"),
    path("<uuid:persona_id>/memory/forget/", memory.forget_all, name="memory_forget_all"),
    path("<uuid:persona_id>/memory/<int:memory_id>/correct/", memory.correct, name="memory_correct"),
    path("<uuid:persona_id>/memory/<int:memory_id>/pin/", memory.pin, name="memory_pin"),
    path("<uuid:persona_id>/memory/<int:memory_id>/forget/", memory.forget, name="memory_forget"),
    path("<uuid:persona_id>/fine-tune/", fine_tune.comparison, name="fine_tune"),
    path("<uuid:persona_id>/fine-tune/progress/", fine_tune.progress, name="fine_tune_progress"),
    path("<uuid:persona_id>/fine-tune/start/", fine_tune.start, name="fine_tune_start"),
    path("<uuid:persona_id>/fine-tune/stop/", fine_tune.stop, name="fine_tune_stop"),
    path("<uuid:persona_id>/fine-tune/choose/", fine_tune.choose, name="fine_tune_choose"),
    path("<uuid:persona_id>/fine-tune/delete/", fine_tune.delete, name="fine_tune_delete"),
    path("<uuid:persona_id>/lorebook/", lorebook.add, name="lorebook_add"),
    path("<uuid:persona_id>/lorebook/<int:number>/", lorebook.entry, name="lorebook_entry"),
    path("<uuid:persona_id>/audit/", audit.own_report, name="audit"),
    path("<uuid:persona_id>/audit/progress/", audit.progress, name="audit_progress"),
    path("<uuid:persona_id>/audit/start/", audit.start, name="audit_start"),
    path("<uuid:persona_id>/audit/stop/", audit.stop, name="audit_stop"),
    path("<uuid:persona_id>/sources/withdraw/", views.withdraw_import, name="withdraw_import"),
    path("<uuid:persona_id>/sources/<uuid:source_id>/remove/", views.remove_source, name="remove_source"),
]
