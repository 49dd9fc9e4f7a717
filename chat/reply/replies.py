"""Produces a reply: the run that writes it, its frames, and the reply's transitions.

In a group, the end of one reply may owe the next one, by another persona. Both are written in one transaction, so a
lost worker loses no turn. The frame of the next reply comes before the last frame of this one, so no tab believes
between them that it is the person's turn.

Each transition is one conditional update of the row, guarded by status and attempt. If two workers believe that they
own a reply, only the newer one writes. The row is written before the frame is published.
"""

import logging
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.interface import languages
from accounts.sign_in import ages
from chat.conversation import conversations, ends, groups, messages, remembering, transcripts
from chat.conversation.conversations import Refused, WrongState
from chat.models import Conversation, ConversationState, Message, NoticeKind, Reply, ReplyStatus
from chat.reply import inspection, persona_reply
from chat.reply.reply_run import ReplyRun, Stopped
from chat.socket import frames
from chat.socket.protocol import ReplyDelta, ReplyStarted
from generation.engine import EngineError, EngineInfo, Token
from generation.jobs import waiting_room
from moderation.categories import ClassifierUnavailable
from moderation.filter import assessment, gate
from moderation.models import RuleAction
from text.sentences import breaks_off

logger = logging.getLogger(__name__)

_MASKED = _(
    "Personal data, such as a telephone number, was removed from this reply. A model invents such data, "
    "and it may belong to a real person."
)


@dataclass
class Progress(ReplyRun):
    """The state of a reply while it is being written."""

    reply: Reply
    shown: list[str] = field(default_factory=list)
    record: inspection.Record = field(default_factory=inspection.Record)
    earlier_words: remembering.EarlierWords | None = None

    def announce(self, info: EngineInfo, because: str) -> None:
        self.record.begin_engine(info, because)
        self._publish(ReplyStarted, engine=info.model, because=because)

    def receive(self, token: Token) -> None:
        super().receive(token)
        self.record.tokens.append(token)

    def show(self, sentence: str) -> None:
        self.shown.append(sentence)
        self._publish(ReplyDelta, seq=len(self.shown) - 1, text=sentence)

    def take_back(self) -> None:
        """Begins a new attempt. Its first piece replaces all text shown before."""
        if _of_attempt(self.reply).update(attempt=F("attempt") + 1):
            self.reply.attempt += 1
        self.shown.clear()

    def without_broken_end(self, sentences: Iterator[str]) -> Generator[str]:
        """Leaves out a last sentence that the token limit cut off, unless it is the only one."""
        has_whole = bool(self.reply.prefix)
        for sentence in sentences:
            if has_whole and self.ran_out_of_tokens and breaks_off(sentence):
                return
            yield sentence
            has_whole = has_whole or not breaks_off(sentence)

    def _publish(self, frame: type[ReplyStarted | ReplyDelta], **fields: Any) -> None:
        frames.publish(self.conversation_id, frame(reply_id=self.reply.id, attempt=self.reply.attempt, **fields))

    @property
    def conversation_id(self) -> UUID:
        return self.reply.message.conversation_id

    @property
    def text(self) -> str:
        return "".join(self.shown)


def produce(reply_id: UUID) -> None:
    """Writes the reply if it is still owed. If Redis or the database is lost, the sweeper queues it again."""
    reply = _claim(reply_id)
    if reply is None:
        return
    conversation = reply.message.conversation
    progress = Progress(reply, is_minor=ages.is_minor(conversation.owner))
    # Checked again: a decision or a goodbye may have come, or the persona may have changed, since it was asked for.
    try:
        conversations.refuse_parted(conversation)
        if silence := groups.silence_of(conversation, reply.message.persona):
            raise silence
        with languages.speaking_to(conversation.owner):  # the reasons that Look inside shows
            _write(progress)
    except (Stopped, WrongState):
        _finish(progress, ReplyStatus.STOPPED)
    except Refused as refused:
        _finish(progress, ReplyStatus.FAILED, code=refused.code)
    except gate.Blocked as blocked:
        progress.verdicts.append(blocked.verdict)
        _finish(progress, ReplyStatus.BLOCKED, category=blocked.verdict.category)
    except ClassifierUnavailable:
        _finish(progress, ReplyStatus.FAILED, code="moderation_unavailable")
    except EngineError as error:
        _finish(progress, ReplyStatus.FAILED, code=error.code)
    except Exception as error:
        if waiting_room.is_loss(error):
            raise
        logger.exception("reply.broken", extra={"reply_id": str(reply_id)})
        _finish(progress, ReplyStatus.FAILED, code="site_error")
    else:
        if progress.text.strip():
            _finish(progress, ReplyStatus.COMPLETED)
        else:
            _finish(progress, ReplyStatus.FAILED, code="empty")


