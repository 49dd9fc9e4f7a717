"""What the conversation's scripts do when the wire behaves as wires do."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from accounts.models import User
from chat.models import Author, Conversation, Message, Reply
from chat.pages.thread import SHOWN
from chat.socket.protocol import (
    ConversationDeleted,
    Error,
    LineFailed,
    LineSuggested,
    MessageAccepted,
    MessageShown,
    NoticeShown,
    ReplyBlocked,
    ReplyCompleted,
    ReplyDelta,
    ReplyFailed,
    ReplyQueued,
    ReplyStarted,
    ReplyStopped,
    Resource,
    ThreadChanged,
    Timing,
    UsageShown,
)
from tests.e2e.wire import ORIGIN, Wire
from tests.factories import make_conversation, make_persona

pytestmark = pytest.mark.e2e

USAGE = UsageShown(prompt_tokens=10, cached_tokens=0, completion_tokens=5)
TIMING = Timing(queued_ms=1, first_token_ms=1, total_ms=1)
PERSONA = uuid4()


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """Begins with an opening line, as most do."""
    conversation = make_conversation(owner=alice, persona=make_persona(owner=alice, id=PERSONA))
    conversation.head = conversation.messages.create(author=Author.PERSONA, text="The lamp is lit.")
    conversation.save()
    return conversation


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def get(client: Client, alice: User) -> Callable[[str], tuple[int, str]]:
    """Pages from Django, as alice sees them."""
    client.force_login(alice)

    def answer(path: str) -> tuple[int, str]:
        response = client.get(path)
        return response.status_code, response.content.decode()

    return answer


@pytest.fixture
def wire(page: Page, conversation: Conversation, get: Callable[[str], tuple[int, str]]) -> Wire:
    wire = Wire(page, conversation.id, get)
    wire.open()
    return wire


def accepted(sent: dict[str, Any], conversation: Conversation, **fields: Any) -> MessageAccepted:
    shown = {
        "id": uuid4(),
        "parent": conversation.head_id,
        "text": sent["text"],
        "created_at": datetime.now(UTC),
        "is_withheld": False,
    }
    title = conversation.title or sent["text"]
    return MessageAccepted(client_id=sent["client_id"], message=MessageShown(**(shown | fields)), title=title)


def say(wire: Wire, text: str, conversation: Conversation) -> MessageAccepted:
    """Types a message, sends it with Enter and lets the server accept it."""
    wire.page.locator("#composer-text").fill(text)
    wire.page.locator("#composer-text").press("Enter")
    sent = wire.wait_for("message.send")[-1]
    frame = accepted(sent, conversation)
    wire.send(frame)
    return frame


def queue_reply(wire: Wire, message: MessageAccepted, position: int = 0) -> UUID:
    frame = queued(message, position)
    wire.send(frame)
    return frame.reply_id


def queued(message: MessageAccepted, position: int, **fields: Any) -> ReplyQueued:
    values = {
        "reply_id": uuid4(),
        "message_id": uuid4(),
        "parent": message.message.id,
        "persona_id": PERSONA,
        "attempt": 0,
        "position": position,
        "expected_wait_ms": 10_000 * position,
        "detail": f"{position} replies are ahead; about {10 * position} seconds." if position else "",
    }
    return ReplyQueued(**(values | fields))


def started(reply_id: UUID, attempt: int = 1) -> ReplyStarted:
    return ReplyStarted(reply_id=reply_id, attempt=attempt, engine="smollm2")


def delta(reply_id: UUID, seq: int, text: str, attempt: int = 1) -> ReplyDelta:
    return ReplyDelta(reply_id=reply_id, attempt=attempt, seq=seq, text=text)


def completed(reply_id: UUID, text: str) -> ReplyCompleted:
    return ReplyCompleted(reply_id=reply_id, text=text, usage=USAGE, timing=TIMING)


def reply_text(wire: Wire) -> Any:
    return wire.page.locator("[data-message]").last.locator('[data-slot="text"]')


def reply_item(wire: Wire) -> Any:
    return wire.page.locator("[data-message]").last


def test_a_reply_goes_through_its_states_in_sight(wire: Wire, conversation: Conversation) -> None:
    message = say(wire, "Good evening!", conversation)
    reply_id = queue_reply(wire, message, position=2)
    expect(reply_item(wire)).to_contain_text("Waiting for its turn. 2 replies are ahead; about 20 seconds.")
    wire.send(started(reply_id))
    expect(reply_item(wire)).to_contain_text("Finding the first words with smollm2.")
    wire.send(delta(reply_id, 0, "Good evening, "))
    expect(reply_item(wire)).to_have_attribute("data-status", "generating")
    wire.send(delta(reply_id, 1, "my dear."), completed(reply_id, "Good evening, my dear."))
    expect(reply_text(wire)).to_have_text("Good evening, my dear.")
    expect(reply_item(wire).get_by_role("button", name="Another reply")).to_be_visible()
    expect(wire.page.locator("[data-send]")).to_be_visible()


def test_a_wait_is_shown_as_it_shrinks_and_said_twice(wire: Wire, conversation: Conversation) -> None:
    message = say(wire, "Good evening!", conversation)
    first = queued(message, 9)
    wire.send(first)
    for position in (6, 4, 3, 2, 1):
        wire.send(queued(message, position, reply_id=first.reply_id, message_id=first.message_id))
    expect(reply_item(wire)).to_contain_text("1 replies are ahead; about 10 seconds.")
    wire.send(queued(message, 0, reply_id=first.reply_id, message_id=first.message_id))
    said = wire.page.locator("[data-announcer] p")
    expect(said).to_have_text(["Waiting for its turn. 9 replies are ahead; about 90 seconds.", "Your reply is next."])


@pytest.mark.thorough
def test_a_place_that_is_out_of_date_does_not_stop_a_reply(wire: Wire, conversation: Conversation) -> None:
    message = say(wire, "Good evening!", conversation)
    first = queued(message, 2)
    late = queued(message, 1, reply_id=first.reply_id, message_id=first.message_id)
    wire.send(first, started(first.reply_id), delta(first.reply_id, 0, "Good evening."), late)
    wire.send(delta(first.reply_id, 1, " Come in."))
    expect(reply_text(wire)).to_have_text("Good evening. Come in.")
    wire.send(completed(first.reply_id, "Good evening. Come in."), late)
    expect(reply_item(wire)).to_have_attribute("data-status", "completed")
    wire.send(ReplyStarted(reply_id=uuid4(), attempt=1, engine="another"))  # which the loaded thread has not
    expect(wire.page.locator("[data-send]")).to_be_visible()


def test_a_piece_is_shown_once_however_often_it_comes(wire: Wire, conversation: Conversation) -> None:
    reply_id = queue_reply(wire, say(wire, "Hello", conversation))
    wire.send(started(reply_id), delta(reply_id, 0, "One. "), delta(reply_id, 0, "One. "), delta(reply_id, 1, "Two."))
    wire.send(delta(reply_id, 0, "One. "))
    expect(reply_text(wire)).to_have_text("One. Two.")


@pytest.mark.thorough
def test_the_arrows_among_versions_keep_the_focus(wire: Wire, conversation: Conversation) -> None:
    def read(version: Message) -> Locator:
        conversation.head = version
        conversation.save()
        wire.send(ThreadChanged(head=version.id))
        expect(wire.page.locator(f"#message-{version.id}")).to_be_visible()
        return wire.page.get_by_role("button", name="Earlier version")

    first, second, third = (
        conversation.messages.create(author=Author.USER, text=text, parent=conversation.head)
        for text in ("One", "Two", "Three")
    )
    read(third).focus()
    expect(read(second)).to_be_focused()
    read(first)
    expect(wire.page.locator(f"#message-{first.id}")).to_be_focused()  # it has no earlier version


@pytest.mark.thorough
def test_a_higher_attempt_begins_again_and_a_lapsed_one_is_ignored(wire: Wire, conversation: Conversation) -> None:
    reply_id = queue_reply(wire, say(wire, "Hello", conversation))
    wire.send(started(reply_id), delta(reply_id, 0, "From the lost worker. "))
    wire.send(started(reply_id, attempt=2), delta(reply_id, 0, "From the new one. ", attempt=2))
    wire.send(delta(reply_id, 1, "Too late.", attempt=1), delta(reply_id, 1, "Good.", attempt=2))
    expect(reply_text(wire)).to_have_text("From the new one. Good.")


def test_a_lost_connection_resumes_after_the_last_frame(wire: Wire, conversation: Conversation) -> None:
    reply_id = queue_reply(wire, say(wire, "Hello", conversation))
    wire.send(delta(reply_id, 0, "Before. "), offset="1800000000000-77")
    expect(reply_text(wire)).to_have_text("Before. ")
    wire.cut()
    expect(wire.page.locator("[data-connection]")).to_contain_text("No connection.")
    wire.wait_for_socket(2)
    assert wire.after() == "1800000000000-77"
    wire.send(delta(reply_id, 0, "Before. "), delta(reply_id, 1, "After."))
    expect(reply_text(wire)).to_have_text("Before. After.")
    expect(wire.page.locator("[data-connection]")).to_be_hidden()


def test_an_unanswered_message_is_sent_again_under_its_first_id(wire: Wire, conversation: Conversation) -> None:
    wire.page.locator("#composer-text").fill("Are you there?")
    wire.page.locator("#composer-text").press("Enter")
    first = wire.wait_for("message.send")[0]
    wire.cut()
    expect(wire.page.locator("[data-client]")).to_contain_text("Not sent yet.")
    again = wire.wait_for("message.send", 2)[1]
    assert again == first
    wire.send(accepted(again, conversation))
    expect(wire.page.locator("[data-client]")).to_have_count(0)
    expect(wire.page.locator('[data-message][data-author="user"]')).to_have_count(1)


def test_a_message_written_while_offline_goes_out_once_there_is_a_connection(
    wire: Wire, conversation: Conversation
) -> None:
    wire.is_down = True
    wire.cut()
    expect(wire.page.locator("[data-connection]")).to_be_visible()
    wire.page.locator("#composer-text").fill("Kept for later.")
    wire.page.locator("#composer-text").press("Enter")
    expect(wire.page.locator("[data-client]")).to_have_attribute("data-status", "unsent")
    wire.is_down = False
    assert wire.wait_for("message.send")[0]["text"] == "Kept for later."


@pytest.mark.parametrize(
    "code",
    [
        "moderation_unavailable",
        *(
            pytest.param(code, marks=pytest.mark.thorough)
            for code in ("quota_exceeded", "wrong_state", "busy", "unavailable", "bad_frame")
        ),
    ],
)
def test_refused_words_come_back_into_the_box(wire: Wire, code: Any) -> None:
    wire.page.locator("#composer-text").fill("Forty jars of plums.")
    wire.page.locator("#composer-text").press("Enter")
    sent = wire.wait_for("message.send")[0]
    client_id = None if code == "bad_frame" else sent["client_id"]  # of what cannot be read, nobody knows whose it was
    wire.answer(Error(code=code, detail="Not now. Try again at 15:00.", client_id=client_id))
    expect(wire.page.locator("#composer-text")).to_have_value("Forty jars of plums.")
    expect(wire.page.locator("[data-status-line]")).to_have_text("Not now. Try again at 15:00.")
    expect(wire.page.locator("[data-client]")).to_have_count(0)
    wire.page.locator("#composer-text").press("Enter")
    assert wire.wait_for("message.send", 2)[1] == sent


@pytest.mark.thorough
def test_invisible_characters_are_no_message(wire: Wire) -> None:
    for text in ("\u200f", "\u200b \u3000", "Hello"):
        wire.page.locator("#composer-text").fill(text)
        wire.page.locator("#composer-text").press("Enter")
    assert [sent["text"] for sent in wire.wait_for("message.send")] == ["Hello"]


@pytest.mark.thorough
def test_a_tab_whose_box_is_empty_keeps_the_draft_of_another(
    wire: Wire, conversation: Conversation, get: Callable[[str], tuple[int, str]]
) -> None:
    other = Wire(wire.page.context.new_page(), conversation.id, get)
    other.open()
    other.page.locator("#composer-text").press_sequentially("Half a letter")
    wire.cut()
    wire.wait_for_socket(2)
    expect(wire.page.locator("[data-connection]")).to_be_hidden()
    other.page.reload()
    expect(other.page.locator("#composer-text")).to_have_value("Half a letter")


@pytest.mark.thorough
def test_a_reply_whose_announcement_was_lost_is_loaded(wire: Wire, conversation: Conversation) -> None:
    conversation.head = conversation.messages.create(author=Author.PERSONA, parent=conversation.head)
    conversation.save()
    values = {"status": "generating", "attempt": 1, "offset": "0-0", "queued_at": timezone.now()}
    reply = Reply.objects.create(message=conversation.head, **values)
    wire.send(started(reply.id))
    expect(wire.page.locator(f'[data-reply="{reply.id}"]')).to_be_attached()
    wire.send(delta(reply.id, 0, "One."), completed(reply.id, "One. Two. Three."))
    expect(reply_text(wire)).to_have_text("One. Two. Three.")


@pytest.mark.thorough
def test_a_message_whose_acceptance_was_lost_is_sent_again_under_its_id(wire: Wire, conversation: Conversation) -> None:
    write(wire, "Hello")
    first = wire.wait_for("message.send")[0]
    said = conversation.messages.create(author=Author.USER, text="Hello", parent=conversation.head)
    conversation.head = conversation.messages.create(author=Author.PERSONA, parent=said)
    conversation.save()
    values = {"status": "generating", "attempt": 1, "offset": "0-0", "queued_at": timezone.now()}
    reply = Reply.objects.create(message=conversation.head, **values)
    wire.send(started(reply.id))
    expect(wire.page.locator(f'[data-reply="{reply.id}"]')).to_be_attached()
    wire.send(completed(reply.id, "Good day."))
    assert wire.wait_for("message.send", 2)[1] == first
    wire.send(accepted(first, conversation, id=said.id, parent=said.parent_id), completed(reply.id, "Good day."))
    expect(wire.page.locator("[data-client]")).to_have_count(0)
    expect(wire.page.locator('[data-author="user"]', has_text="Hello")).to_have_count(1)


@pytest.mark.thorough
def test_words_that_were_not_sent_survive_a_reload(wire: Wire) -> None:
    wire.page.locator("#composer-text").press_sequentially("Half a letter")
    wire.page.reload()
    expect(wire.page.locator("#composer-text")).to_have_value("Half a letter")


@pytest.mark.thorough
def test_words_on_their_way_are_sent_again_after_a_reload_under_their_first_id(wire: Wire) -> None:
    wire.page.locator("#composer-text").fill("Sent into the void")
    wire.page.locator("#composer-text").press("Enter")
    first = wire.wait_for("message.send")[0]
    wire.page.reload()
    wire.wait_for_socket(2)
    assert wire.wait_for("message.send", 2)[1] == first
    expect(wire.page.locator("[data-client]")).to_contain_text("Sent into the void")
    expect(wire.page.locator("#composer-text")).to_have_value("")


@pytest.mark.thorough
def test_a_message_that_arrived_is_not_offered_again_after_a_reload(wire: Wire, conversation: Conversation) -> None:
    message = say(wire, "It arrived", conversation)
    expect(wire.page.locator(f"#message-{message.message.id}")).to_be_visible()
    wire.page.reload()
    expect(wire.page.locator("#composer-text")).to_have_value("")


def test_shift_enter_makes_a_line_and_enter_sends(wire: Wire) -> None:
    box = wire.page.locator("#composer-text")
    box.press_sequentially("Dear Ada,")
    box.press("Shift+Enter")
    box.press_sequentially("it rains.")
    assert wire.received == []
    box.press("Enter")
    assert wire.wait_for("message.send")[0]["text"] == "Dear Ada,\nit rains."


def test_enter_that_chooses_a_composed_word_does_not_send(wire: Wire) -> None:
    box = wire.page.locator("#composer-text")
    box.fill("你好")
    composing = {"key": "Enter", "bubbles": True, "cancelable": True}
    box.dispatch_event("keydown", composing | {"isComposing": True})
    box.dispatch_event("keydown", composing | {"keyCode": 229})
    expect(box).to_have_value("你好")
    assert wire.received == []
    box.press("Enter")
    assert wire.wait_for("message.send")[0]["text"] == "你好"


def test_too_long_a_message_is_kept_whole_and_not_sent(wire: Wire, settings: Any) -> None:
    text = "x" * (settings.MESSAGE_CHARACTERS + 1)
    wire.page.locator("#composer-text").fill(text)
    wire.page.locator("#composer-text").press("Enter")
    expect(wire.page.locator("[data-status-line]")).to_contain_text("8,001 characters; the limit is 8,000")
    expect(wire.page.locator("#composer-text")).to_have_value(text)
    assert wire.received == []


def write(wire: Wire, *texts: str) -> None:
    for text in texts:
        wire.page.locator("#composer-text").fill(text)
        wire.page.locator("#composer-text").press("Enter")


def waiting_texts(wire: Wire) -> Any:
    return wire.page.locator('[data-client] [data-slot="text"]')


def sent_texts(wire: Wire, count: int) -> list[str]:
    return [frame["text"] for frame in wire.wait_for("message.send", count)]


def answered(wire: Wire, conversation: Conversation, number: int, parent: UUID | None) -> UUID:
    """Accepts the message that the browser sent as `number`, and completes its reply. Returns the reply's message."""
    message = accepted(wire.wait_for("message.send", number)[number - 1], conversation, parent=parent)
    frame = queued(message, 0)
    wire.send(message)
    assert len(wire.wait_for("message.send", number)) == number  # the next one waits for this reply
    wire.send(frame, completed(frame.reply_id, "Yes."))
    return frame.message_id


