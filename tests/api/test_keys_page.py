"""The page under /account/, the command, the admin, and a person's own data."""

import json
import re
import zipfile
from io import BytesIO, StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import Role, User
from accounts.personal_data import my_data
from api import keys
from api.models import ApiKey
from moderation.models import AuditEntry

FIELDS = {"label": "laptop", "scopes": ["models", "chat"], "messages_per_day": 5, "tokens_per_day": 900}
SECRET = re.compile(r"sk-aw-[\w-]{20,}")


def test_a_key_is_shown_once_and_then_by_its_beginning(client, alice):
    client.force_login(alice)
    page = client.post(reverse("api:keys"), FIELDS)
    secret = SECRET.findall(page.text)[0]
    key = keys.recognise(secret)
    assert (key.user, key.label, key.scopes) == (alice, "laptop", ["models", "chat"])
    assert (key.messages_per_day, key.tokens_per_day) == (5, 900)
    again = client.get(reverse("api:keys"))
    assert not SECRET.search(again.text)
    assert key.prefix in again.text
    assert "no-store" in again.headers["Cache-Control"]


@pytest.mark.parametrize(
    "wrong", [{"scopes": []}, {"scopes": ["base"]}, {"messages_per_day": 0}, {"tokens_per_day": 10**9}, {"label": ""}]
)
def test_a_key_that_cannot_be_is_refused_and_what_was_typed_stays(client, alice, wrong):
    client.force_login(alice)
    page = client.post(reverse("api:keys"), FIELDS | wrong)
    assert page.status_code == 400
    assert not ApiKey.objects.exists()
    assert "label" in wrong or 'value="laptop"' in page.text


def test_the_owner_may_choose_the_base_models(client, alice, olga):
    for user, offered in ((alice, False), (olga, True)):
        client.force_login(user)
        assert ('value="base"' in client.get(reverse("api:keys")).text) is offered


def test_a_key_ends_where_its_person_says_so(client, alice):
    key, secret = keys.create(user=alice, label="x", scopes=["chat"])
    client.force_login(alice)
    client.post(reverse("api:revoke_key", args=[key.pk]))
    assert keys.recognise(secret) is None
    assert "Revoked" in client.get(reverse("api:keys")).text


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("api_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_a_key_alone_on_a_line(alice):
    line = printed("--user", "alice", "--name", "script", "--scopes", "models, chat")
    assert line == line.strip() + "\n"
    key = keys.recognise(line.strip())
    assert (key.user, key.label, key.scopes) == (alice, "script", ["models", "chat"])
    assert keys.recognise(printed("--user", "alice@example.test").strip()).scopes == keys.scopes_for(alice)


def test_without_a_name_the_command_makes_the_owners_key_and_the_owner(db):
    key = keys.recognise(printed().strip())
    assert key.user == User.objects.get(role=Role.OWNER)
    assert "base" in key.scopes


def test_the_command_refuses_what_cannot_be(alice):
    for arguments in (["--user", "nobody"], ["--user", "alice", "--scopes", "base"], ["--scopes", "all"]):
        with pytest.raises(CommandError):
            printed(*arguments)


def test_the_admin_shows_keys_and_ends_them_on_the_record(client, alice, olga):
    key, secret = keys.create(user=alice, label="x", scopes=["chat"])
    client.force_login(olga)
    page = client.get(reverse("admin:api_apikey_changelist"))
    assert key.prefix in page.text
    assert key.digest not in client.get(reverse("admin:api_apikey_change", args=[key.pk])).text
    client.post(reverse("admin:api_apikey_changelist"), {"action": "revoke", "_selected_action": [str(key.pk)]})
    assert keys.recognise(secret) is None
    entry = AuditEntry.objects.get(action="api_key.revoked")
    assert (entry.subject, entry.actor) == (f"api_key:{key.pk}", f"user:{olga.pk}")


def test_keys_are_part_of_a_persons_data(alice):
    key, secret = keys.create(user=alice, label="x", scopes=["chat"])
    with zipfile.ZipFile(BytesIO(my_data.export(alice))) as archive:
        assert json.loads(archive.read("api.json"))[0]["prefix"] == key.prefix
        assert key.digest.encode() not in archive.read("api.json")
    my_data.erase(alice)
    assert not ApiKey.objects.exists()
    assert keys.recognise(secret) is None
