"""Every frame of the websocket, in both directions.

The worker appends server frames to the conversation's stream as JSON, and the consumer forwards the same bytes. There
is no second format. `manage.py protocol_types` writes these classes to static/js/chat/protocol.d.ts.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from chat.models import NoticeKind
from text import cleaning

ErrorCode = Literal[
    "bad_frame",
    "not_found",
    "wrong_state",
    "quota_exceeded",
    "restricted",
    "too_young",
    "not_served",
    "not_for_minors",
    "not_for_elders",
    "not_by_guardian",
    "persona_not_confirmed",
    "persona_not_approved",
    "persona_rests",
    "moderation_unavailable",
    "busy",
    "unavailable",
    "site_error",
]


def _not_blank(text: str) -> str:
    if cleaning.is_blank(text):
        raise ValueError(_("There is nothing to send yet. Write something first."))
    return text


# The text of a person's message, already cleaned by `parse`.
Words = Annotated[str, Field(max_length=settings.MESSAGE_CHARACTERS), AfterValidator(_not_blank)]


class Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# --- From the browser ---------------------------------------------------------------------------


class MessageSend(Frame):
    """Send a message. Sending the same `client_id` again returns the first result."""

    type: Literal["message.send"]
    client_id: UUID
    text: Words


class ReplyStop(Frame):
    """End a reply where it is. The text shown so far is kept."""

    type: Literal["reply.stop"]
    reply_id: UUID


class ReplyRegenerate(Frame):
    """Ask for another reply to the same message. The old reply stays as its sibling.

    If a candidate for the first words is left, the new reply begins with the best one, and its delta comes before
    `reply.started`.
    """

    type: Literal["reply.regenerate"]
    reply_id: UUID


class ReplyContinue(Frame):
    """Continue a reply that has ended."""

    type: Literal["reply.continue"]
    reply_id: UUID


class ReplyAsk(Frame):
    """Ask a persona of the conversation to speak next, also as the first. A muted one speaks then too."""

    type: Literal["reply.ask"]
    persona_id: UUID


class MessageEdit(Frame):
    """Change a message: adds a sibling of it, with a new reply."""

    type: Literal["message.edit"]
    message_id: UUID
    text: Words


class BranchSelect(Frame):
    """Show the branch through this message, down to its newest leaf."""

    type: Literal["branch.select"]
    message_id: UUID


class LineSuggest(Frame):
    """Draft a line that the person might send next. The same `line_id` again changes nothing."""

    type: Literal["line.suggest"]
    line_id: UUID


class LineStop(Frame):
    """End a draft that is not wanted any more."""

    type: Literal["line.stop"]
    line_id: UUID


class ConversationSeen(Frame):
    """The person has the newest message before their eyes. Until then, lists mark the conversation as new."""

    type: Literal["conversation.seen"]


class Ping(Frame):
    type: Literal["ping"]
    in_use: bool = False  # the page is visible, and its person has done something in the last minutes


ClientFrame = Annotated[
    MessageSend
    | ReplyStop
    | ReplyRegenerate
    | ReplyContinue
    | ReplyAsk
    | MessageEdit
    | BranchSelect
    | LineSuggest
    | LineStop
    | ConversationSeen
    | Ping,
    Field(discriminator="type"),
]


# --- To the browser -----------------------------------------------------------------------------


class MessageShown(Frame):
    """A message of the person, for every open tab."""

    id: UUID
    parent: UUID | None  # None: the first message of its conversation
    text: str
    created_at: datetime
    is_withheld: bool  # the filter stopped it; no reply is owed


class MessageAccepted(Frame):
    type: Literal["message.accepted"] = "message.accepted"
    client_id: UUID | None  # None: an edit
    message: MessageShown
    title: str  # the conversation's title, made from its first answered message; empty until then


class ReplyQueued(Frame):
    """A reply waits for its turn. Sent again when its position has changed noticeably."""

    type: Literal["reply.queued"] = "reply.queued"
    reply_id: UUID
    message_id: UUID  # the reply's own message
    parent: UUID | None  # the message that it answers; None: it is the first of its conversation
    persona_id: UUID  # the persona that speaks
    attempt: int  # attempts begun so far; a lower number than one already received means that the frame is old
    position: int  # jobs of the whole site that are served before it; 0: it is next
    expected_wait_ms: int | None  # None: not known yet
    detail: str  # the same as a sentence for the person; empty: the reply is about to begin


class ReplyStarted(Frame):
    type: Literal["reply.started"] = "reply.started"
    reply_id: UUID
    attempt: int  # 1, or more after a lost worker; a higher attempt clears the text shown so far
    engine: str
    because: str = ""  # the code of the reason why this engine took over from another; else empty


class ReplyDelta(Frame):
    """Cleared text. Append it once per (reply_id, attempt, seq)."""

    type: Literal["reply.delta"] = "reply.delta"
    reply_id: UUID
    attempt: int
    seq: int  # 0, 1, 2 … within an attempt
    text: str


class UsageShown(Frame):
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


class Timing(Frame):
    queued_ms: int
    first_token_ms: int
    total_ms: int


class ReplyCompleted(Frame):
    type: Literal["reply.completed"] = "reply.completed"
    reply_id: UUID
    text: str
    usage: UsageShown
    timing: Timing
    recalled: str = ""  # the sentence that says what of the memory its prompt held; empty: nothing


class ReplyStopped(Frame):
    type: Literal["reply.stopped"] = "reply.stopped"
    reply_id: UUID
    text: str  # the text that was shown and is kept


class ReplyBlocked(Frame):
    """The filter withdrew the reply, or its continuation. Show `text` in place of what was shown."""

    type: Literal["reply.blocked"] = "reply.blocked"
    reply_id: UUID
    text: str  # what is kept: the cleared words that it continued; empty for a new reply
    category: str
    notice: str


class ReplyFailed(Frame):
    type: Literal["reply.failed"] = "reply.failed"
    reply_id: UUID
    code: str
    detail: str  # a sentence for the person


class LineSuggested(Frame):
    """A draft for the person's box, cleared for it. Only the tab that asked for it uses it."""

    type: Literal["line.suggested"] = "line.suggested"
    line_id: UUID
    text: str