def read_ahead(conversation_id: UUID) -> None:
    """Has the engine read the conversation while its person reads the page or types.

    Not in a group: the prompt of each persona is different, and nobody knows yet who speaks next.
    """
    conversation = Conversation.objects.select_related("persona").filter(pk=conversation_id).first()
    if conversation is None or conversation.is_group:
        return
    began = time.monotonic()
    try:
        persona = conversation.persona
        turns = remembering.without_forgotten(persona, transcripts.prompt_turns(conversation.head_id))
        persona_reply.read_ahead(persona, persona_reply.heard_by(persona, turns))
    except EngineError as error:
        logger.warning("conversation.not_read_ahead", extra={"error": error.code})
    else:
        took = round((time.monotonic() - began) * 1000)
        logger.info("conversation.read_ahead", extra={"conversation_id": str(conversation_id), "total_ms": took})


def give_up(reply: Reply, code: str) -> None:
    """Ends an unfinished reply that no worker will write any more."""
    _finish(Progress(reply), ReplyStatus.FAILED, code=code)


def break_off(reply_id: UUID) -> None:
    """Ends a reply whose text cannot be stored. Nothing of it is kept."""
    give_up(Reply.objects.select_related("message__conversation__owner").get(pk=reply_id), "site_error")


def put_back(reply: Reply) -> bool:
    """Queues a reply again after its worker was lost. False if its state changed meanwhile."""
    return _of_attempt(reply).update(status=ReplyStatus.QUEUED) == 1


def _of_attempt(reply: Reply) -> QuerySet[Reply]:
    """The reply's row, while this attempt writes it."""
    return Reply.objects.filter(pk=reply.pk, attempt=reply.attempt, status=ReplyStatus.GENERATING)


def _claim(reply_id: UUID) -> Reply | None:
    """queued → generating, with a new attempt. None if the reply is no longer owed."""
    owed = Reply.objects.filter(pk=reply_id, status=ReplyStatus.QUEUED)
    if not owed.update(status=ReplyStatus.GENERATING, attempt=F("attempt") + 1, started_at=timezone.now()):
        return None
    related = (
        "message__conversation__persona",
        "message__conversation__owner",
        "message__parent",
        "message__speaker",
    )
    return Reply.objects.select_related(*related).get(pk=reply_id)


def _write(progress: Progress) -> None:
    reply = progress.reply
    conversation = reply.message.conversation
    persona = reply.message.persona
    head = reply.message.parent_id
    spoken = transcripts.prompt_turns(head)
    progress.earlier_words = remembering.EarlierWords.of(persona, spoken)
    turns = persona_reply.heard_by(persona, remembering.without_forgotten(persona, spoken))
    told = remembering.recall(conversation, persona, head, persona_reply.down_to_question(turns))
    progress.earlier_words.told = told
    script = persona_reply.script(
        persona=persona,
        others=[other.name for other in conversation.personas if other != persona],
        turns=turns,
        told=told,
        begun=reply.prefix,
        is_begun_judged=reply.is_prefix_judged,
        reader_id=conversation.owner_id,
        is_farewell=conversation.state == ConversationState.FAREWELL,
    )
    progress.record.shown = script.shown
    full_script = replace(script, stages=(*script.stages, progress.without_broken_end))
    progress.write(full_script, account=str(conversation.owner_id), subjects=(reply.id, conversation.id))


