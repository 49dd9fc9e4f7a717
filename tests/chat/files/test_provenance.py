"""Exports say in a form for programs what an AI wrote, and the shipped reader finds it (compliance EU3, M4)."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from chat.files import provenance
from chat.files.export_formats import FORMATS
from chat.models import Author, Conversation
from tests.factories import make_conversation

pytestmark = pytest.mark.django_db

LONG = "The lamp is lit, and the sea is calm tonight. " * 60  # more than two hundred tokens


@pytest.fixture
def conversation(alice: User) -> Conversation:
    conversation = make_conversation(owner=alice)
    question = conversation.messages.create(author=Author.USER, text="How is <b>the</b> sea?")
    conversation.head = conversation.messages.create(parent=question, author=Author.PERSONA, text=LONG)
    conversation.save()
    return conversation


@pytest.mark.parametrize("name", FORMATS)
def test_eu3_m4_every_export_passes_our_own_detector(conversation: Conversation, name: str, tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_text(FORMATS[name].write(conversation), encoding="utf-8")
    out = StringIO()
    call_command("find_marks", str(path), stdout=out)
    found = json.loads(out.getvalue())
    assert (found["is_marked"], found["ai_generated"], found["others"]) == (True, 1, 1)


def test_eu3_a_file_of_somebody_else_carries_no_mark() -> None:
    for content in ("Dear Ann, the sea is calm.", '{"mes": "x"}', "[1]\n", "{broken", "<p>Hello</p>", ""):
        assert provenance.read(content).form == "none"


def test_m4_each_form_has_its_own_mark(conversation: Conversation) -> None:
    assert '"ai_generated": true' in FORMATS["json"].write(conversation)
    assert '<meta name="ai-generated"' in FORMATS["page"].write(conversation)
    assert FORMATS["markdown"].write(conversation).splitlines()[0] == provenance.LINE


def test_eu5_eu6_no_page_opens_a_microphone_or_a_camera_and_nothing_makes_media(client: Client) -> None:
    """Nobody's voice or face is read, and no voice, picture or video of anybody is made."""
    policy = client.get("/privacy/").headers["Permissions-Policy"]
    assert "camera=()" in policy
    assert "microphone=()" in policy


def test_a_line_separator_within_a_message_hides_no_mark():
    line = json.dumps({provenance.FIELD: True, "text": "One\u2028two"}, ensure_ascii=False)
    assert provenance.read(f"{line}\n{line}\n").ai_generated == 2
