"""When a person's sockets are closed, and how many they may hold."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth import authenticate
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.personal_data import my_data
from accounts.sign_in import roles, sessions
from chat import consumers
from chat.models import Conversation
from chat.socket import sockets
from generation.jobs import stream
from persona_site.redis import connection
from tests import factories
from tests.chat.socket.sockets import close_code, signed_in, socket_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def afresh(monkeypatch: Any) -> None:
    """A follower belongs to one event loop, and each test runs its own."""
    cache.clear()
    for key in connection().scan_iter("sockets:*"):
        connection().delete(key)
    monkeypatch.setattr(consumers, "_followers", stream.Followers())


@pytest.fixture
def alices(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return factories.make_conversation(owner=alice)


@asynccontextmanager
async def opened(client: Client, conversation: Conversation) -> Any:
    socket = await sync_to_async(socket_of)(client, conversation)
    await socket.connect(timeout=30)
    yield socket
    await socket.disconnect(timeout=30)
    await consumers._followers.close()


def is_answered(socket: WebsocketCommunicator) -> Any:
    async def answered() -> bool:
        await socket.send_json_to({"type": "ping"})
        return bool((await socket.receive_json_from(timeout=30))["type"] == "pong")

    return answered()


def sign_out(client: Client, alice: User) -> None:
    client.post("/account/logout/")


def sign_out_of_the_admin(client: Client, alice: User) -> None:
    client.post("/admin/logout/")


def end_others(client: Client, alice: User) -> None:
    signed_in(alice).post("/account/sessions/")


def set_a_new_password(client: Client, alice: User) -> None:
    fields = {"oldpassword": factories.PASSWORD, "password1": "another long one", "password2": "another long one"}
    signed_in(alice).post("/account/password/change/", fields)
    assert authenticate(username="alice", password="another long one")


def erase(client: Client, alice: User) -> None:
    my_data.erase(alice)


def deactivate(client: Client, alice: User) -> None:
    roles.deactivate(alice, by=None)


ENDS = [sign_out, sign_out_of_the_admin, end_others, set_a_new_password, deactivate, erase]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_the_end_of_a_session_closes_its_sockets_at_once(
    alices: Client, alice: User, conversation: Conversation, end: Callable[[Client, User], None]
) -> None:
    @async_to_sync
    async def code() -> int:
        async with opened(alices, conversation) as socket:
            assert await is_answered(socket)
            await sync_to_async(end)(alices, alice)
            return await close_code(socket)

    # An erasure deletes the conversation too, and the socket may hear of that first.
    assert code() in ({4401, 4404} if end is erase else {4401})


def test_another_persons_end_and_the_sessions_own_list_leave_a_socket_open(
    alices: Client, alice: User, bob: User, conversation: Conversation
) -> None:
    @async_to_sync
    async def stays() -> bool:
        async with opened(alices, conversation) as socket:
            await sync_to_async(sign_out)(await sync_to_async(signed_in)(bob), bob)
            await sync_to_async(sign_out)(await sync_to_async(signed_in)(alice), alice)
            await sync_to_async(alices.get)("/account/sessions/")
            return bool(await is_answered(socket))

    assert stays()


def deactivate(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)


def forget_session(alice: User) -> None:
    """An end of which nobody hears, such as one by hand in the database."""
    Session.objects.all()._raw_delete("default")


@pytest.mark.parametrize("end", [deactivate, forget_session], ids=lambda end: end.__name__)
def test_a_frame_through_a_session_that_ended_unheard_closes_the_socket(
    alices: Client, alice: User, conversation: Conversation, end: Callable[[User], None]
) -> None:
    @async_to_sync
    async def code() -> int:
        async with opened(alices, conversation) as socket:
            assert await is_answered(socket)
            await sync_to_async(end)(alice)
            await socket.send_json_to({"type": "ping"})
            return await close_code(socket)

    # An erasure deletes the conversation too, and the socket may hear of that first.
    assert code() in ({4401, 4404} if end is erase else {4401})


def test_a_silent_socket_is_looked_at_from_time_to_time(
    alices: Client, alice: User, conversation: Conversation, monkeypatch: Any
) -> None:
    monkeypatch.setattr(sockets, "CHECK_SECONDS", 0.05)

    @async_to_sync
    async def code() -> int:
        async with opened(alices, conversation) as socket:
            assert await is_answered(socket)
            await sync_to_async(deactivate)(alice)
            return await close_code(socket)

    assert code() == 4401


def test_looking_at_a_session_is_one_query(
    alices: Client, alice: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_num_queries(1):
        assert sessions.is_open(alice, alices.session.session_key)


def test_a_person_holds_so_many_sockets_and_a_closed_one_gives_its_place_back(
    alices: Client, conversation: Conversation, settings: Any
) -> None:
    settings.SOCKETS_PER_PERSON = 2

    @async_to_sync
    async def codes() -> tuple[int, bool]:
        async with opened(alices, conversation), opened(alices, conversation) as second:
            third = await sync_to_async(socket_of)(alices, conversation)
            await third.connect(timeout=30)
            refused = await close_code(third)
            await third.disconnect(timeout=30)
            await second.disconnect(timeout=30)
            async with opened(alices, conversation) as fourth:
                return refused, await is_answered(fourth)

    assert codes() == (4429, True)


def test_sockets_that_open_at_the_same_moment_cannot_pass_the_limit(alices: Client, alice: User, settings: Any) -> None:
    settings.SOCKETS_PER_PERSON = 5

    async def enter(number: int) -> bool:
        try:
            await sync_to_async(sockets.enter, thread_sensitive=False)(
                user=alice, session_key=alices.session.session_key, socket_id=str(number)
            )
        except sockets.TooMany:
            return False
        return True

    @async_to_sync
    async def all_at_once() -> list[bool]:
        return await asyncio.gather(*map(enter, range(20)))

    assert sum(all_at_once()) == 5
