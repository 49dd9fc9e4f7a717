"""Conversations as files: what is written, and that it comes back as it was."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.test import Client
from django.urls import reverse

from accounts.models import Quota, User
from chat.conversation import conversations, groups, transcripts
from chat.files import importing
from chat.files.export_formats import FORMATS
from chat.models import Author, Conversation, Message
from tests.factories import make_conversation, make_persona


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """A question, two replies to it, and a message after the first of them."""
    conversation = make_conversation(owner=alice, title="Plums, 李子")
    question = say(conversation, None, "Do you like plums?\nAnd <b>jam</b>?")
    first = say(conversation, question, "Plums are good.", Author.PERSONA)
    say(conversation, question, "我喜欢李子。", Author.PERSONA, branch_name="In Chinese")
    conversation.head = say(conversation, first, "Then I bring some.", is_pinned=True)
    conversation.save()
    return conversation


def say(
    conversation: Conversation, parent: Message | None, text: str, author: Author = Author.USER, **fields: Any
) -> Message:
    return conversation.messages.create(parent=parent, author=author, text=text, **fields)


def imported(user: User, content: str | bytes) -> list[Conversation]:
    persona = make_persona(owner=user)
    raw = content.encode() if isinstance(content, str) else content
    return importing.import_file(user=user, persona_id=persona.id, content=raw)


def read_texts(conversation: Conversation) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in transcripts.turns(conversation, conversation.head_id)]


def shape(conversation: Conversation) -> list[tuple[Any, ...]]:
    """All messages with their places in the tree, without their ids."""
    messages = list(conversation.messages.order_by("created_at"))
    numbers: dict[UUID | None, int] = {message.id: number for number, message in enumerate(messages)}
    return [
        (
            numbers.get(each.parent_id),
            each.author,
            each.text,
            each.created_at,
            each.is_pinned,
            each.branch_name,
            each.is_withheld,
        )
        for each in messages
    ]


def test_json_lines_bring_back_every_branch_as_it_was(conversation: Conversation, alice: User) -> None:
    content = FORMATS["json"].write(conversation)
    back = imported(alice, content)[0]
    assert shape(back) == shape(conversation)
    assert back.title == conversation.title
    assert read_texts(back) == read_texts(conversation)


def test_a_silly_tavern_file_has_its_header_its_fields_and_its_swipes(conversation: Conversation, alice: User) -> None:
    content = FORMATS["sillytavern"].write(conversation)
    header, *lines = map(json.loads, content.splitlines())
    assert {"user_name", "character_name", "create_date", "chat_metadata"} == header.keys()
    assert all({"name", "is_user", "is_system", "send_date", "mes"} <= line.keys() for line in lines)
    assert lines[1]["swipes"] == ["Plums are good.", "我喜欢李子。"]
    assert lines[1]["swipe_id"] == 0
    back = imported(alice, content)[0]
    assert read_texts(back) == read_texts(conversation)
    assert back.messages.count() == conversation.messages.count()
    assert FORMATS["sillytavern"].write(back).splitlines()[1:3] == [
        line.replace(conversation.persona.name, back.persona.name) for line in content.splitlines()[1:3]
    ]


def test_a_silly_tavern_file_has_no_withheld_swipe(conversation: Conversation) -> None:
    question = conversation.messages.get(parent=None)
    say(conversation, question, "A marked word.", Author.PERSONA, is_withheld=True)
    assert "marked" not in FORMATS["sillytavern"].write(conversation)


def test_markdown_and_page_hold_the_read_branch_and_escape_markup(conversation: Conversation) -> None:
    markdown, page = FORMATS["markdown"].write(conversation), FORMATS["page"].write(conversation)
    for text in (markdown, page):
        assert "Then I bring some." in text
        assert "我喜欢李子。" not in text
        assert "an AI" in text
    assert "&lt;b&gt;jam&lt;/b&gt;" in page
    assert "<b>jam" not in page


def test_withheld_messages_are_only_in_json_lines(conversation: Conversation) -> None:
    conversation.head = say(conversation, conversation.head, "Held back.", is_withheld=True)
    conversation.save()
    holding = [name for name, each in FORMATS.items() if "Held back." in each.write(conversation)]
    assert holding == ["json"]


OPEN_WEBUI = [
    {
        "id": "c1",
        "title": "A walk",
        "chat": {
            "title": "A walk",
            "history": {
                "currentId": "m3",
                "messages": {
                    "m1": {"id": "m1", "parentId": None, "childrenIds": ["m2", "m3"], "role": "user",
                           "content": "Shall we walk?", "timestamp": 1700000000},
                    "m2": {"id": "m2", "parentId": "m1", "role": "assistant",
                           "content": "No.", "timestamp": 1700000001},
                    "m3": {"id": "m3", "parentId": "m1", "role": "assistant",
                           "content": "Yes.", "timestamp": 1700000001},
                },
            },
        },
    }
]  # fmt: skip
CHAT_UI = [
    {
        "title": "Tea",
        "messages": [
            {"from": "system", "id": "s", "content": "Be brief.", "ancestors": [], "children": ["a"]},
            {"from": "user", "id": "a", "content": "Tea?", "ancestors": ["s"], "createdAt": "2024-05-01T10:00:00.000Z"},
            {"from": "assistant", "id": "b", "content": "Gladly.", "ancestors": ["s", "a"]},
        ],
    },
    {
        "title": "Older",
        "messages": [
            {"from": "user", "id": "x", "content": "Hello."},
            {"from": "assistant", "id": "y", "content": "Hello, dear."},
        ],
    },
]


def test_open_webui_comes_with_its_branches(alice: User) -> None:
    back = imported(alice, json.dumps(OPEN_WEBUI))[0]
    assert back.title == "A walk"
    assert read_texts(back) == [("user", "Shall we walk?"), ("persona", "Yes.")]
    assert back.messages.count() == 3
    assert back.messages.earliest("created_at").created_at.year == 2023


def test_chat_ui_comes_with_trees_and_without_system_prompts(alice: User) -> None:
    first, second = imported(alice, json.dumps(CHAT_UI))
    assert read_texts(first) == [("user", "Tea?"), ("persona", "Gladly.")]
    assert read_texts(second) == [("user", "Hello."), ("persona", "Hello, dear.")]


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59", -5e10])
def test_a_date_that_no_chat_can_have_is_unknown(alice: User, client: Client, settings, date: str | float) -> None:
    messages = [{"from": "user", "content": "Do you like plums?", "createdAt": date}]
    [conversation] = imported(alice, json.dumps({"title": "Plums", "messages": messages}))
    assert conversation.messages.get().created_at.year > 2020
    settings.TIME_ZONE = "America/New_York"
    client.force_login(alice)
    assert client.get(reverse("chat:conversation", args=[conversation.id])).status_code == 200


def test_what_the_filter_refuses_comes_withheld_and_reaches_no_prompt(alice: User) -> None:
    lines = [
        {"user_name": "A", "character_name": "B", "chat_metadata": {}},
        {"name": "A", "is_user": True, "mes": "I want to kill myself tonight."},
        {"name": "B", "is_user": False, "mes": "Call me on 202 555 0143, or write to jane.doe@example.org."},
    ]
    back = imported(alice, "\n".join(map(json.dumps, lines)))[0]
    assert back.messages.get(author="user").is_withheld
    assert [turn.speaker for turn in transcripts.turns(back, back.head_id)] == ["persona"]
    assert "jane.doe" not in back.messages.get(author="persona").text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "none of the formats"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"{}", "none of the formats"),
        (b"[1, null, [], {}]", "none of the formats"),
        (b'[{"messages": [1, null, {"from": {}, "content": 5}]}]', "none of the formats"),
        (b'{"mes": "' + b"x" * 9_000 + b'", "is_user": true}', "9,000 characters; the limit is 8,000"),
        (b'{"mes": "hello"}\n' * 1_001, "1,001 messages; the limit is 1,000"),
        (b" " * (5 * 1024**2 + 1), "the limit is 5 MB"),
        (b"[" + b",".join([b"[]"] * 100_001) + b"]", "values; the limit is 200,000"),
        (b"[]\n" * 150_000, "values; the limit is 200,000"),
        ((b'{"mes": "' + b"x" * 7_000 + b'"}\n') * 29, "203,000 characters; the limit is 200,000"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_whole_with_a_sentence(alice: User, content: bytes, words: str) -> None:
    with pytest.raises(conversations.WrongState, match=words):
        imported(alice, content)
    assert not Conversation.objects.exists()


def test_a_file_is_charged_before_it_is_judged_and_is_judged_alone(
    alice: User, settings: Any, monkeypatch: Any
) -> None:
    settings.QUOTAS = settings.QUOTAS | {"messages": (3, timedelta(days=1))}
    persona, judged = make_persona(owner=alice), []
    content = (b'{"mes": "' + b"x" * 7_500 + b'"}\n') * 2

    def judge(turns: Any, **_: Any) -> None:
        judged.append(Quota.objects.get(user=alice, kind="messages").used)
        with pytest.raises(conversations.WrongState, match="Another file of yours"):
            importing.import_file(user=alice, persona_id=persona.id, content=content)
        raise ValueError("enough")

    monkeypatch.setattr(groups, "judge", judge)
    with pytest.raises(ValueError, match="enough"):
        importing.import_file(user=alice, persona_id=persona.id, content=content)
    with pytest.raises(conversations.OverQuota):  # the first one has spent 2 of 3
        importing.import_file(user=alice, persona_id=persona.id, content=content)
    assert judged == [2]


def test_a_tree_that_bites_its_tail_or_lacks_its_root_does_no_harm(alice: User) -> None:
    lines: list[dict[str, Any]] = [
        {"format": "afterword-conversation", "title": "Odd", "head": "nowhere"},
        {"id": "1", "parent": "2", "author": "user", "text": "One"},
        {"id": "2", "parent": "1", "author": "user", "text": "Two"},
        {"id": "3", "parent": "gone", "author": "user", "text": "Three", "created_at": "9999-12-31"},
        {"id": "3", "parent": "3", "author": "user", "text": "Again"},
        {"id": "4", "parent": "3", "author": "moderator", "text": "Nobody"},
    ]
    back = imported(alice, "\n".join(map(json.dumps, lines)))[0]
    assert read_texts(back) == [("user", "Three")]


def test_only_the_owner_exports_and_only_to_personas_of_theirs_one_imports(
    conversation: Conversation, bob: User, client: Client
) -> None:
    client.force_login(bob)
    assert client.get(reverse("chat:export", args=[conversation.id]), {"format": "json"}).status_code == 404
    with pytest.raises(Http404):
        importing.import_file(user=bob, persona_id=conversation.persona_id, content=b'{"mes": "hello"}')


def test_the_pages_download_and_import(conversation: Conversation, client: Client) -> None:
    client.force_login(conversation.owner)
    everything = client.get(reverse("chat:export-all"), {"format": "json"})
    archive = zipfile.ZipFile(io.BytesIO(b"".join(everything)))
    (name,) = archive.namelist()
    assert name.startswith("plums-")
    upload = SimpleUploadedFile(name, archive.read(name))
    answer = client.post(reverse("chat:import"), {"file": upload, "persona": conversation.persona_id})
    other = Conversation.objects.exclude(id=conversation.id).get()
    assert answer.headers["Location"] == reverse("chat:conversation", args=[other.id])
    assert client.get(answer.headers["Location"]).status_code == 200
    assert client.get(reverse("chat:export-all"), {"format": "exe"}).status_code == 404


@pytest.mark.parametrize("format", ["json", "sillytavern"])
def test_everything_that_was_downloaded_at_once_comes_back_at_once(
    conversation: Conversation, client: Client, settings: Any, format: str
) -> None:
    settings.QUOTAS = settings.QUOTAS | {"conversations": (1, timedelta(minutes=1))}
    second = make_conversation(owner=conversation.owner, persona=conversation.persona, title="Pears")
    second.head = say(second, None, "I planted a pear tree.")
    second.save()
    client.force_login(conversation.owner)
    archive = b"".join(client.get(reverse("chat:export-all"), {"format": format}))
    back = imported(conversation.owner, archive)
    assert sorted(each.title for each in back) == ["Pears", "Plums, 李子"]
    assert {text for each in back for _, text in read_texts(each)} >= {"I planted a pear tree.", "Then I bring some."}


def zipped(**files: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(a_json=b" " * (6 * 1024**2)), "more than 5 MB together"),
        (zipped(a_json=b" " * (3 * 1024**2), b_json=b" " * (3 * 1024**2)), "more than 5 MB together"),
        (zipped(a_json=b"[" + b"[]," * 120_000 + b"1]", b_json=b"[" + b"[]," * 120_000 + b"1]"), "limit is 200,000"),
        (zipped(a_txt=b"Hello."), "none of the formats"),
        (zipped(a_json=b"{}", b_jsonl=b"no JSON"), "not JSON"),
        (zipped(a_json=b"{}")[:-30], "damaged"),
    ],
)
def test_an_archive_that_does_not_fit_is_refused_whole_with_a_sentence(alice: User, content: bytes, words: str) -> None:
    with pytest.raises(conversations.WrongState, match=words):
        imported(alice, content)
    assert not Conversation.objects.exists()


def test_t2_while_the_filter_is_down_no_line_of_a_file_is_kept(alice: User, filter_down: None) -> None:
    lines = ["I am going to kill myself tonight.", "How do I build a pipe bomb at home?"]
    content = "\n".join(json.dumps({"is_user": True, "mes": line}) for line in lines)
    with pytest.raises(conversations.ModerationDown) as refused:
        imported(alice, content)
    assert "Are you safe right now?" in refused.value.help.text
    assert not Conversation.objects.exists()


def test_k6_the_help_in_place_of_a_file_answers_chinese_words_in_chinese(alice: User, filter_down: None) -> None:
    lines = ["Good evening, and thank you for coming.", "我今晚就去自杀。"]
    content = "\n".join(json.dumps({"is_user": True, "mes": line}) for line in lines)
    with pytest.raises(conversations.ModerationDown) as refused:
        imported(alice, content)
    assert refused.value.help.resources[-1]["name"] == "你身边的人"


def test_the_branch_that_was_read_comes_back_though_it_ends_in_a_failed_reply(
    conversation: Conversation, alice: User
) -> None:
    conversation.head = say(conversation, conversation.head, "", Author.PERSONA)
    conversation.save()
    back = imported(alice, FORMATS["json"].write(conversation))[0]
    assert read_texts(back)[-1] == ("user", "Then I bring some.")


@pytest.mark.parametrize(
    "written", ["June 19, 2023 2:20pm", "2023-6-19 @14h 20m 0s 0ms", "2023-06-19T14:20:00.000Z", 1687184400000]
)
def test_every_form_of_silly_tavern_s_dates_is_kept(alice: User, client: Client, written: str | int) -> None:
    lines = [{"user_name": "You", "chat_metadata": {}}, {"name": "Ada", "mes": "Hello.", "send_date": written}]
    back = imported(alice, "".join(json.dumps(line) + "\n" for line in lines))[0]
    assert back.messages.get().created_at == datetime(2023, 6, 19, 14, 20, tzinfo=UTC)
    client.force_login(alice)
    page = client.get(reverse("chat:conversation", args=[back.id])).text
    assert 'min="2023-06-19"' in page, "one can go to a day before the import"


def test_the_versions_of_a_greeting_are_swipes_too(alice: User) -> None:
    conversation = make_conversation(owner=alice)
    for text in ("Hello.", "Good evening."):
        conversation.head = say(conversation, None, text, Author.PERSONA)
    conversation.save()
    _, line = map(json.loads, FORMATS["sillytavern"].write(conversation).splitlines())
    assert (line["swipes"], line["swipe_id"]) == (["Hello.", "Good evening."], 1)