def test_messages_written_during_a_reply_are_sent_in_order_when_it_ends(wire: Wire, conversation: Conversation) -> None:
    message = say(wire, "Hello", conversation)
    reply = queued(message, 0)
    wire.send(reply)
    expect(wire.page.locator("[data-stop]")).to_be_visible()
    write(wire, "And another thing", "And a third")
    expect(waiting_texts(wire)).to_have_text(["And another thing", "And a third"])
    expect(wire.page.locator("[data-client]").first).to_contain_text("It is sent when the reply has ended.")
    wire.send(delta(reply.reply_id, 0, "Good "))
    assert sent_texts(wire, 1) == ["Hello"]
    wire.send(completed(reply.reply_id, "Good evening."))
    assert sent_texts(wire, 2) == ["Hello", "And another thing"]
    answered(wire, conversation, 2, reply.message_id)
    assert sent_texts(wire, 3) == ["Hello", "And another thing", "And a third"]
    assert wire.page.locator("[data-message], [data-client]").last.get_attribute("data-client")


def test_messages_written_offline_survive_a_reload_and_are_sent_in_order(
    wire: Wire, conversation: Conversation
) -> None:
    wire.is_down = True
    wire.cut()
    expect(wire.page.locator("[data-connection]")).to_be_visible()
    write(wire, "One", "Two", "Three")
    expect(wire.page.locator("[data-client]").last).to_contain_text("as soon as there is a connection")
    wire.page.reload()
    expect(waiting_texts(wire)).to_have_text(["One", "Two", "Three"])
    wire.is_down = False
    parent = conversation.head_id
    for number in (1, 2, 3):
        parent = answered(wire, conversation, number, parent)
    assert sent_texts(wire, 3) == ["One", "Two", "Three"]
    expect(wire.page.locator("[data-client]")).to_have_count(0)
    assert wire.page.evaluate("localStorage.length") == 0


