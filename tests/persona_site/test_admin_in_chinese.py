"""The admin's columns, filters and fields have Chinese names."""

import re

import pytest
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.interface import languages
from accounts.models import User
from moderation.crisis import ladder

pytestmark = pytest.mark.django_db
SAME = {"ID", "IP"}  # as Chinese readers write them


def english(names):
    return [name for name in map(str, names) if name.strip() and name not in SAME and not re.search("[一-鿿]", name)]


def test_every_list_and_form_names_its_columns_and_fields_in_chinese(client, olga):
    languages.keep(olga, "zh-hans")
    client.force_login(olga)
    found = {}
    for model in admin.site._registry:
        page = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
        assert page.status_code == 200
        if "cl" in page.context:  # not the list of engines, which is a page of its own
            changes = page.context["cl"]
            headers = [header["text"] for header in result_headers(changes)]
            filters = [filter_.title for filter_ in changes.filter_specs]
            found[model.__name__, "list"] = english([*headers, *filters])
    request = RequestFactory().get("/")
    request.user = olga
    with languages.speaking_to(olga):
        for model, model_admin in admin.site._registry.items():
            found[model.__name__, "itself"] = english([model._meta.verbose_name, model._meta.verbose_name_plural])
            fields = flatten_fieldsets(model_admin.get_fieldsets(request, model()))
            found[model.__name__, "form"] = english(label_for_field(each, model, model_admin) for each in fields)
            for inline in model_admin.get_inline_instances(request):
                shown = [each for each in inline.model._meta.fields if each.editable and not each.remote_field]
                found[inline.model.__name__, "inline"] = english(field.verbose_name for field in shown)
    assert {place: names for place, names in found.items() if names} == {}


def test_an_active_account_is_not_named_like_a_level_of_a_crisis(olga):
    languages.keep(olga, "zh-hans")
    with languages.speaking_to(olga):
        assert User._meta.get_field("is_active").verbose_name == "有效"
        assert str(ladder.NAMES["active"]) == "主动"


def test_a_list_is_headed_by_the_name_of_its_rows(client, olga):
    languages.keep(olga, "zh-hans")
    client.force_login(olga)
    page = client.get(reverse("admin:accounts_user_changelist")).text
    assert ">用户</h1>" in page
    assert "<title>用户 · Afterword</title>" in page


def test_the_key_of_a_session_is_not_shown(client, olga):
    client.force_login(olga)
    key = client.cookies["sessionid"].value
    session = UserSession.objects.create(user=olga, session_key=key, ip="192.0.2.7", last_seen_at=timezone.now())
    page = client.get(reverse("admin:usersessions_usersession_change", args=[session.pk]))
    assert page.status_code == 200
    assert session.ip in page.text
    assert "People and their access</a>" in page.text
    assert "User Sessions" not in page.text
    assert key not in page.text
