from django.urls import path

from stories import views

app_name = "stories"

urlpatterns = [
    # One address with two names: GET lists the stories, POST begins one.
    path("", views.stories_page, name="list"),
    path("", views.stories_page, name="begin"),
    path("<uuid:story_id>/", views.story, name="story"),
    path("<uuid:story_id>/describe/", views.describe, name="describe"),
    path("<uuid:story_id>/draw/", views.draw, name="draw"),
    path("<uuid:story_id>/write/", views.write, name="write"),
    path("<uuid:story_id>/divide/", views.divide, name="divide"),
    path("<uuid:story_id>/undo/", views.undo, name="undo"),
    path("<uuid:story_id>/delete/", views.delete, name="delete"),
    path("<uuid:story_id>/book.epub", views.book, name="book"),
    path("<uuid:story_id>/report/", views.report, name="report"),
    path("chapters/<int:scene_id>/", views.describe_chapter, name="describe-chapter"),
    path("continuations/<uuid:continuation_id>/", views.continuation, name="continuation"),
]