def test_tabs_share_what_waits_and_send_it_under_one_id(
    wire: Wire, conversation: Conversation, get: Callable[[str], tuple[int, str]]
) -> None:
    other = Wire(wire.page.context.new_page(), conversation.id, get)
    other.open()
    message = say(wire, "Hello", conversation)
    reply = queued(message, 0)
    for tab in (wire, other):
        tab.send(message, reply)
    write(wire, "From the first tab")
    write(other, "From the second tab")
    for tab in (wire, other):
        expect(waiting_texts(tab)).to_have_text(["From the first tab", "From the second tab"])
        tab.send(completed(reply.reply_id, "Yes."))
    first, second = (tab.wait_for("message.send", 2)[1] for tab in (wire, other))
    assert first == second
    other.page.locator("[data-client]").last.get_by_role("button", name="Take it back").click()
    expect(waiting_texts(wire)).to_have_text(["From the first tab"])
    expect(other.page.locator("#composer-text")).to_have_value("From the second tab")


@pytest.mark.thorough
def test_a_refused_message_takes_those_behind_it_back_into_the_box(wire: Wire) -> None:
    write(wire, "One", "Two")
    sent = wire.wait_for("message.send")[0]
    wire.answer(Error(code="quota_exceeded", detail="Try again at 15:00.", client_id=sent["client_id"]))
    expect(wire.page.locator("#composer-text")).to_have_value("One\n\nTwo")
    expect(wire.page.locator("[data-client]")).to_have_count(0)
    assert sent_texts(wire, 1) == ["One"]


