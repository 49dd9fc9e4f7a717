"""Writing a story: the real filter, database and Redis, and an engine from a script."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.contacts import guardian_limits
from accounts.models import Quota, User
from accounts.personal_data import my_data
from accounts.usage import quotas
from chat.conversation import conversations, follow_up, partings
from chat.models import NoticeKind
from generation.engine import EngineInfo, EngineUnavailable, Token
from generation.jobs import waiting_room
from generation.routing import router
from moderation import user_turns
from moderation.filter import gate
from moderation.models import Assessment, Case
from personas import creation
from stories import continuations, monitoring, notices, tasks, telling, writing
from stories.models import Author, Continuation, Dial, Passage, Story
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none")
CRISIS = "I want to kill myself tonight."
THREAT = "I will find you and kill you tonight, you worthless bitch."
OFFERED = "The ice broke. A bell rang."


@pytest.fixture
def story(alice: User) -> Story:
    return factories.make_story(owner=alice, title="The Lamp", premise="A keeper waits.")


@pytest.fixture
def prompts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The engine always says the same. Returns the prompts that it got."""
    asked: list[str] = []

    def scripted(build, cancelled, announce, **_):
        announce(INFO, "")
        prompt, values = build(INFO, lambda text: len(text.split()))
        asked.append(f"{values.temperature} {prompt.text}")
        yield from map(Token, ["The ", "ice broke. ", "A bell rang. ", "Then the"])

    monkeypatch.setattr(router, "stream", scripted)
    return asked


def drawn(story: Story, dial: Dial = Dial.LIVELY) -> list[Continuation]:
    """Three continuations, written."""
    writing.draw(user=story.owner, story_id=story.pk, dial=dial)
    for _ in range(writing.DRAWN):
        waiting_room.serve()
    return list(story.continuations.all())


def told(story: Story) -> list[str]:
    return [each.text for each in story.passages if not each.is_withheld]


def test_each_judged_text_counts_as_a_message_also_a_title_and_one_that_is_refused(story, settings, monkeypatch):
    alice = story.owner
    writing.begin(user=alice, persona_id=story.persona_id, title="The Lamp", premise="")
    writing.describe(user=alice, story_id=story.pk, title="The Lamp", premise="A keeper waits.")
    writing.write(user=alice, story_id=story.pk, text="The keeper slept.")
    writing.divide(user=alice, story_id=story.pk, chapter="Morning")
    scene = story.scenes.get(title="Morning")
    writing.describe_chapter(user=alice, scene_id=scene.pk, title="Morning", summary="The boats come in.")
    assert Quota.objects.get(user=alice, kind="messages").used == 5

    def refuse(user: User) -> None:
        raise quotas.QuotaExceeded(kind="messages", amount=1, limit=1, window=timedelta(1), retry_after=timedelta(1))

    monkeypatch.setattr(guardian_limits, "spend", refuse)
    with pytest.raises(conversations.OverQuota):
        writing.write(user=alice, story_id=story.pk, text="The keeper woke.")
    assert Quota.objects.get(user=alice, kind="messages").used == 6
    settings.QUOTAS = settings.QUOTAS | {"messages": (6, timedelta(hours=1))}
    monkeypatch.setattr(user_turns, "judge", None)  # nothing is judged past the limit
    with pytest.raises(conversations.OverQuota):
        writing.describe(user=alice, story_id=story.pk, title="The Lamp", premise="")


def test_three_continuations_come_through_the_waiting_room_and_one_goes_on(story, prompts):
    writing.write(user=story.owner, story_id=story.pk, text="The keeper slept.")
    offers = drawn(story, Dial.STEADY)
    assert [(each.number, each.status, each.text) for each in offers] == [(n, "written", OFFERED) for n in (1, 2, 3)]
    assert prompts[0].startswith("0.")
    assert "The keeper slept." in prompts[0]
    assert "A keeper waits." in prompts[0]
    writing.take(user=story.owner, continuation_id=offers[1].pk)
    assert told(story) == ["The keeper slept.", OFFERED]
    assert not story.continuations.exists()
    assert Quota.objects.get(user=story.owner, kind="messages").used == 4
    with pytest.raises(Http404):
        writing.take(user=story.owner, continuation_id=offers[0].pk)


def test_three_others_take_the_place_of_those_that_wait(story, prompts):
    first = writing.draw(user=story.owner, story_id=story.pk, dial=Dial.WILD)
    second = drawn(story)
    assert waiting_room.sizes()["interactive"] == 0
    assert not {each.pk for each in first} & {each.pk for each in second}
    assert len(prompts) == writing.DRAWN  # the first three were called off
    tasks.write_continuation(str(first[0].pk))
    tasks.write_continuation(str(second[0].pk))
    assert len(prompts) == writing.DRAWN


