from django.urls import path

from chat.pages import branches_page, files_page, group_page, report_page, search_page, views

app_name = "chat"

urlpatterns = [
    # One address with two names: GET lists the conversations, POST with `persona` starts one.
    path("", views.conversations_page, name="list"),
    path("", views.conversations_page, name="start"),
    path("marks/", views.marks, name="marks"),
    path("group/", group_page.group, name="group"),
    path("search/", search_page.search_page, name="search"),
    path("export/", files_page.export_all, name="export-all"),
    path("import/", files_page.import_page, name="import"),
    path("<uuid:conversation_id>/export/", files_page.export, name="export"),
    path("messages/<uuid:message_id>/", search_page.jump, name="message"),
    path("<uuid:conversation_id>/", views.conversation, name="conversation"),
    path("<uuid:conversation_id>/day/", search_page.jump_to_day, name="day"),
    path("<uuid:conversation_id>/thread/", views.thread, name="thread"),
    path("<uuid:conversation_id>/send/", views.send, name="send"),
    path("<uuid:conversation_id>/describe/", views.describe, name="describe"),
    path("<uuid:conversation_id>/delete/", views.delete, name="delete"),
    path("<uuid:conversation_id>/members/", group_page.members, name="members"),
    path("<uuid:conversation_id>/members/<uuid:persona_id>/mute/", group_page.mute, name="mute"),
    path("<uuid:conversation_id>/members/<uuid:persona_id>/remove/", group_page.remove, name="remove-member"),
    path("<uuid:conversation_id>/speak/<uuid:persona_id>/", views.speak, name="speak"),
    path("<uuid:conversation_id>/goodbye/", views.goodbye, name="goodbye"),
    path("<uuid:conversation_id>/farewell/", views.begin_farewell, name="begin-farewell"),
    path("<uuid:conversation_id>/farewell/end/", views.end_farewell, name="end-farewell"),
    path("<uuid:conversation_id>/take-up/", views.take_up, name="take-up"),
    path("<uuid:conversation_id>/inside/<uuid:reply_id>/", views.inspection_of, name="inspection"),
    path("<uuid:conversation_id>/inside/<uuid:reply_id>/words/", views.inspection_words, name="inspection-words"),
    path("<uuid:conversation_id>/inside/<uuid:reply_id>/pick/", views.pick, name="pick"),
    path("<uuid:conversation_id>/inside/<uuid:reply_id>/take/", views.take, name="take"),
    path("<uuid:conversation_id>/report/<uuid:reply_id>/", report_page.report, name="report"),
    path("<uuid:conversation_id>/branches/", branches_page.page, name="branches"),
    path("messages/<uuid:message_id>/branch/", branches_page.name, name="name-branch"),
    path("messages/<uuid:message_id>/prune/", branches_page.prune, name="prune"),
    path("replies/<uuid:reply_id>/stop/", views.stop, name="stop"),
    path("replies/<uuid:reply_id>/regenerate/", views.regenerate, name="regenerate"),
    path("replies/<uuid:reply_id>/continue/", views.continue_reply, name="continue"),
    path("messages/<uuid:message_id>/pin/", views.pin, name="pin"),
    path("messages/<uuid:message_id>/delete/", views.delete_message, name="delete-message"),
    path("messages/<uuid:message_id>/edit/", views.edit, name="edit"),
    path("messages/<uuid:message_id>/select/", views.select, name="select"),
]
