"""Lines that are tried before a persona is saved: the real filter, database and Redis, and an engine from a script."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.interface import languages
from accounts.legal import laws
from accounts.models import Guardian, Quota
from chat import tasks
from chat.conversation import follow_up
from chat.trials import tried_lines
from generation.engine import EngineInfo, EngineUnavailable, Token
from generation.jobs import waiting_room
from generation.routing import router
from moderation.categories import ClassifierUnavailable
from moderation.desk import urgency
from moderation.models import Assessment, Case, Restriction
from personas import refusals
from personas.models import DraftFile, Persona, TriedLine
from personas.way_in import drafts, trying
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
AGREED = {"import_consent": "on"}
INFO = EngineInfo("script", "script-1", 4096, "transcript", "cpu", "1", "none")


@pytest.fixture
def draft(alice):
    draft = drafts.begin(alice)
    drafts.keep_fields(draft, AGREED)
    lines = ["The harbour was frozen again.", "I walked to the old boat.", "It is painted green this time, you know."]
    beginning = [
        {"speaker": speaker, "text": text, "sent_at": None, "source_ref": f"line {number}"}
        for number, (speaker, text) in enumerate(zip(["Teo", "Nora", "Teo"], lines, strict=True))
    ]
    report = {"messages": 3, "speakers": {"Teo": 2, "Nora": 1}}
    DraftFile.objects.create(
        draft=draft, name="chat", format="transcript", bytes=1, status="ready", report=report, beginning=beginning
    )
    return draft


@pytest.fixture
def prompts(monkeypatch):
    """The engine always says the same. Returns the prompts that it got."""
    asked: list[str] = []

    def scripted(build, cancelled, announce, **_):
        announce(INFO, "")
        prompt, _ = build(INFO, lambda text: len(text.split()))
        asked.append(prompt.text)
        yield from map(Token, [" The", " ice", " was", " thick", "."])

    monkeypatch.setattr(router, "stream", scripted)
    return asked


def test_a_line_gets_the_answer_that_the_saved_persona_would_give(draft, alice, prompts):
    line = trying.ask(user=alice, draft=draft, text=" How was the harbour?\x00 ")
    assert waiting_room.sizes()["interactive"] == 1
    waiting_room.serve()
    line.refresh_from_db()
    assert (line.text, line.status, line.note) == ("How was the harbour?", "written", "")
    assert line.reply == "The ice was thick."
    assert "The harbour was frozen again." in prompts[0]
    assert "Teo" in prompts[0]
    assert not Persona.objects.filter(owner=alice).exists()
    assert Quota.objects.get(user=alice, kind="messages").used == 1


def test_cn5_a_guardians_limit_ends_tried_lines_and_a_line_in_crisis_is_met(draft, alice, prompts, settings):
    settings.MINIMUM_AGE = 16
    alice.birth_date = timezone.localdate() - timedelta(days=17 * 366)
    alice.save()
    Guardian.objects.create(user=alice, name="Gwen", accepted_at=timezone.now(), messages_per_day=50, is_alerted=True)
    drafts.keep_fields(draft, AGREED | {"depicts": "fictional"})
    lines = [trying.ask(user=alice, draft=draft, text=text) for text in ("How was the harbour?", "I want to die.")]
    Quota.objects.create(user=alice, kind="messages:guardian", used=50, window_start=timezone.now())
    for line in lines:
        tasks.answer_tried_line(str(line.pk))
        line.refresh_from_db()
    assert prompts == []
    assert [line.status for line in lines] == ["failed", "withheld"]
    assert "Gwen, your guardian, has set 50 messages" in lines[0].note
    assert "988" in lines[1].note or "findahelpline" in lines[1].note
    assert Guardian.objects.get().alert_owed_at is not None


def test_a_second_worker_changes_nothing(draft, alice, prompts):
    line = trying.ask(user=alice, draft=draft, text="How was the harbour?")
    tasks.answer_tried_line(str(line.pk))
    tasks.answer_tried_line(str(line.pk))
    tasks.answer_tried_line(str(uuid4()))
    assert len(prompts) == 1


def test_a_crisis_is_answered_by_the_site_and_not_by_the_persona(draft, alice, prompts):
    line = trying.ask(user=alice, draft=draft, text="I want to kill myself tonight.")
    waiting_room.serve()
    line.refresh_from_db()
    assert (line.status, line.reply, prompts) == ("withheld", "", [])
    assert "This is Afterword, not the persona." in line.note
    assert "local emergency number" in line.note
    case = Case.objects.get(user=alice)  # K9
    assert (case.conversation_id, case.persona_name, case.queue) == (draft.pk, "Teo (draft)", "crisis")
    assert (case.due_at <= timezone.now() + urgency.IMMINENT_HARM, case.evidence[0]["text"]) == (True, line.text)
    Assessment.objects.update(created_at=timezone.now() - follow_up.REST)
    conversation = factories.make_conversation(owner=alice)
    assert [bool(follow_up.shown_at_next_visit(conversation, timezone.now())) for _ in range(2)] == [True, False]  # K8


def test_help_beside_a_tried_line_is_in_its_readers_language(draft, alice, prompts):
    languages.keep(alice, "zh-hans")
    line = trying.ask(user=alice, draft=draft, text="I want to kill myself tonight.")
    waiting_room.serve()
    line.refresh_from_db()
    assert line.note.startswith("这是 Afterword 网站")
    assert "急救电话" in line.note


@pytest.mark.parametrize(
    ("fields", "text", "sentence"),
    [
        ({}, "  ", "Write a line first"),
        ({}, "x" * 501, "This line has 501 characters; the limit is 500."),
        ({"depicts": "living", "name": "Teo"}, "Hello?", "silent until that person has agreed"),
        ({"description": "Hitler was right, kill all the Jews."}, "Hello?", "may not be made of these words"),
    ],
)
def test_a_line_that_may_not_be_tried_says_why(draft, alice, fields, text, sentence):
    drafts.keep_fields(draft, AGREED | fields)
    with pytest.raises(refusals.CreationRefused) as refusal:
        trying.ask(user=alice, draft=draft, text=text)
    assert sentence in refusal.value.user_message
    assert not TriedLine.objects.exists()


def test_somebody_under_18_says_first_who_it_is(draft, alice, prompts):
    alice.birth_date = timezone.localdate() - timedelta(days=365 * 16)
    alice.save()
    with pytest.raises(refusals.CreationRefused, match="Say first who this is"):
        trying.ask(user=alice, draft=draft, text="Hello?")
    drafts.keep_fields(draft, AGREED | {"name": "Teo", "depicts": "dead"})
    with pytest.raises(refusals.NotForMinors):
        trying.ask(user=alice, draft=draft, text="Hello?")


def refused(draft, alice):
    with pytest.raises(refusals.CreationRefused) as refusal:
        trying.ask(user=alice, draft=draft, text="Hello?")
    return refusal.value.user_message


def test_a_suspended_person_and_a_locked_draft_get_no_answer(draft, alice, prompts):
    line = trying.ask(user=alice, draft=draft, text="How was the harbour?")
    suspension = Restriction.objects.create(kind="user_suspended", user=alice, statement="You are suspended.")
    waiting_room.serve()  # the decision came after the question
    line.refresh_from_db()
    assert (line.status, line.note, prompts) == ("failed", "You are suspended.", [])
    assert refused(draft, alice) == "You are suspended."
    suspension.delete()
    Restriction.objects.create(kind="conversation_locked", user=alice, conversation_id=draft.pk, statement="Locked.")
    assert refused(draft, alice) == "Locked."


def test_t1_where_personas_need_approval_no_line_is_tried(draft, alice, approval_required):
    assert "an audit has passed and a reviewer has approved it" in refused(draft, alice)


def test_cn12_what_keeps_a_person_from_talking_keeps_them_from_trying(draft, alice, monkeypatch):
    drafts.keep_fields(draft, AGREED | {"name": "Teo", "depicts": "dead"})
    monkeypatch.setattr(laws, "is_in_scope", lambda law: law == laws.ELDERS)
    alice.birth_date = timezone.localdate() - timedelta(days=365 * 70)
    assert "has closed such personas to people of 60" in refused(draft, alice)
    monkeypatch.setattr(laws, "is_served", lambda country: False)
    assert "not offered in your country" in refused(draft, alice)


def test_a_saved_persona_is_tried_by_talking_with_it(alice):
    persona = factories.make_persona(owner=alice)
    with pytest.raises(refusals.CreationRefused, match="saved already"):
        trying.ask(user=alice, draft=drafts.begin(alice, persona=persona), text="Hello?")


def test_a_draft_has_so_many_lines(draft, alice):
    TriedLine.objects.bulk_create(TriedLine(draft=draft, text="Hello?") for _ in range(trying.TRIED))
    with pytest.raises(refusals.CreationRefused, match="You have tried 10 lines"):
        trying.ask(user=alice, draft=draft, text="Hello?")


def test_without_an_engine_or_a_filter_the_line_says_so(draft, alice, monkeypatch):
    def none(*_, **__):
        raise EngineUnavailable("None is there.")
        yield

    monkeypatch.setattr(router, "stream", none)
    line = trying.ask(user=alice, draft=draft, text="How was the harbour?")
    waiting_room.serve()
    line.refresh_from_db()
    assert (line.status, "The model gave no answer" in line.note) == ("failed", True)

    def down(*_, **__):
        raise ClassifierUnavailable("It is down.")

    second = trying.ask(user=alice, draft=draft, text="How was the boat?")
    monkeypatch.setattr(tried_lines.user_turns, "judge", down)
    waiting_room.serve()
    second.refresh_from_db()
    assert (second.status, "cannot judge" in second.note) == ("failed", True)


def test_a_lost_line_is_queued_again_and_given_up_after_some_attempts(draft, alice, prompts, settings):
    line = TriedLine.objects.create(draft=draft, text="How was the harbour?")
    trying.ask_again()
    assert waiting_room.sizes()["interactive"] == 0  # a young line may be on its way
    TriedLine.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    tasks.requeue_lapsed()
    assert waiting_room.sizes()["interactive"] == 1
    TriedLine.objects.update(attempts=settings.REPLY_ATTEMPTS)
    waiting_room.serve()
    line.refresh_from_db()
    assert (line.status, line.note) == ("failed", trying.LOST)


def test_the_page_shows_the_answer(draft, alice, client, prompts):
    client.force_login(alice)
    address = reverse("personas:draft", args=[draft.pk])
    answer = client.post(address, AGREED | {"then": "try", "line": "How was the <b>harbour</b>?"})
    assert answer.url == f"{address}#try"
    assert "The model is writing an answer." in client.get(address).text
    waiting_room.serve()
    part = client.get(reverse("personas:tried_lines", args=[draft.pk])).text
    assert "The ice was thick." in part
    assert "<b>harbour" not in part
    assert "data-under-way" not in part