def test_chosen_sentences_keep_their_author(story, prompts):
    drawn(story)
    passage = writing.write(user=story.owner, story_id=story.pk, text="A bell rang. I ran.")
    assert passage.author == Author.BOTH
    offers = drawn(story)  # without the sentence that the story has already
    assert {each.text for each in offers} == {"The ice broke."}
    assert writing.write(user=story.owner, story_id=story.pk, text="The ice broke.").author == Author.PERSONA
    assert writing.write(user=story.owner, story_id=story.pk, text="I slept.").author == Author.USER


def test_what_the_narrator_offered_is_not_judged_as_the_persons_own(story, prompts):
    offer = drawn(story)[0]
    sentence = "I will take all the pills tonight."
    story.continuations.filter(pk=offer.pk).update(text=f"{sentence} He laughed.")
    passage = writing.write(user=story.owner, story_id=story.pk, text=sentence)
    assert (passage.author, passage.is_withheld) == (Author.PERSONA, False)
    offer = drawn(story)[0]
    story.continuations.filter(pk=offer.pk).update(text=f"{sentence} He laughed.")
    mixed = writing.write(user=story.owner, story_id=story.pk, text=f"The rain came. {sentence}")
    assert (mixed.author, mixed.is_withheld) == (Author.BOTH, False)
    assert not story.notices.filter(kind=NoticeKind.CRISIS).exists()
    own = writing.write(user=story.owner, story_id=story.pk, text=sentence)
    assert (own.author, own.is_withheld) == (Author.USER, True)


def test_a_crisis_is_answered_by_the_site_and_the_story_rests(story, prompts, client):
    client.force_login(story.owner)
    answer = client.post(reverse("stories:write", args=[story.pk]), {"text": CRISIS, "go_on": "yes"}, follow=True)
    place = answer.redirect_chain[-1][0].partition("#")[2]
    assert place == f"notice-{story.notices.first().pk}", "the page begins at the help, which stands above the box"
    assert f'id="{place}" tabindex="-1"' in answer.text
    assert prompts == []
    assert not story.continuations.exists()
    assert told(story) == []
    assert "From Afterword" in answer.text
    assert "This is no part of the story" in answer.text
    notice = story.notices.get(kind="crisis")
    assert notice.resources
    assert notice.text in answer.text
    drawn(story)
    assert CRISIS not in prompts[0]
    monitoring.look_at(story.pk)
    case = Case.objects.get(conversation_id=story.pk)
    assert case.persona_name == "Ada (story)"
    assert any(turn["text"] == CRISIS for turn in case.evidence)


def test_a_premise_that_the_filter_stops_is_not_stored_and_help_is_shown(story, client):
    client.force_login(story.owner)
    answer = client.post(reverse("stories:describe", args=[story.pk]), {"title": "x", "premise": CRISIS})
    story.refresh_from_db()
    assert story.premise == "A keeper waits."
    assert answer.status_code == 409
    assert "local emergency number" in answer.text or "988" in answer.text


def test_what_was_typed_about_a_story_stays_where_it_is_refused(story, client):
    client.force_login(story.owner)
    premise, summary = ("A keeper waits. " * 200).strip(), ("The ice breaks. " * 50).strip()
    refused = client.post(reverse("stories:describe", args=[story.pk]), {"title": "Ice", "premise": premise})
    assert (refused.status_code, premise in refused.text) == (409, True)
    chapter = reverse("stories:describe-chapter", args=[story.scenes.get().pk])
    refused = client.post(chapter, {"title": "One", "summary": summary})
    assert (refused.status_code, summary in refused.text) == (409, True)


def test_words_of_the_narrator_that_the_filter_stops_are_not_shown(story, monkeypatch, client):
    def hateful(build, cancelled, announce, **_):
        announce(INFO, "")
        build(INFO, len)
        yield Token("Kill all the Jews, they are vermin. ")

    monkeypatch.setattr(router, "stream", hateful)
    offers = drawn(story)
    assert {(each.status, each.text) for each in offers} == {("withheld", "")}
    assert Assessment.objects.filter(conversation_id=story.pk, message_id=offers[0].pk).exists()
    client.force_login(story.owner)
    page = client.get(reverse("stories:continuation", args=[offers[0].pk])).text
    assert "vermin" not in page
    assert "was withdrawn" in page
    with pytest.raises(conversations.WrongState):
        writing.take(user=story.owner, continuation_id=offers[0].pk)


def test_a_narrator_holds_to_the_rules_of_its_persona(story, prompts, monkeypatch):
    judged = []
    cleared = gate.cleared
    monkeypatch.setattr(gate, "cleared", lambda pieces, **rules: judged.append(rules) or cleared(pieces, **rules))
    drawn(story)
    assert {rules["persona_id"] for rules in judged} == {story.persona_id}


