"""Websockets of signed-in people, without a browser."""

from allauth.usersessions.models import UserSession
from channels.testing import WebsocketCommunicator
from django.test import Client

from accounts.models import User
from chat import consumers
from chat.models import Conversation
from tests import factories


def signed_in(user: User) -> Client:
    """Through the door that people use, so that the session is listed."""
    client = Client()
    client.post("/account/login/", {"login": user.email, "password": factories.PASSWORD})
    assert UserSession.objects.filter(session_key=client.session.session_key).exists()
    return client


def socket_of(client: Client, conversation: Conversation, query: bytes = b"") -> WebsocketCommunicator:
    """As `AuthMiddlewareStack` hands it on."""
    socket = WebsocketCommunicator(consumers.ConversationConsumer.as_asgi(), "/")
    socket.scope |= {
        "user": User.objects.get(pk=client.session["_auth_user_id"]),
        "session": client.session,
        "url_route": {"kwargs": {"conversation_id": conversation.id}},
        "query_string": query,
    }
    return socket


async def close_code(socket: WebsocketCommunicator) -> int:
    """Skips frames until the socket is closed."""
    while (output := await socket.receive_output(timeout=30))["type"] != "websocket.close":
        pass
    return int(output["code"])