class LineFailed(Frame):
    """There will be no draft."""

    type: Literal["line.failed"] = "line.failed"
    line_id: UUID
    detail: str  # a sentence for the person


class Resource(Frame):
    """A help line."""

    name: str
    contact: str  # what to dial, text or open
    hours: str
    url: str


class NoticeShown(Frame):
    """A notice of the site, not of the persona."""

    type: Literal["notice"] = "notice"
    id: UUID | None = None  # the stored notice; None if it is not stored
    kind: NoticeKind
    message_id: UUID | None = None  # the message that the notice follows
    text: str
    language: str  # of the text and the resources, BCP 47; a reader's page may be in another
    resources: tuple[Resource, ...] = ()


class ThreadChanged(Frame):
    """Another branch is being read, or a message was deleted: load the conversation's thread again."""

    type: Literal["thread.changed"] = "thread.changed"
    head: UUID | None  # None: the last message was deleted


class ConversationDeleted(Frame):
    """The conversation was deleted. The last frame of its stream; the socket is then closed with 4404."""

    type: Literal["conversation.deleted"] = "conversation.deleted"


class Error(Frame):
    """A frame was refused. The socket stays open."""

    type: Literal["error"] = "error"
    code: ErrorCode
    detail: str
    client_id: UUID | None = None  # of the refused message, or of the draft of a line
    retry_after_ms: int | None = None  # when a retry may succeed, if that is known


class Pong(Frame):
    type: Literal["pong"] = "pong"


ServerFrame = Annotated[
    MessageAccepted
    | ReplyQueued
    | ReplyStarted
    | ReplyDelta
    | ReplyCompleted
    | ReplyStopped
    | ReplyBlocked
    | ReplyFailed
    | LineSuggested
    | LineFailed
    | NoticeShown
    | ThreadChanged
    | ConversationDeleted
    | Error
    | Pong,
    Field(discriminator="type"),
]

FRAME_CHARACTERS = 16 * settings.MESSAGE_CHARACTERS  # in JSON, a character takes at most 12
_MOST_VALUES = 16  # the largest frame has four

_client_frames: TypeAdapter[ClientFrame] = TypeAdapter(ClientFrame)
server_frames: TypeAdapter[ServerFrame] = TypeAdapter(ServerFrame)


class BadFrame(ValueError):
    """A browser's JSON that is no frame. `client_id`: of the message that it was to send, as far as it says."""

    def __init__(self, error: ValidationError, value: object) -> None:
        super().__init__(error.title)
        self.error = error
        try:
            self.client_id = UUID(value["client_id"]) if isinstance(value, dict) else None
        except (KeyError, ValueError, TypeError, AttributeError):
            self.client_id = None


def parse(text: str) -> ClientFrame:
    """Parses a browser's frame and cleans its texts. Raises text.cleaning.BadJSON and BadFrame."""
    value = cleaning.parsed_json(text, most_values=_MOST_VALUES)
    try:
        return _client_frames.validate_python(value)
    except ValidationError as error:
        raise BadFrame(error, value) from None