def test_a_waiting_message_can_be_taken_back(wire: Wire, conversation: Conversation) -> None:
    queue_reply(wire, say(wire, "Hello", conversation))
    write(wire, "Not this")
    wire.page.get_by_role("button", name="Take it back").click()
    expect(wire.page.locator("#composer-text")).to_have_value("Not this")
    expect(wire.page.locator("#composer-text")).to_be_focused()
    expect(wire.page.locator("[data-client]")).to_have_count(0)


def test_a_message_is_quoted_and_copied_and_can_be_deleted_as_soon_as_it_is_there(
    wire: Wire, conversation: Conversation
) -> None:
    message = say(wire, "Two lines\nof mine", conversation)
    item = wire.page.locator(f"#message-{message.message.id}")
    item.get_by_text("More").click()
    item.get_by_role("button", name="Copy").click()
    expect(wire.page.locator("[data-announcer] p")).to_have_count(1)
    expect(item.get_by_role("link", name="Delete …")).to_have_attribute(
        "href", f"../messages/{message.message.id}/delete/"
    )
    wire.page.locator("#composer-text").fill("I meant this.")
    item.get_by_role("button", name="Quote").click()
    expect(wire.page.locator("#composer-text")).to_have_value("> Two lines\n> of mine\n\nI meant this.")
    expect(wire.page.locator("#composer-text")).to_be_focused()


def test_a_link_to_a_message_opens_the_conversation_there(wire: Wire, conversation: Conversation) -> None:
    first = conversation.head
    for number in range(60):
        conversation.head = conversation.messages.create(
            author=Author.USER, text=f"Line {number}.", parent=conversation.head
        )
    conversation.save()
    assert first is not None
    wire.page.goto("about:blank")
    wire.path += f"#message-{first.id}"
    wire.open()
    wire.wait_for_socket(2)
    expect(wire.page.locator(f"#message-{first.id}")).to_be_in_viewport()


