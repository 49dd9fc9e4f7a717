"""A button of a story that is pressed twice does its work once."""

import re
import threading
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from stories import writing
from stories.models import Passage, Story
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
FORM = re.compile(r'<form[^>]*action="(/stories/[^"]*)".*?</form>', re.DOTALL)


@pytest.fixture
def story(alice: User, client: Client) -> Story:
    client.force_login(alice)
    return factories.make_story(owner=alice, title="The Lamp")


def test_every_form_of_a_story_has_a_key_of_its_own(story: Story, client: Client) -> None:
    page = client.get(reverse("stories:story", args=[story.pk])).content.decode()
    forms = {match[1]: re.findall(r'name="press" value="([^"]+)"', match[0]) for match in FORM.finditer(page)}
    assert {url.split("/")[-2] for url in forms} >= {"write", "draw", "undo", "divide", "describe"}
    assert all(len(keys) == 1 for keys in forms.values())
    assert len({keys[0] for keys in forms.values()}) == len(forms)


def test_words_are_added_once_and_a_step_is_taken_back_once(story: Story, client: Client) -> None:
    for text in ("The lamp was lit.", "The fog came in."):
        words = {"text": text, "press": str(uuid4())}
        answers = [client.post(reverse("stories:write", args=[story.pk]), words) for _ in range(2)]
        assert [(answer.status_code, answer.url) for answer in answers] == [(302, answers[0].url)] * 2
    undo = {"press": str(uuid4())}
    for _ in range(2):
        client.post(reverse("stories:undo", args=[story.pk]), undo)
    assert [passage.text for passage in Passage.objects.all()] == ["The lamp was lit."]
    client.post(reverse("stories:undo", args=[story.pk]), {"press": str(uuid4())})
    assert not Passage.objects.exists()


def test_the_second_press_waits_for_the_first(story: Story, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first_writes, may_end = threading.Event(), threading.Event()
    write, calls = writing.write, []

    def slow(**values: object) -> Passage:
        calls.append(values)
        first_writes.set()
        may_end.wait(20)
        return write(**values)

    monkeypatch.setattr(writing, "write", slow)
    words, answers = {"text": "The lamp was lit.", "press": str(uuid4())}, []

    def press() -> None:
        try:
            answers.append(client.post(reverse("stories:write", args=[story.pk]), words).status_code)
        finally:
            connection.close()  # of this thread

    presses = [threading.Thread(target=press) for _ in range(2)]
    presses[0].start()
    assert first_writes.wait(20)
    presses[1].start()
    may_end.set()
    for each in presses:
        each.join(30)
    assert (answers, len(calls), Passage.objects.count()) == ([302, 302], 1, 1)


def test_a_refused_form_may_be_sent_again(story: Story, client: Client) -> None:
    words = {"text": "", "press": str(uuid4())}
    url = reverse("stories:write", args=[story.pk])
    assert [client.post(url, words).status_code for _ in range(2)] == [409, 409]