def test_without_an_engine_the_page_says_so(story, monkeypatch):
    def none(*_, **__):
        raise EngineUnavailable("None is there.")
        yield

    monkeypatch.setattr(router, "stream", none)
    offers = drawn(story)
    assert {(each.status, each.code) for each in offers} == {("failed", "engine_unavailable")}
    assert continuations.reason(offers[0])


def test_a_lost_continuation_is_queued_again_and_given_up_after_some_attempts(story, prompts, settings):
    lost = story.continuations.create(number=1)
    tasks.ask_again()
    assert waiting_room.sizes()["interactive"] == 0  # a young one may be on its way
    Continuation.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    tasks.ask_again()
    assert waiting_room.sizes()["interactive"] == 1
    Continuation.objects.update(attempts=settings.REPLY_ATTEMPTS)
    waiting_room.serve()
    lost.refresh_from_db()
    assert (lost.status, lost.code, prompts) == ("failed", "worker_lost", [])


def test_chapters_scenes_and_undo(story, prompts):
    def write(text: str) -> None:
        writing.write(user=story.owner, story_id=story.pk, text=text)

    with pytest.raises(conversations.WrongState, match="still empty"):
        writing.divide(user=story.owner, story_id=story.pk, chapter=None)
    write("One.")
    writing.divide(user=story.owner, story_id=story.pk, chapter=None)
    write("Two.")
    chapter = writing.divide(user=story.owner, story_id=story.pk, chapter="Storm")
    write("Three.")
    writing.describe_chapter(user=story.owner, scene_id=chapter.pk, title="The Storm", summary="It blows.")
    book = telling.book(story)
    assert [(each.title, each.scenes) for each in book.chapters] == [
        ("", [["One."], ["Two."]]),
        ("The Storm", [["Three."]]),
    ]
    drawn(story)
    assert "Chapter 2: The Storm\n\nThree." in prompts[0]
    for left in (["One.", "Two."], ["One.", "Two."], ["One."], ["One."], []):  # a passage, then the division before it
        writing.undo(user=story.owner, story_id=story.pk)
        assert told(story) == left
    with pytest.raises(conversations.WrongState, match="nothing to take back"):
        writing.undo(user=story.owner, story_id=story.pk)
    assert story.scenes.count() == 1