def test_a_long_conversation_opens_at_its_end_and_earlier_messages_come_as_one_reads_on(
    wire: Wire, conversation: Conversation
) -> None:
    first = conversation.head
    assert first is not None
    lines: list[Message] = []
    for number in range(2 * SHOWN + 30):
        lines.append(Message(conversation=conversation, parent=(lines or [first])[-1], text=f"Line {number}."))
        lines[-1].author = Author.PERSONA if number % 2 else Author.USER
    Message.objects.bulk_create(lines)
    conversation.head = lines[-1]
    conversation.save()
    page = wire.page
    page.goto("about:blank")
    wire.open()
    wire.wait_for_socket(2)
    shown = page.locator("[data-thread] [data-message]")
    expect(shown).to_have_count(SHOWN)
    expect(shown.last.locator('[data-slot="text"]')).to_have_text(lines[-1].text)
    expect(page.locator("[data-newest]")).to_be_hidden()

    page.evaluate("scrollTo(0, 0)")
    expect(shown).to_have_count(2 * SHOWN)
    page.evaluate("scrollTo(0, 0)")
    expect(shown).to_have_count(2 * SHOWN + 31)
    expect(page.locator("[data-earlier]")).to_have_count(0)
    expect(page.locator(".thread-disclosure, .thread-date")).to_have_count(2)
    with page.expect_response(lambda response: f"since={first.id}" in response.url):
        wire.send(ThreadChanged(head=lines[-1].id))  # what was loaded stays
    expect(shown).to_have_count(2 * SHOWN + 31)

    page.goto(f"{page.url}?at={lines[30].id}#message-{lines[30].id}")
    expect(page.locator(f"#message-{lines[30].id}")).to_be_in_viewport()
    expect(shown).to_have_count(SHOWN)
    expect(page.locator("[data-composer]")).to_have_count(0)
    for _ in range(2):
        page.get_by_role("link", name="Later messages").click()
    expect(page.locator("[data-composer]")).to_have_count(1)
    expect(shown.last.locator('[data-slot="text"]')).to_have_text(lines[-1].text)


def test_the_end_of_a_session_takes_what_waits_from_the_browser(wire: Wire, conversation: Conversation) -> None:
    queue_reply(wire, say(wire, "Hello", conversation))
    write(wire, "Nobody else may read this")
    assert wire.page.evaluate("localStorage.length") == 1
    wire.sockets[-1].close(code=4401)
    expect(wire.page.locator("[data-connection]")).to_contain_text("You are signed out.")
    expect(waiting_texts(wire)).to_have_text(["Nobody else may read this"])
    assert wire.page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("way", [pytest.param("escape", marks=pytest.mark.thorough), "button"])
def test_stop_is_asked_for_and_keeps_what_was_shown(wire: Wire, conversation: Conversation, way: str) -> None:
    reply_id = queue_reply(wire, say(wire, "Hello", conversation))
    wire.send(delta(reply_id, 0, "She has a steady"))
    expect(reply_text(wire)).to_have_text("She has a steady")
    if way == "escape":
        wire.page.keyboard.press("Escape")
    else:
        wire.page.locator("[data-stop]").click()
    assert wire.wait_for("reply.stop")[0]["reply_id"] == str(reply_id)
    wire.send(ReplyStopped(reply_id=reply_id, text="She has a steady"))
    expect(reply_item(wire)).to_contain_text("Stopped here.")
    reply_item(wire).get_by_role("button", name="Go on").click()
    assert wire.wait_for("reply.continue")[0]["reply_id"] == str(reply_id)


def test_a_continued_reply_keeps_its_words_in_sight(wire: Wire, conversation: Conversation) -> None:
    message = say(wire, "Hello", conversation)
    reply_id = queue_reply(wire, message)
    wire.send(delta(reply_id, 0, "One."), ReplyStopped(reply_id=reply_id, text="One."))
    message_id = reply_item(wire).get_attribute("data-message")
    wire.send(
        ReplyQueued(
            reply_id=reply_id,
            message_id=UUID(message_id),
            parent=message.message.id,
            persona_id=PERSONA,
            attempt=1,
            position=0,
            expected_wait_ms=None,
            detail="",
        ),
        delta(reply_id, 0, "One.", attempt=2),
        started(reply_id, attempt=2),
        delta(reply_id, 1, " Two.", attempt=2),
    )
    expect(reply_text(wire)).to_have_text("One. Two.")


def test_a_withdrawn_reply_takes_its_words_away(wire: Wire, conversation: Conversation) -> None:
    reply_id = queue_reply(wire, say(wire, "Hello", conversation))
    wire.send(delta(reply_id, 0, "Something unfit."))
    wire.send(ReplyBlocked(reply_id=reply_id, text="", category="harassment", notice="The reply was withdrawn."))
    expect(reply_item(wire)).to_contain_text("The reply was withdrawn.")
    expect(wire.page.locator("main")).not_to_contain_text("Something unfit.")


def test_a_failed_reply_says_why_and_offers_another(wire: Wire, conversation: Conversation) -> None:
    reply_id = queue_reply(wire, say(wire, "Hello", conversation))
    wire.send(delta(reply_id, 0, "Half a "), ReplyFailed(reply_id=reply_id, code="worker_lost", detail="Interrupted."))
    expect(reply_text(wire)).to_have_text("Half a ")
    expect(reply_item(wire)).to_contain_text("Interrupted.")
    reply_item(wire).get_by_role("button", name="Another reply").click()
    assert wire.wait_for("reply.regenerate")[0]["reply_id"] == str(reply_id)


def test_k4_help_is_shown_and_the_next_message_can_be_written_at_once(wire: Wire, conversation: Conversation) -> None:
    wire.page.locator("#composer-text").fill("I cannot go on.")
    wire.page.locator("#composer-text").press("Enter")
    message = accepted(wire.wait_for("message.send")[0], conversation, is_withheld=True)
    line = Resource(name="A help line", contact="Call or text 988", hours="24 hours", url="https://988lifeline.org")
    unsafe = Resource(name="Other", contact="Text HOME to 741741", hours="", url="javascript:alert(1)")
    notice = NoticeShown(
        id=uuid4(),
        kind="crisis",
        message_id=message.message.id,
        text="Are you safe?",
        language="zh-Hans",
        resources=(line, unsafe),
    )
    wire.send(message, notice, notice)
    shown = wire.page.locator('[data-notice][data-kind="crisis"]')
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("Are you safe?")
    expect(shown.get_by_role("link", name="988", exact=True)).to_have_attribute("href", "tel:988")
    expect(shown.get_by_role("link", name="741741")).to_have_attribute("href", "sms:741741")
    expect(shown.get_by_role("link", name="Website")).to_have_count(1)
    said = wire.page.locator("[data-announcer] p", has_text="Call or text 988")
    for part in (shown.locator(".notice-text"), shown.locator(".resources"), said):
        expect(part).to_have_attribute("lang", "zh-Hans")
    expect(shown.get_by_role("link", name="Website")).to_have_attribute("lang", "en")
    wire.page.locator("#composer-text").fill("I called my sister.")
    wire.page.locator("#composer-text").press("Enter")
    assert wire.wait_for("message.send", 2)[1]["text"] == "I called my sister."


