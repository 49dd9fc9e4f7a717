"""The owner's first page, and the admin's frame."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from chat.models import Author, Message, Reply
from generation.models import EngineEntry
from moderation.models import Case
from persona_site import admin_site
from tests import timing
from tests.factories import make_conversation, make_persona
from tests.moderation.desk.material import make_case

SECRET = "marked-5c2e-secret"


@pytest.fixture
def owner(client, olga):
    client.force_login(olga)
    return client


def test_the_page_is_for_the_owner_alone(client, alice, mina):
    assert client.get("/owner/").status_code == 302
    for person in (alice, mina):
        client.force_login(person)
        assert client.get("/owner/").status_code == 404
        assert 'href="/owner/"' not in client.get("/").text


def test_it_counts_people_and_use_by_day_and_shows_no_words(owner, alice, bob):
    conversation = make_conversation(owner=alice, title=SECRET, persona=make_persona(owner=alice, name=SECRET))
    other = make_conversation(owner=bob)
    now = timezone.now()
    for talk, ago in ((conversation, 0), (conversation, 0), (other, 0), (other, 3), (other, 40)):
        talk.messages.create(author=Author.USER, text=SECRET, created_at=now - timedelta(days=ago))
    page = owner.get("/owner/")
    assert page.context["people"].accounts == 3
    assert page.context["people"].writing == 2
    plots = {plot.key: plot for plot in page.context["plots"]}
    assert [bar.count for bar in plots["messages"].bars[-4:]] == [1, 0, 0, 3]
    assert [bar.count for bar in plots["people"].bars[-4:]] == [1, 0, 0, 2]
    assert plots["messages"].total == 4
    assert SECRET not in page.text
    assert page.headers["Cache-Control"].count("no-store")


def test_days_without_use_are_said_in_words(owner, alice):
    assert "none in these days" in owner.get("/owner/").text
    make_conversation(owner=alice).messages.create(author=Author.USER, text="Good morning.")
    assert "1 in all, 1 on the day with the most" in owner.get("/owner/").text


def test_it_says_what_needs_attention_and_where(owner, alice):
    EngineEntry.objects.all().delete()
    Case.objects.filter(pk=make_case(alice).pk).update(due_at=timezone.now() - timedelta(hours=1))
    notes = {note.text: note.url for note in owner.get("/owner/").context["attention"]}
    assert notes["Every engine is switched off, so no reply can be written."] == reverse(
        "admin:generation_engineentry_changelist"
    )
    assert notes["1 case is late."] == "/moderation/"


@pytest.mark.thorough
def test_a_hundred_thousand_messages_do_not_slow_it_down(owner, alice):
    conversation = make_conversation(owner=alice)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no check of foreign keys, row by row
        cursor.execute(
            "INSERT INTO chat_message"
            " (id, conversation_id, author, text, branch_name, is_withheld, is_pinned, created_at)"
            " SELECT gen_random_uuid(), %s, 'user', '', '', false, false, now() - make_interval(mins => n / 2)"
            " FROM generate_series(1, 100000) AS n",
            [conversation.id],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE chat_message")
    owner.get("/owner/")  # loads templates
    assert timing.answers_within(10, lambda: owner.get("/owner/"))
    assert owner.get("/owner/").context["plots"][1].total > 70_000


def test_each_record_of_the_admin_has_its_group(owner):
    grouped = {name for _, names in admin_site.GROUPS for name in names}
    assert {model.__name__ for model in admin.site._registry} == grouped
    page = owner.get("/admin/")
    assert "Afterword" in page.text
    assert "Django" not in page.text
    assert [group["name"] for group in page.context["app_list"]] == [name for name, _ in admin_site.GROUPS]


def test_no_page_of_the_admin_lists_private_words(owner, alice):
    persona = make_persona(owner=alice, name=SECRET, description=SECRET, sayings=[SECRET], opening_line=SECRET)
    conversation = make_conversation(owner=alice, title=SECRET, persona=persona)
    message = conversation.messages.create(author=Author.PERSONA, text=SECRET)
    Reply.objects.create(message=message, status="queued", prefix=SECRET, queued_at=timezone.now())
    Message.objects.create(conversation=conversation, author=Author.USER, text=SECRET)
    walked = 0
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages = [reverse(f"{name}_changelist")]
        rows = model_admin.get_queryset(owner.get("/admin/").wsgi_request)[:5]  # the shipped personas, and this one
        pages += [reverse(f"{name}_change", args=[row.pk]) for row in rows]
        for page in pages:
            answer = owner.get(page)
            assert answer.status_code == 200, page
            assert SECRET not in answer.text, page
            walked += 1
    assert walked > 15