def test_everything_works_as_plain_forms(alice, prompts, client):
    persona = factories.make_persona(owner=alice)
    client.force_login(alice)
    begun = client.post(reverse("stories:begin"), {"persona": persona.pk, "title": "Salt & <i>Light", "premise": ""})
    story = Story.objects.get()
    address = reverse("stories:story", args=[story.pk])
    assert begun.url == address
    client.post(reverse("stories:write", args=[story.pk]), {"text": "The keeper slept.", "go_on": "yes"})
    assert "Being written." in client.get(address).text
    for _ in range(writing.DRAWN):
        waiting_room.serve()
    page = client.get(address).text
    assert page.count("A bell rang.") == writing.DRAWN
    assert "Salt &amp; &lt;i&gt;Light" in page
    offers = list(story.continuations.all())
    chosen = {"sentence": [f"{offers[0].pk}:1", f"{offers[2].pk}:0", "junk", f"{offers[0].pk}:99"], "text": "So:"}
    mixed = client.post(reverse("stories:write", args=[story.pk]), chosen | {"mix": "yes"})
    assert ">So: A bell rang. The ice broke.</textarea>" in mixed.text
    edited = client.post(reverse("stories:write", args=[story.pk]), {"text": "", "edit": offers[1].pk})
    assert f">{OFFERED}</textarea>" in edited.text
    client.post(reverse("stories:write", args=[story.pk]), {"text": "", "take": offers[1].pk})
    assert told(story) == ["The keeper slept.", OFFERED]
    book = client.get(reverse("stories:book", args=[story.pk]))
    assert book.headers["Content-Type"] == "application/epub+zip"
    assert 'filename="salt-ilight.epub"' in book.headers["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(book.content))
    assert "<p>The keeper slept.</p>" in archive.read("book/chapter-1.xhtml").decode()
    client.post(reverse("stories:delete", args=[story.pk]))
    assert not Story.objects.exists()


def test_an_empty_box_and_a_long_one_say_why(story, client, settings):
    client.force_login(story.owner)
    empty = client.post(reverse("stories:write", args=[story.pk]), {"text": "  "})
    assert (empty.status_code, "required" in empty.text) == (409, True)
    long = "x" * (settings.MESSAGE_CHARACTERS + 1)
    answer = client.post(reverse("stories:write", args=[story.pk]), {"text": long})
    assert answer.status_code == 409
    assert long in answer.text
    assert not Passage.objects.exists()


def test_a_report_of_words_that_are_only_offered_opens_a_case(story, prompts, client):
    offers = drawn(story)
    client.force_login(story.owner)
    answer = client.post(
        reverse("stories:report", args=[story.pk]), {"words": str(offers[0].pk), "category": "harassment"}
    )
    assert answer.url == reverse("moderation:my_reports")
    assert any(turn["text"] == OFFERED for turn in Case.objects.get(conversation_id=story.pk).evidence)


def test_a_persona_that_may_not_talk_narrates_nothing(story, alice, prompts):
    offers = writing.draw(user=alice, story_id=story.pk, dial=Dial.LIVELY)
    story.persona.depicts = "living"
    story.persona.save()
    waiting_room.serve()
    offers[0].refresh_from_db()
    assert (offers[0].code, prompts) == ("persona_not_confirmed", [])
    with pytest.raises(conversations.NotAdmitted):
        writing.draw(user=alice, story_id=story.pk, dial=Dial.LIVELY)
    with pytest.raises(conversations.NotAdmitted):
        writing.begin(user=alice, persona_id=story.persona_id, title="", premise="")


def test_a_persona_to_whom_its_person_said_farewell_narrates_nothing(story, alice, prompts, client):
    writing.draw(user=alice, story_id=story.pk, dial=Dial.LIVELY)
    parted = conversations.start(user=alice, persona_id=story.persona_id)
    partings.begin_farewell(user=alice, conversation_id=parted.pk)
    partings.end_farewell(user=alice, conversation_id=parted.pk)
    for _ in range(writing.DRAWN):
        waiting_room.serve()
    assert not prompts
    with pytest.raises(conversations.AtRest):
        writing.draw(user=alice, story_id=story.pk, dial=Dial.LIVELY)
    with pytest.raises(conversations.AtRest):
        writing.begin(user=alice, persona_id=story.persona_id, title="", premise="")
    client.force_login(alice)
    assert "You have said farewell to Ada" in client.get(reverse("stories:story", args=[story.pk])).text


def test_a_story_is_taken_along_and_erased_and_goes_with_its_narrator(story, prompts, alice):
    drawn(story)
    writing.write(user=alice, story_id=story.pk, text="My own words.")
    with zipfile.ZipFile(io.BytesIO(my_data.export(alice))) as archive:
        exported = archive.read("stories.json").decode()
    assert "My own words." in exported
    assert '"ai_generated": false' in exported
    creation.delete_persona(user=alice, persona=story.persona)
    assert not Story.objects.exists()
    factories.make_story(owner=alice)
    my_data.erase(alice)
    assert not Story.objects.exists()


def test_a_break_is_suggested_after_long_use_and_the_disclosure_is_kept_as_proof(story, client, monkeypatch):
    client.force_login(story.owner)
    page = client.get(reverse("stories:story", args=[story.pk])).text
    assert "A computer program narrates here." in page
    assert story.notices.get().kind == "disclosure"
    now = timezone.now()
    for minutes in range(0, 130, 9):
        notices.shown_at_visit(story, now + timedelta(minutes=minutes))
    assert [each.rule for each in notices.breaks(story, now + timedelta(minutes=126))] == ["every_2_hours"]


def test_somebody_elses_story_is_not_there(story, bob: User):
    client = Client()
    client.force_login(bob)
    for name in ("story", "book", "delete", "report"):
        assert client.get(reverse(f"stories:{name}", args=[story.pk])).status_code == 404


def test_k9_a_crisis_in_a_story_opens_a_case_at_once_also_while_the_filter_is_down(
    story: Story, filter_down: None
) -> None:
    passage = writing.write(user=story.owner, story_id=story.pk, text=CRISIS)
    case = Case.objects.get(user=story.owner)
    assert (case.conversation_id, case.queue) == (story.pk, "crisis")
    assert case.findings[0]["message_id"] == str(passage.pk)


def test_k9_words_about_a_story_that_are_held_back_open_a_case(story: Story) -> None:
    alice = story.owner
    for title in (CRISIS, THREAT):
        with pytest.raises(writing.HeldBack):
            writing.begin(user=alice, persona_id=story.persona_id, title=title, premise="")
    with pytest.raises(writing.HeldBack):
        writing.describe(user=alice, story_id=story.pk, title="The Lamp", premise=CRISIS)
    begun, described = Case.objects.filter(user=alice).order_by("opened_at")
    assert [turn["text"] for turn in begun.evidence] == [CRISIS, THREAT]
    assert (described.conversation_id, described.persona_name) == (story.pk, "Ada (story)")


def test_k8_a_crisis_in_a_story_is_asked_about_at_the_next_visit(story: Story) -> None:
    writing.write(user=story.owner, story_id=story.pk, text=CRISIS)
    conversation = factories.make_conversation(owner=story.owner)
    assert follow_up.shown_at_next_visit(conversation, timezone.now()) is None  # still the same visit
    assert follow_up.shown_at_next_visit(conversation, timezone.now() + follow_up.REST) is not None
