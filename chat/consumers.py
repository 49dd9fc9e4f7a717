"""The websocket of a conversation. It parses a frame and calls its door; a follower forwards the stream."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import redis
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError
from django.http import Http404
from django.utils import timezone, translation
from django.utils.translation import gettext
from pydantic import ValidationError

from accounts.interface import languages
from accounts.models import User
from accounts.sign_in import sessions
from chat.conversation import conversations, disclosure, follow_up, messages, queueing, reading
from chat.models import NoticeKind
from chat.socket import frames, protocol, sockets
from chat.socket.protocol import Error, ErrorCode, Frame, NoticeShown, Resource
from chat.suggestions import asking
from generation.jobs import stream, waiting_room
from text import cleaning, scripts

NOT_FOUND = 4404  # the other close codes are in `sockets.Barred`
AWAY = 1013  # "try again later", as registered with IANA
UNREADABLE = 1008  # "policy violation"

logger = logging.getLogger(__name__)

# Of one socket. Only a program sends frames that cannot be read, or a person a text that is too long.
_MOST_BAD_FRAMES = 32
# Doors block on the database and on the classifier. Django's default runs all synchronous code on one thread, where
# they would queue behind each other, so they have an executor of their own.
_doors = ThreadPoolExecutor(max_workers=8, thread_name_prefix="doors")
_followers = stream.Followers()


class ConversationConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """One open tab. Its person's frames go to the doors; the conversation's stream goes to the tab."""

    user: User
    conversation_id: UUID
    place: dict[str, str] = {}  # the ids of session and socket; replaced as a whole, since all sockets share this one
    bad_frames = 0
    is_admitted = False  # True from the admission until the socket is barred
    tasks: "tuple[asyncio.Task[None], ...]" = ()

    async def connect(self) -> None:
        await self.accept()
        self.user = self.scope["user"]
        self.conversation_id = self.scope["url_route"]["kwargs"]["conversation_id"]
        if not self.user.is_authenticated:
            await self.close(sockets.SignedOut.code)
            return
        translation.activate(languages.of(self.user))  # for all frames of this socket
        self.place = {"session_key": self.scope["session"].session_key, "socket_id": uuid4().hex}
        try:
            news = await _through_door(sockets.enter, user=self.user, **self.place)
            conversation = await _through_door(conversations.get_conversation_for, self.user, self.conversation_id)
            question = await _through_door(follow_up.shown_at_next_visit, conversation, timezone.now())
        except Http404:
            await self.close(NOT_FOUND)
        except sockets.Barred as barred:
            await self.close(barred.code)
        except (redis.RedisError, DatabaseError):
            await self.close(AWAY)
        else:
            if question:  # the first frame of a visit after a crisis
                await self._send_frame(frames.notice(question))
            work = (self._follow(self._requested_offset()), self._watch_sessions(news), self._check_at_intervals())
            self.is_admitted = True
            self.tasks = tuple(asyncio.create_task(coroutine) for coroutine in work)
            await _through_door(queueing.have_read_ahead, self.conversation_id)

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()
        if self.place:
            await _through_door(sockets.leave, user_id=self.user.pk, socket_id=self.place["socket_id"])

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.is_admitted:
            return  # this frame was under way when the socket was closed
        try:
            frame = await _through_door(_read, text_data)
        except _BadFrame as bad:
            await self._refuse("bad_frame", str(bad), bad.client_id)
            self.bad_frames += 1
            if self.bad_frames == _MOST_BAD_FRAMES:
                await self._bar(UNREADABLE)
            return
        await self._act(frame)

    async def _act(self, frame: protocol.ClientFrame) -> None:
        client_id = _id_of(frame)
        try:
            if not await _through_door(sessions.is_open, self.user, self.place["session_key"]):
                await self._bar(sockets.SignedOut.code)
                return
            await self._call_door(frame)
        except conversations.ModerationDown as refused:
            help = refused.help
            resources = tuple(Resource(**resource) for resource in help.resources)
            language = scripts.site_language(help.text)
            await self._send_frame(
                NoticeShown(kind=NoticeKind.CRISIS, text=help.text, language=language, resources=resources)
            )
            await self._refuse(refused.code, refused.detail, client_id)
        except conversations.Refused as refused:
            await self._refuse(refused.code, refused.detail, client_id, refused.retry_after)
        except Http404:
            await self._refuse("not_found", gettext("This message or conversation does not exist any more."), client_id)
        except Exception as error:
            if waiting_room.is_loss(error):
                detail = gettext("The site is restarting. Your words are kept here; try again.")
                await self._refuse("unavailable", detail, client_id)
                return
            logger.exception("frame.failed", extra={"type": frame.type})
            detail = gettext(
                "A fault on this site stopped this. Trying again would fail again. The site's operator can see why."
            )
            await self._refuse("site_error", detail, client_id)

    async def _call_door(self, frame: protocol.ClientFrame) -> None:
        user = self.user
        match frame:
            case protocol.MessageSend(client_id=client_id, text=text):
                await _through_door(
                    messages.send_message,
                    user=user,
                    conversation_id=self.conversation_id,
                    client_id=client_id,
                    text=text,
                )
            case protocol.ReplyStop(reply_id=reply_id):
                await _through_door(messages.stop, user=user, reply_id=reply_id)
            case protocol.ReplyRegenerate(reply_id=reply_id):
                await _through_door(messages.regenerate, user=user, reply_id=reply_id)
            case protocol.ReplyContinue(reply_id=reply_id):
                await _through_door(messages.continue_reply, user=user, reply_id=reply_id)
            case protocol.ReplyAsk(persona_id=persona_id):
                await _through_door(
                    messages.let_speak, user=user, conversation_id=self.conversation_id, persona_id=persona_id
                )
            case protocol.MessageEdit(message_id=message_id, text=text):
                await _through_door(messages.edit, user=user, message_id=message_id, text=text)
            case protocol.BranchSelect(message_id=message_id):
                await _through_door(conversations.select_branch, user=user, message_id=message_id)
            case protocol.LineSuggest(line_id=line_id):
                await _through_door(asking.ask, user=user, conversation_id=self.conversation_id, line_id=line_id)
            case protocol.LineStop(line_id=line_id):
                await _through_door(asking.stop, user=user, conversation_id=self.conversation_id, line_id=line_id)
            case protocol.ConversationSeen():
                await _through_door(reading.mark_seen, user=user, conversation_id=self.conversation_id)
            case protocol.Ping(in_use=in_use):
                if in_use:
                    await _through_door(
                        disclosure.note_use, user=user, conversation_id=self.conversation_id, now=timezone.now()
                    )
                await self._send_frame(protocol.Pong())

    async def _follow(self, after: str) -> None:
        """Forwards the stream's frames unchanged until the last one, each with its offset added at the front."""
        async with aclosing(_followers.follow(self.conversation_id, after)) as entries:
            async for offset, frame in entries:
                await self.send(text_data=f'{{"offset":"{offset}",{frame.decode()[1:]}')
                if frame == frames.DELETED:
                    await self.close(NOT_FOUND)
                    return

    async def _watch_sessions(self, after: str) -> None:
        """Checks the session as soon as it may have ended."""
        async for _ in _followers.follow(sockets.news_of(self.user.pk), after):
            await self._check()

    async def _check_at_intervals(self) -> None:
        """Checks the session at intervals, because not every end is announced."""
        while True:
            await asyncio.sleep(sockets.CHECK_SECONDS)
            await self._check()

    async def _check(self) -> None:
        """Closes the socket if its session has ended."""
        try:
            await _through_door(sockets.check, user=self.user, **self.place)
        except sockets.Barred as barred:
            await self._bar(barred.code)
        except (redis.RedisError, DatabaseError) as error:  # unknown now; the next check tells
            logger.warning("socket.not_checked", extra={"error": type(error).__name__})

    async def _bar(self, code: int) -> None:
        """Closes the socket. No frame passes through it after this."""
        if not self.is_admitted:
            return
        self.is_admitted = False
        for task in self.tasks:
            if task is not asyncio.current_task():
                task.cancel()
        await self.close(code)

    def _requested_offset(self) -> str:
        offset = parse_qs(self.scope["query_string"].decode("latin-1")).get("after", [stream.BEGINNING])[0]
        return offset if stream.is_position(offset) else stream.BEGINNING

    async def _send_frame(self, frame: Frame) -> None:
        await self.send(text_data=frame.model_dump_json())

    async def _refuse(
        self, code: ErrorCode, detail: str, client_id: UUID | None = None, retry_after: timedelta | None = None
    ) -> None:
        retry_after_ms = round(retry_after.total_seconds() * 1000) if retry_after else None
        await self._send_frame(Error(code=code, detail=detail, client_id=client_id, retry_after_ms=retry_after_ms))