def test_markup_in_words_stays_text(wire: Wire, conversation: Conversation) -> None:
    markup = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    reply_id = queue_reply(wire, say(wire, markup, conversation))
    wire.send(completed(reply_id, markup))
    expect(reply_text(wire)).to_have_text(markup)
    assert wire.page.locator("[data-thread] img, [data-thread] script").count() == 0
    assert wire.page.title() == f"{markup} · Afterword"


def test_a_finished_reply_shows_its_emphasis_lists_and_code_and_no_markup(
    wire: Wire, conversation: Conversation
) -> None:
    text = (
        "*smiles* **Well.**\nTwo <b>things</b>: [a](https://example.test) ![](x.png)\n\n- bread\n- `salt`\n\n"
        "```\n<script>1</script>\n```\n\n**注意：**请看。3 * 4 = 12"
    )
    reply_id = queue_reply(wire, say(wire, "What do we need?", conversation))
    wire.send(started(reply_id))
    wire.send(delta(reply_id, 0, text[:20]))
    formatted = reply_item(wire).locator("[data-formatted]")
    expect(reply_text(wire)).to_have_text(text[:20])
    expect(formatted).to_have_count(0)
    wire.send(completed(reply_id, text))
    expect(formatted.locator("em")).to_have_text("smiles")
    expect(formatted.locator("strong")).to_have_text(["Well.", "注意："])
    expect(formatted.locator("li")).to_have_text(["bread", "salt"])
    expect(formatted.locator("pre code")).to_have_text("<script>1</script>")
    expect(formatted).to_contain_text("Two <b>things</b>: [a](https://example.test) ![](x.png)")
    expect(formatted).to_contain_text("3 * 4 = 12")
    expect(formatted.locator("a, img, b, script")).to_have_count(0)
    expect(reply_text(wire)).to_be_hidden()
    assert reply_text(wire).text_content() == text  # what is copied and quoted
    conversation.messages.update(text="The **lamp** is lit.")
    wire.page.reload()
    expect(wire.page.locator("[data-formatted] strong")).to_have_text("lamp")


def test_a_screen_reader_hears_whole_sentences_once(wire: Wire, conversation: Conversation) -> None:
    reply_id = queue_reply(wire, say(wire, "Hello", conversation))
    wire.send(
        delta(reply_id, 0, "It was the year of the "), delta(reply_id, 1, "plums. And"), delta(reply_id, 2, " what ")
    )
    heard = wire.page.locator("[data-announcer] p")
    expect(heard).to_have_text(["It was the year of the plums."])
    wire.send(delta(reply_id, 3, "plums"), completed(reply_id, "It was the year of the plums. And what plums"))
    expect(heard).to_have_text(["It was the year of the plums.", "And what plums"])


def test_another_branch_is_taken_from_the_server(wire: Wire, conversation: Conversation) -> None:
    other = conversation.messages.create(author=Author.USER, text="Said differently.", parent=conversation.head)
    conversation.head = other
    conversation.save()
    wire.send(ThreadChanged(head=other.id))
    expect(wire.page.locator(f"#message-{other.id}")).to_contain_text("Said differently.")


def test_somebody_who_reads_further_up_is_not_moved(wire: Wire, conversation: Conversation) -> None:
    message = say(wire, "Hello", conversation)
    reply_id = queue_reply(wire, message)
    wire.send(delta(reply_id, 0, "A line.\n" * 80))
    expect(reply_text(wire)).to_contain_text("A line.")
    wire.wait_until("scrollY > 500")
    wire.page.evaluate("scrollTo(0, 100)")
    wire.send(delta(reply_id, 1, "Another line.\n" * 20))
    expect(reply_text(wire)).to_contain_text("Another line.")
    assert wire.page.evaluate("scrollY") == 100
    wire.page.get_by_role("button", name="Newer words below").click()
    wire.wait_until("innerHeight + scrollY >= document.documentElement.scrollHeight - 2")


def test_without_scripts_every_verb_is_a_form(
    browser: Browser, conversation: Conversation, get: Callable[[str], tuple[int, str]]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    wire = Wire(context.new_page(), conversation.id, get)
    wire.is_down = True
    wire.open()
    composer = wire.page.locator("[data-composer]")
    expect(composer).to_have_attribute("action", f"{wire.path}send/")
    expect(composer.locator("[name=csrfmiddlewaretoken]")).to_have_count(1)
    expect(wire.page.locator(".disclosure")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [320, pytest.param(390, marks=pytest.mark.thorough)])
def test_a_phone_shows_everything_and_each_target_is_44_px(
    browser: Browser, conversation: Conversation, get: Callable[[str], tuple[int, str]], width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 700}, has_touch=True, is_mobile=True)
    wire = Wire(context.new_page(), conversation.id, get)
    wire.open()
    reply_id = queue_reply(wire, say(wire, "Donaudampfschifffahrtsgesellschaft" * 3, conversation))
    wire.send(completed(reply_id, "Yes."))
    expect(reply_item(wire).get_by_role("button", name="Another reply")).to_be_visible()
    assert wire.page.evaluate("document.documentElement.scrollWidth") <= width
    small = wire.page.evaluate(
        """[...document.querySelectorAll("main a, main button, main summary, main textarea")]
        .filter((each) => each.checkVisibility() && !each.closest("[popover]"))
        .map((each) => [each.textContent.trim(), each.getBoundingClientRect()])
        .filter(([, box]) => box.height < 44 || box.width < 44)
        .map(([text, box]) => `${text} ${box.width}x${box.height}`)"""
    )
    assert small == []
    context.close()


