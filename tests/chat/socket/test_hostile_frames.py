"""Whatever comes through the websocket, the answer is a frame, and the socket stays open."""

import asyncio
import json
import re
import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import DataError

from accounts.interface import languages
from chat import consumers
from chat.conversation import conversations
from chat.socket import protocol
from generation.jobs import stream
from tests import factories
from tests.chat.socket.sockets import signed_in, socket_of

CLIENT_ID = "2e771e52-2019-4f75-a482-b676beed394f"
BIG = "9" * 5_000
FRAMES = {
    "no JSON": "nonsense",
    "nested": '{"type": ' + "[" * 500 + "]" * 500 + "}",
    "nested very deep": "[" * 100_000,
    "a long number": f'{{"type": "reply.stop", "reply_id": {BIG}}}',
    "a long number for a text": f'{{"type": "message.send", "client_id": "{CLIENT_ID}", "text": {BIG}}}',
    "a long number for a type": f'{{"type": {BIG}}}',
    "an unknown type": json.dumps({"type": "marked secret"}),
    "an unknown field": json.dumps({"type": "ping", "marked secret": 1}),
    "a surrogate as type": '{"type": "\\ud800"}',
    "blanks": json.dumps({"type": "message.send", "client_id": CLIENT_ID, "text": " " * 8_000}),
    "NUL alone": json.dumps({"type": "message.send", "client_id": CLIENT_ID, "text": "\0"}),
    "too long": json.dumps({"type": "message.send", "client_id": CLIENT_ID, "text": "x" * 8_001}),
    "many values": '{"type": "ping", "x": [' + ",".join(["[]"] * 40_000) + "]}",
    "a megabyte": '{"type": "ping", "x": "' + "x" * 1_000_000 + '"}',
    "an infinite number": '{"type": "message.send", "client_id": 1e999, "text": NaN}',
}


async def connected(conversation, user, query=b""):
    client = await sync_to_async(signed_in)(user)
    socket = await sync_to_async(socket_of)(client, conversation, query)
    assert (await socket.connect(timeout=30))[0]
    return socket


async def answer(socket, text):
    await socket.send_to(text_data=text)
    while True:
        frame = json.loads(await socket.receive_from(timeout=30))
        if frame["type"] in {"error", "pong"}:
            return frame


class Silence:
    """A stream on which nothing comes: proves what the socket itself answers."""

    async def follow(self, conversation_id, after):
        assert stream.is_position(after)
        await asyncio.Event().wait()
        yield


@pytest.fixture(autouse=True)
def _nothing_is_streamed(monkeypatch):
    monkeypatch.setattr(consumers, "_followers", Silence())


@pytest.fixture
async def conversation():
    def make():
        return factories.make_conversation(owner=factories.make_user("alice"))

    return await sync_to_async(make)()


@pytest.mark.django_db(transaction=True)
async def test_every_hostile_frame_is_answered_and_the_socket_stays_open(conversation):
    socket = await connected(conversation, conversation.owner)
    for name, text in FRAMES.items():
        frame = await answer(socket, text)
        assert (frame["type"], frame["code"]) == ("error", "bad_frame"), name
        assert len(frame["detail"]) < 300, name
        assert "marked secret" not in frame["detail"], name
    assert (await answer(socket, '{"type": "ping"}'))["type"] == "pong"
    await socket.disconnect(timeout=30)


@pytest.mark.django_db(transaction=True)
async def test_no_frame_is_parsed_on_the_event_loop_and_many_bad_ones_close_the_socket(conversation, monkeypatch):
    threads = set()
    parse = protocol.parse
    monkeypatch.setattr(protocol, "parse", lambda text: threads.add(threading.current_thread()) or parse(text))
    socket = await connected(conversation, conversation.owner)
    for _ in range(32):
        assert (await answer(socket, "nonsense"))["code"] == "bad_frame"
    closing = await socket.receive_output(timeout=30)
    assert (closing["type"], closing["code"]) == ("websocket.close", 1008)
    assert threads
    assert threading.current_thread() not in threads


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "query", [f"after={BIG}-0", "after=%00", "after=%ED%A0%80", "after=" + "%00" * 8_000, "&" * 8_000]
)
async def test_a_hostile_place_to_go_on_from_is_the_beginning(conversation, query):
    socket = await connected(conversation, conversation.owner, query.encode())
    assert (await answer(socket, '{"type": "ping"}'))["type"] == "pong"
    await socket.disconnect(timeout=30)


@pytest.mark.django_db(transaction=True)
async def test_an_error_of_the_site_is_no_restart_and_no_closed_socket(conversation, monkeypatch):
    def broken(**_):
        raise DataError("quotes a person")

    monkeypatch.setattr(conversations, "select_branch", broken)
    socket = await connected(conversation, conversation.owner)
    frame = await answer(socket, json.dumps({"type": "branch.select", "message_id": CLIENT_ID}))
    assert frame["code"] == "site_error"
    assert "restart" not in frame["detail"]
    assert (await answer(socket, '{"type": "ping"}'))["type"] == "pong"
    await socket.disconnect(timeout=30)


@pytest.mark.django_db(transaction=True)
async def test_a_fault_is_told_in_the_persons_language(conversation):
    await sync_to_async(languages.keep)(conversation.owner, "zh-hans")
    socket = await connected(conversation, conversation.owner)
    for name, text in FRAMES.items():
        detail = (await answer(socket, text))["detail"]
        # The names of the protocol's fields stay as they are.
        sentence = detail.rsplit("：", 1)[-1]
        assert re.search("[\u4e00-\u9fff]", sentence), name
        assert not re.search("[A-Za-z]{2}", sentence.replace("JSON", "")), name
    await socket.disconnect(timeout=30)
