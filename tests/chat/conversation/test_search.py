"""Search over a person's own conversations."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chat.conversation import search
from chat.models import Author, Conversation
from chat.pages import search_page
from tests import timing
from tests.factories import make_conversation, make_persona


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return make_conversation(owner=alice)


def say(conversation: Conversation, text: str, author: Author = Author.USER, **fields: object) -> None:
    message = conversation.messages.create(author=author, text=text, parent=conversation.head, **fields)
    conversation.head = message
    conversation.save()


def texts(user: User, query: str) -> list[str]:
    return [match.message.text for match in search.search(user=user, query=query)]


def marked(user: User, query: str) -> list[str]:
    return [piece.text for piece in search.search(user=user, query=query)[0].excerpt if piece.is_match]


def test_words_match_by_their_stems_on_both_sides(conversation: Conversation, alice: User) -> None:
    say(conversation, "My dog Bruno was running by the sea.")
    say(conversation, "Dogs run, Bruno too.", Author.PERSONA)
    say(conversation, "The lamp is lit.")
    assert texts(alice, "dog runs") == ["Dogs run, Bruno too.", "My dog Bruno was running by the sea."]
    assert marked(alice, "dog runs") == ["Dogs", "run"]
    assert texts(alice, '"dogs run"') == ["Dogs run, Bruno too."]
    assert texts(alice, "dog -running") == []


@pytest.mark.parametrize("query", ["小雨", "女儿叫小", "雨", "我女儿", "一九"])
def test_chinese_is_found_by_one_two_or_more_characters_anywhere_in_a_run(
    conversation: Conversation, alice: User, query: str
) -> None:
    say(conversation, "我女儿叫小雨，生于一九八八年。")
    say(conversation, "儿女都叫雨小。九八")
    assert texts(alice, query)[-1] == "我女儿叫小雨，生于一九八八年。"
    assert marked(alice, query)[0] == query
    assert len(texts(alice, query)) == (2 if query == "雨" else 1)


def test_or_and_minus_work_in_every_script(conversation: Conversation, alice: User) -> None:
    rain, sun, fog = "今天下雨 and the lamp is lit", "今天晴天", "The fog is here"
    for text in (rain, sun, fog):
        say(conversation, text)
    found = {
        "今天 -下雨": [sun],
        "-下雨": [fog, sun],
        "下雨 or 晴天": [sun, rain],
        "fog OR 晴天": [fog, sun],
        "the fog or the lamp 下雨 or 雪": [fog, rain],
        '今天 -"下雨 lamp"': [sun],
        "今天 -lamp": [sun],
        "or": [],
    }
    assert {query: texts(alice, query) for query in found} == found


def test_pairs_at_different_places_are_not_the_run(conversation: Conversation, alice: User) -> None:
    say(conversation, "北京很大，京大也在。")
    assert texts(alice, "北京大") == []


def test_mixed_words_and_other_scripts(conversation: Conversation, alice: User) -> None:
    say(conversation, "我在London工作。Я живу в Москве. 東京タワー")
    for query in ("london 工作", "Москве", "タワー", "東京 живу"):
        assert len(texts(alice, query)) == 1, query


def test_only_own_and_not_withheld_messages_are_found(conversation: Conversation, alice: User, bob: User) -> None:
    say(conversation, "A secret orchard.")
    say(conversation, "A withheld orchard.", is_withheld=True)
    assert texts(alice, "orchard") == ["A secret orchard."]
    assert texts(bob, "orchard") == []


def test_the_newest_come_first_and_page_by_page(conversation: Conversation, alice: User) -> None:
    for number in range(search.PER_PAGE + 2):
        say(conversation, f"Plum number {number}.")
    assert texts(alice, "plum")[0] == f"Plum number {search.PER_PAGE + 1}."
    assert len(search.search(user=alice, query="plum", page=1)) == 2


def test_an_excerpt_begins_near_the_first_match(conversation: Conversation, alice: User) -> None:
    say(conversation, "word " * 1500 + "orchard" + " word" * 90)
    excerpt = search.search(user=alice, query="orchard")[0].excerpt
    assert "".join(piece.text for piece in excerpt).count("word") < 60
    assert excerpt[0].text == excerpt[-1].text == "…"


@pytest.mark.parametrize("query", ["' & ! | :*", '"', "the", "()", "<->", "\\", "a" * 5000, "北" * 5000, "-", "%s {0}"])
def test_no_query_breaks_the_page(conversation: Conversation, client: Client, query: str) -> None:
    say(conversation, "The lamp is lit.")
    client.force_login(conversation.owner)
    assert client.get(reverse("chat:search"), {"q": query, "page": "x"}).status_code == 200


@pytest.mark.parametrize("piece", ["a ", "北", "北 ", "aa-", "北a", ".", "a@b.co "])
def test_indexing_a_long_message_is_quick(conversation: Conversation, alice: User, piece: str) -> None:
    def index_and_find() -> None:
        say(conversation, (piece * 8000)[:8000])
        search.search(user=alice, query=piece)

    assert timing.answers_within(1, index_and_find)


def test_the_page_marks_what_was_found_and_escapes_the_rest(conversation: Conversation, client: Client) -> None:
    say(conversation, "<b>plum</b> jam")
    client.force_login(conversation.owner)
    page = client.get(reverse("chat:search"), {"q": "plums"}).text
    assert "&lt;b&gt;<mark>plum</mark>&lt;/b&gt; jam" in page


def test_a_match_leads_to_its_message_and_to_its_branch(conversation: Conversation, client: Client) -> None:
    say(conversation, "On the first branch.")
    first = conversation.head
    say_beside = conversation.messages.create(author=Author.USER, text="On the second branch.")
    client.force_login(conversation.owner)
    assert first is not None
    response = client.get(reverse("chat:message", args=[first.id]))
    assert response.headers["Location"] == f"/conversations/{conversation.id}/?at={first.id}#message-{first.id}"
    page = client.get(reverse("chat:message", args=[say_beside.id]))
    assert reverse("chat:select", args=[say_beside.id]) in page.text
    shown = client.post(reverse("chat:select", args=[say_beside.id]))
    assert shown.headers["Location"].endswith(f"#message-{say_beside.id}")
    conversation.refresh_from_db()
    assert conversation.head_id == say_beside.id


def test_a_day_leads_to_its_first_message_or_to_the_next_one(conversation: Conversation, client: Client) -> None:
    for text in ("On Monday.", "On Thursday.", "Later on Thursday."):
        say(conversation, text)
    monday, thursday, _ = lines = list(conversation.messages.order_by("created_at"))
    for line, day in zip(lines, (4, 7, 7), strict=True):
        conversation.messages.filter(pk=line.pk).update(created_at=datetime(2026, 5, day, 12, tzinfo=UTC))
    client.force_login(conversation.owner)
    page = reverse("chat:conversation", args=[conversation.id])
    for day, expected in (
        ("2026-05-04", search_page.address(conversation.id, monday.id)),
        ("2026-05-05", search_page.address(conversation.id, thursday.id)),
        ("2026-05-08", page),
        ("yesterday", page),
    ):
        response = client.get(reverse("chat:day", args=[conversation.id]), {"day": day})
        assert response.headers["Location"] == expected


def test_conversations_are_listed_by_persona(conversation: Conversation, client: Client) -> None:
    other = make_conversation(owner=conversation.owner, persona=make_persona(owner=conversation.owner, name="Ada"))
    client.force_login(conversation.owner)
    page = client.get(reverse("chat:list"), {"persona": other.persona_id})
    assert [each.id for each in page.context["page"]] == [other.id]
    assert client.get(reverse("chat:list"), {"persona": "x"}).status_code == 404
    assert len(client.get(reverse("chat:list"), {"persona": ""}).context["page"]) == 2


def test_emoji_are_found_and_marks_alone_find_nothing(conversation: Conversation, alice: User) -> None:
    for text in ("Hello!", "Good night 👩‍👩‍👧 dear", "Good night …"):
        say(conversation, text)
    assert texts(alice, "👩‍👩‍👧") == ["Good night 👩‍👩‍👧 dear"]
    assert marked(alice, "👩‍👩‍👧") == ["👩‍👩‍👧"]
    assert texts(alice, "night -👩‍👩‍👧") == ["Good night …"]
    for query in ("!", "…", '""', "-", "!!! ???"):
        assert texts(alice, query) == [], query


def test_the_last_page_leads_to_no_older_one(conversation: Conversation, client: Client) -> None:
    for number in range(search.PER_PAGE + 1):
        say(conversation, f"A plum, number {number}.")
    client.force_login(conversation.owner)
    address = reverse("chat:search")
    assert "Older messages" in client.get(address, {"q": "plum"}).text
    conversation.messages.filter(text__endswith=" 0.").delete()
    assert "Older messages" not in client.get(address, {"q": "plum"}).text