def test_a_model_that_takes_over_in_the_middle_is_named(wire: Wire, conversation: Conversation) -> None:
    message = say(wire, "How is the sea?", conversation)
    reply_id = queue_reply(wire, message)
    wire.send(started(reply_id), delta(reply_id, 0, "It is calm. "))
    expect(reply_item(wire)).not_to_contain_text("The model changed")
    wire.send(ReplyStarted(reply_id=reply_id, attempt=1, engine="gemma3", because="engine_failed"))
    expect(reply_item(wire)).to_contain_text("The model changed here; gemma3 continues.")
    expect(reply_item(wire)).not_to_contain_text("engine_failed")
    wire.send(delta(reply_id, 1, "The boats are home."), completed(reply_id, "It is calm. The boats are home."))
    expect(reply_text(wire)).to_have_text("It is calm. The boats are home.")


ARABIC = "مساء الخير يا صديقتي."
HEBREW = "ערב טוב, ידידתי."

_EDGES = """element => {
  const box = element.getBoundingClientRect();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const edges = [];
  while (walker.nextNode()) {
    let start = 0;
    for (const line of walker.currentNode.data.split("\\n")) {
      const range = document.createRange();
      range.setStart(walker.currentNode, start);
      range.setEnd(walker.currentNode, start + line.length);
      const text = range.getBoundingClientRect();
      edges.push(text.left - box.left < box.right - text.right ? "left" : "right");
      start += line.length + 1;
    }
  }
  return edges;
}"""


def test_every_paragraph_runs_in_its_own_direction_as_it_streams(wire: Wire, conversation: Conversation) -> None:
    message = say(wire, f"{ARABIC}\nGood evening.", conversation)
    reply_id = queue_reply(wire, message)
    wire.send(started(reply_id), delta(reply_id, 0, f"{HEBREW}\nGood"))
    expect(reply_text(wire)).to_contain_text("Good")
    assert reply_text(wire).evaluate(_EDGES) == ["right", "left"]
    wire.send(delta(reply_id, 1, f" evening.\n{ARABIC}"))
    expect(reply_text(wire)).to_contain_text(ARABIC)
    assert reply_text(wire).evaluate(_EDGES) == ["right", "left", "right"]
    own = wire.page.locator(f'[data-message="{message.message.id}"] [data-slot="text"]')
    assert own.evaluate(_EDGES) == ["right", "left"]


@pytest.mark.thorough
def test_titles_names_and_boxes_run_in_the_direction_of_their_words(
    page: Page, conversation: Conversation, get: Callable[[str], tuple[int, str]]
) -> None:
    conversation.persona.name = "شهرزاد"
    conversation.persona.save()
    conversation.title = ARABIC
    conversation.save()
    wire = Wire(page, conversation.id, get)
    wire.open()

    def direction(selector: str) -> Any:
        return page.locator(selector).first.evaluate("element => getComputedStyle(element).direction")

    page.locator("#composer-text").fill(HEBREW)
    for selector in (
        "h1",
        ".conversation-link-title",
        "#composer-text",
        ".message-author bdi",
        ".conversation-with bdi",
    ):
        assert direction(selector) == "rtl", selector
    assert direction(".conversation-with") == "ltr"
    page.locator("#composer-text").fill("Good evening.")
    assert direction("#composer-text") == "ltr"


def test_a_limit_counts_characters_as_the_server_does(wire: Wire, conversation: Conversation, settings: Any) -> None:
    box, line = wire.page.locator("#composer-text"), wire.page.locator("[data-status-line]")
    # A line has 265 code points, 529 UTF-16 units, and 266 characters with CRLF. Few lines, since Chromium needs a time
    # for them that grows with their square.
    text = ("👍🏽" * 132 + "\n") * 30
    box.fill(text)
    expect(wire.page.locator("[data-count]")).to_have_text("7,949 of 8,000")  # the last line end is trimmed
    box.press("Enter")
    assert wire.wait_for("message.send")[-1]["text"] == text.strip()
    wire.send(accepted(wire.wait_for("message.send")[-1], conversation))
    expect(box).to_have_value("")
    longer = "👍" * (settings.MESSAGE_CHARACTERS + 1)
    box.fill(longer)
    box.press("Enter")
    expect(line).to_contain_text("8,001 characters; the limit is 8,000")
    expect(box).to_have_value(longer)


@pytest.mark.thorough
def test_a_form_keeps_what_is_too_long_and_says_so(wire: Wire) -> None:
    wire.page.get_by_role("button", name="More").click()
    title = wire.page.locator("#conversation-title")
    title.fill("👍" * 120)
    expect(wire.page.locator("[data-limit-line]")).to_have_text("120 of 120 characters")
    assert title.evaluate("field => field.validity.valid")
    title.fill("👍" * 125)
    expect(wire.page.locator("[data-limit-line]")).to_have_text(
        "This has 125 characters; the limit is 120. Take out 5."
    )
    expect(title).to_have_value("👍" * 125)
    assert not title.evaluate("field => field.validity.valid")


def test_a_conversation_that_was_deleted_elsewhere_says_so_and_keeps_what_was_typed(
    wire: Wire, conversation: Conversation
) -> None:
    message = say(wire, "Hello", conversation)
    reply_id = queue_reply(wire, message)
    wire.send(started(reply_id), delta(reply_id, 0, "The lamp is lit."))
    expect(reply_item(wire)).to_have_attribute("data-status", "generating")
    wire.page.locator("#composer-text").fill("And the sea?")
    wire.send(ConversationDeleted())
    wire.sockets[-1].close(code=4404)
    page = wire.page
    expect(page.locator("[data-conversation]")).to_contain_text("This conversation was deleted.")
    expect(page.locator("[data-conversation]")).not_to_contain_text("The lamp is lit.")
    expect(page.locator("[data-message]")).to_have_count(0)
    expect(page.locator("#unsent")).to_have_value("And the sea?")
    expect(page.get_by_role("link", name="All conversations")).to_be_focused()
    expect(page.locator(".conversation-link[aria-current]")).to_have_count(0)
    assert page.evaluate("localStorage.length") == 0
    page.wait_for_timeout(100)
    assert len(wire.sockets) == 1