def _finish(progress: Progress, status: ReplyStatus, *, category: str = "", code: str = "") -> None:
    """generating → ended, if this attempt still owns the reply. Then tells the end."""
    reply = progress.reply
    prefix = reply.prefix if reply.is_prefix_judged else ""
    text = prefix if status == ReplyStatus.BLOCKED else progress.text.rstrip() or prefix
    follower = groups.who_follows(reply, text) if status == ReplyStatus.COMPLETED else None
    with transaction.atomic():
        conversation = _locked(reply) if follower else None  # before the reply's row, as every door locks them
        if not _end(progress, status, category=category, code=code):
            return
        Message.objects.filter(pk=reply.message_id).update(text=text)
        opening = progress.script.opening if progress.script else ""
        inspection.keep(reply, progress.record, text, prompt=progress.prompt, opening=opening)
        _record_verdicts(progress)
        if text:
            _note_masking(progress)
        if follower and conversation:
            messages.owe_following(conversation, reply.message, follower)
    if progress.earlier_words:
        remembering.forget_late(reply, progress.earlier_words)
    ended = Reply.objects.select_related("message__conversation__owner").filter(pk=reply.pk).first()
    if ended is None:
        return  # its conversation was deleted since
    progress.reply = ended
    logger.info("reply.%s", status, extra=_log_fields(progress))
    ends.tell(ended)


def _end(progress: Progress, status: ReplyStatus, *, category: str, code: str) -> bool:
    """Writes into the row how the reply ended and what it cost. False if this attempt no longer owns the reply."""
    reply, info, sampling = progress.reply, progress.engine, progress.sampling
    owned = Reply.objects.filter(
        pk=reply.pk, attempt=reply.attempt, status__in=[ReplyStatus.GENERATING, ReplyStatus.QUEUED]
    )
    return bool(
        owned.update(
            status=status,
            category=category,
            code=code,
            engine=info.name if info else "",
            model=info.model if info else "",
            engines=progress.record.engines_used,
            prompt_form=progress.prompt.form if progress.prompt else "",
            sampling=vars(sampling) if sampling else {},
            policy_version=progress.verdicts[-1].policy_version if progress.verdicts else "",
            prompt_tokens=progress.prompt_tokens,
            cached_tokens=progress.cached_tokens,
            completion_tokens=progress.completion_tokens,
            first_token_ms=progress.first_token_ms,
            recalled=_recalled_ids(progress),
            finished_at=timezone.now(),
            is_end_told=False,
        )
    )


def _locked(reply: Reply) -> Conversation | None:
    """The reply's conversation, locked; None if it was deleted."""
    try:
        return conversations.locked(reply.message.conversation)
    except Http404:
        return None


def _recalled_ids(progress: Progress) -> dict[str, list[int]]:
    """The ids of what the prompt recalled, by the part of the prompt."""
    parts = progress.prompt.parts if progress.prompt else ()
    return {part.name: list(part.rows) for part in parts if part.rows}


def _record_verdicts(progress: Progress) -> None:
    message = progress.reply.message
    for verdict in progress.verdicts:
        assessment.record(
            verdict,
            user=message.conversation.owner,
            conversation_id=message.conversation_id,
            message_id=message.id,
        )


def _note_masking(progress: Progress) -> None:
    """Records a notice if the filter removed something from the reply."""
    masked = [verdict for verdict in progress.verdicts if verdict.action == RuleAction.MASK]
    if not masked:
        return
    message = progress.reply.message
    with languages.speaking_to(message.conversation.owner):
        text = str(_MASKED)
    message.notices.create(
        conversation_id=message.conversation_id,
        kind=NoticeKind.MASKED,
        rule=masked[0].category,
        version=masked[0].policy_version,
        text=text,
    )


def _log_fields(progress: Progress) -> dict[str, object]:
    return {
        "reply_id": str(progress.reply.id),
        "attempt": progress.reply.attempt,
        "code": progress.reply.code,
        "engine": progress.reply.engine,
        "prompt_tokens": progress.prompt_tokens,
        "completion_tokens": progress.completion_tokens,
        "first_token_ms": progress.first_token_ms,
        "total_ms": round((time.monotonic() - progress.began) * 1000),
    }
