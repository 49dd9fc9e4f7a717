from django.urls import path

from generation import views

app_name = "generation"

urlpatterns = [
    path("", views.models_page, name="models"),
    path("found/", views.found, name="found"),
    path("installed/", views.installed, name="installed"),
    path("look/", views.look_around, name="look"),
    path("add/", views.add, name="add"),
    path("try/", views.try_installed, name="try_installed"),
    path("try-server/", views.try_server, name="try_server"),
    path("back/", views.switch_back, name="switch_back"),
    path("trials/<uuid:trial_id>/", views.trial, name="trial"),
    path("trials/<uuid:trial_id>/progress/", views.trial_progress, name="trial_progress"),
    path("trials/<uuid:trial_id>/switch/", views.switch, name="switch"),
]
