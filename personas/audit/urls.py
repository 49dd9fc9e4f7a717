from django.urls import path

from personas.audit import views

app_name = "persona_reviews"

urlpatterns = [
    path("", views.reviews, name="list"),
    path("<uuid:audit_id>/", views.review, name="report"),
]
