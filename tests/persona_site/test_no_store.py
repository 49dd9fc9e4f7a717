"""No cache stores a page for one person."""

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.sign_in import first_run
from api import keys
from chat.models import Author
from tests import factories

PUBLIC = ["/", "/rules/", "/safety/help/", "/safety/protocol/"]


@pytest.fixture(autouse=True)
def no_rate_limit_left_over():
    cache.clear()


@pytest.fixture
def pages(alice):
    persona = factories.make_persona(owner=alice)
    conversation = factories.make_conversation(owner=alice, persona=persona)
    conversation.messages.create(author=Author.USER, text="Hello.")
    return [
        "/",
        "/rules/",
        "/personas/",
        reverse("personas:detail", args=[persona.pk]),
        reverse("personas:edit", args=[persona.pk]),
        reverse("personas:avatar", args=[persona.pk]),
        reverse("personas:progress", args=[persona.pk]),
        "/conversations/",
        reverse("chat:conversation", args=[conversation.pk]),
        reverse("chat:thread", args=[conversation.pk]),
        reverse("chat:delete", args=[conversation.pk]),
        "/stories/",
        reverse("stories:story", args=[factories.make_story(owner=alice, persona=persona).pk]),
        "/account/",
        "/account/keys/",
        "/account/email/",
        "/account/sessions/",
        "/account/erase/",
        "/moderation/",
        "/admin/",
        "/not/there/",
    ]


def is_kept_out(answer):
    return "no-store" in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize("who", ["alice", "mina", "olga"])
def test_nothing_that_somebody_signed_in_is_shown_is_stored(request, pages, who):
    client = Client()
    client.force_login(request.getfixturevalue(who))
    for page in pages:
        assert is_kept_out(client.get(page, follow=True)), page
    assert is_kept_out(client.post("/account/export/"))


def test_pages_for_everybody_may_be_stored(db):
    for page in PUBLIC:
        assert "Cache-Control" not in Client().get(page).headers, page


def test_what_a_stranger_typed_and_what_a_mailed_link_shows_is_not_stored(db):
    assert is_kept_out(Client().post("/account/signup/", {"email": "carol@example.test"}))
    for page in ("/account/confirm-email/key/", "/account/password/reset/key/1-key/", "/account/login/"):
        assert is_kept_out(Client().get(page)), page
    assert is_kept_out(Client().get(first_run.new_link().replace("http://127.0.0.1:8000", "")))


@pytest.mark.parametrize("secret", ["right", "wrong"])
def test_answers_to_programs_are_not_stored(alice, secret):
    _, key = keys.create(user=alice, label="x", scopes=["models", "moderations"])
    headers = {"Authorization": f"Bearer {key if secret == 'right' else secret}"}
    assert is_kept_out(Client().get("/v1/models", headers=headers))
    body = {"input": "Good morning."}
    assert is_kept_out(Client().post("/v1/moderations", body, content_type="application/json", headers=headers))


@pytest.mark.parametrize("end", ["signs out", "is erased", "was ended elsewhere"])
def test_the_end_of_a_session_clears_what_the_browser_keeps(alice, end):
    client = Client()
    client.force_login(alice)
    assert "Clear-Site-Data" not in client.get("/account/").headers
    if end == "was ended elsewhere":
        Session.objects.all().delete()
        answer = client.get("/account/")
    elif end == "is erased":
        answer = client.post("/account/erase/", {"proof": factories.PASSWORD})
    else:
        answer = client.post("/account/logout/")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert "Clear-Site-Data" not in Client().get("/account/login/").headers
