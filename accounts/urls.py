from django.urls import path

from accounts import views
from accounts.contacts import emergency_contact_pages, guardian_pages

urlpatterns = [
    path("setup/<str:token>/", views.setup, name="setup"),
    path("privacy/", views.privacy_page, name="privacy"),
    path("account/", views.account, name="account"),
    path("account/language/", views.set_language, name="set_language"),
    path("account/looks/", views.looks_page, name="looks"),
    path("account/birth-date/", views.birth_date, name="birth_date"),
    path("account/owner/", views.claim, name="account_claim"),
    path("account/emergency-contact/", emergency_contact_pages.own_page, name="emergency_contact"),
    path("emergency-contact/<str:token>/", emergency_contact_pages.page, name="decline_contact"),
    path("account/guardian/", guardian_pages.own_page, name="guardian"),
    path("guardian/<str:token>/", guardian_pages.page, name="guardian_page"),
    path("account/export/", views.export, name="account_export"),
    path("account/erase/", views.erase, name="account_erase"),
]