def test_a_tab_that_was_away_learns_of_the_deletion_when_it_comes_back(wire: Wire) -> None:
    wire.cut()
    wire.wait_for_socket(2)
    wire.sockets[-1].close(code=4404)
    expect(wire.page.locator("[data-conversation]")).to_contain_text("This conversation was deleted.")
    expect(wire.page.locator("#unsent")).to_be_hidden()


def test_days_and_hours_are_those_of_the_reader(
    browser: Browser, conversation: Conversation, get: Callable[[str], tuple[int, str]]
) -> None:
    """In Shanghai, the last evening of November by UTC is the first morning of December, and no third day begins."""
    conversation.messages.all().delete()
    conversation.head = None
    for hour in (10, 20, 30):
        said_at = datetime(2026, 11, 30, tzinfo=UTC) + timedelta(hours=hour)
        conversation.head = conversation.messages.create(
            author=Author.USER, text=f"At {hour}.", parent=conversation.head, created_at=said_at
        )
    conversation.save()
    context = browser.new_context(timezone_id="Asia/Shanghai", locale="en-GB")
    page = context.new_page()
    wire = Wire(page, conversation.id, get)
    wire.open()
    days = page.locator(".thread-date time")
    expect(days).to_have_text(["30 November 2026", "1 December 2026"])
    expect(page.locator(".message-time")).to_have_text(["18:00", "04:00", "14:00"])
    order = page.locator(".thread-date, [data-message]").evaluate_all("all => all.map(each => each.className)")
    assert [name.split()[0] for name in order] == ["thread-date", "message", "thread-date", "message", "message"]
    later = datetime(2026, 12, 2, 1, tzinfo=UTC)
    wire.send(accepted({"text": "Later.", "client_id": str(uuid4())}, conversation, created_at=later))
    expect(days).to_have_count(3)
    Conversation.objects.update(updated_at=datetime(2026, 11, 30, 20, tzinfo=UTC))
    page.goto(f"{ORIGIN}/conversations/")
    expect(page.locator("time[data-moment]")).to_have_text("1 December 2026, 04:00")
    context.close()


def ask_for_a_line(wire: Wire) -> str:
    asked = sum(frame["type"] == "line.suggest" for frame in wire.received)
    wire.page.get_by_role("button", name="Write my line").click()
    return wire.wait_for("line.suggest", asked + 1)[-1]["line_id"]


def test_a_drafted_line_goes_into_the_box_and_is_sent_by_the_person_only(wire):
    box, line = wire.page.locator("#composer-text"), wire.page.get_by_role("button", name="Write my line")
    line_id = ask_for_a_line(wire)
    expect(box).to_be_focused()
    wire.send(LineSuggested(line_id=uuid4(), text="For another tab."))
    wire.send(LineSuggested(line_id=line_id, text="Did you sleep well?"))
    expect(box).to_have_value("Did you sleep well?")
    expect(line).to_be_hidden()
    expect(wire.page.locator("[data-status-line]")).to_contain_text("Nothing is sent before you send it.")
    assert "message.send" not in {frame["type"] for frame in wire.received}
    box.press("End")
    box.press_sequentially(" I did.")
    box.press("Enter")
    assert wire.wait_for("message.send")[-1]["text"] == "Did you sleep well? I did."


def test_somebody_who_writes_or_presses_escape_gets_no_draft(wire):
    box, status = wire.page.locator("#composer-text"), wire.page.locator("[data-status-line]")
    for count, key in enumerate(["H", "Escape"], start=1):
        box.fill("")
        line_id = ask_for_a_line(wire)
        box.press(key)
        assert wire.wait_for("line.stop", count)[-1]["line_id"] == line_id
        expect(status).to_be_hidden()
        before = box.input_value()
        wire.send(LineSuggested(line_id=line_id, text="Too late."))
        wire.send(LineFailed(line_id=line_id, detail="Too late."))
        wire.send(Error(code="busy", detail="The last frame."))
        expect(status).to_have_text("The last frame.")
        assert box.input_value() == before


def test_a_draft_that_fails_or_is_refused_says_why_and_can_be_asked_for_again(wire):
    status = wire.page.locator("[data-status-line]")
    wire.send(LineFailed(line_id=ask_for_a_line(wire), detail="The model wrote no draft."))
    expect(status).to_have_text("The model wrote no draft.")
    first = ask_for_a_line(wire)
    wire.send(Error(code="quota_exceeded", detail="That was all for today.", client_id=first))
    expect(status).to_have_text("That was all for today.")
    assert ask_for_a_line(wire) != first


def test_no_line_is_drafted_beside_words_or_a_reply(wire, conversation):
    line = wire.page.get_by_role("button", name="Write my line")
    expect(line).to_be_visible()
    wire.page.locator("#composer-text").fill("My own words")
    expect(line).to_be_hidden()
    reply_id = queue_reply(wire, say(wire, "Good morning!", conversation))
    wire.send(started(reply_id))
    expect(line).to_be_hidden()
    wire.send(completed(reply_id, "Good morning."))
    expect(line).to_be_visible()


def test_a_break_is_suggested_below_the_newest_message(wire):
    wire.send(NoticeShown(kind="break", text="You have talked for two hours. A break may do you good.", language="en"))
    notice = wire.page.locator("[data-notice][data-kind=break]")
    expect(notice).to_be_in_viewport()
    expect(notice).to_contain_text("A break may do you good.")
    expect(wire.page.locator("[data-announcer]")).to_contain_text("A break may do you good.")