def _id_of(frame: protocol.ClientFrame) -> UUID | None:
    """The browser's own id of what the frame asks for. A refusal repeats it."""
    match frame:
        case protocol.MessageSend(client_id=client_id):
            return client_id
        case protocol.LineSuggest(line_id=line_id):
            return line_id
        case _:
            return None


async def _through_door(door: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return await database_sync_to_async(door, thread_sensitive=False, executor=_doors)(*args, **kwargs)


class _BadFrame(Exception):
    """Its text is a sentence for the person. `client_id`: of the message that the frame was to send, if it says so."""

    def __init__(self, detail: str, client_id: UUID | None = None) -> None:
        super().__init__(detail)
        self.client_id = client_id


def _read(text: str | None) -> protocol.ClientFrame:
    """Parses a frame. In a thread, because the event loop serves all other people meanwhile. Raises _BadFrame."""
    if text is None or len(text) > protocol.FRAME_CHARACTERS:
        raise _BadFrame(
            gettext("A frame is text of at most {limit} characters.").format(limit=f"{protocol.FRAME_CHARACTERS:,}")
        )
    try:
        return protocol.parse(text)
    except cleaning.TooManyValues:
        raise _BadFrame(gettext("{place}: This value does not fit.").format(place=gettext("the frame"))) from None
    except cleaning.BadJSON as error:
        raise _BadFrame(gettext("The frame cannot be read. {error}").format(error=error)) from None
    except protocol.BadFrame as bad:
        raise _BadFrame(_first_fault(bad.error), bad.client_id) from None


def _first_fault(error: ValidationError) -> str:
    """The first fault of a frame: its place and the rule that was broken. Repeats nothing that was sent."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "string_too_long":
        return gettext("This message has {count} characters; the limit is {limit}. Send it in parts.").format(
            count=f"{len(first['input']):,}", limit=f"{first['ctx']['max_length']:,}"
        )
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    place = ".".join(str(part) for part in first["loc"])
    match first["type"]:
        case "union_tag_invalid":  # pydantic's place repeats what was sent
            return gettext("type: There is no frame of this type.")
        case "union_tag_not_found":
            return gettext("type: The frame does not say its type.")
        case "extra_forbidden":
            return gettext("{place}: This frame has a field that it may not have.").format(place=first["loc"][0])
        case "missing":
            return gettext("{place}: This field is missing.").format(place=place)
        case "uuid_parsing" | "uuid_type":
            return gettext("{place}: This is not an id.").format(place=place)
        case _:
            return gettext("{place}: This value does not fit.").format(place=place or gettext("the frame"))
