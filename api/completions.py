"""Writes an answer for /v1/: a run as in chat, from an engine's tokens to cleared sentences in frames.

A persona answers as it does on the site, with the client's instructions added to its scene. A base model continues
a text, or answers in its own chat template. The same gate judges both.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.sign_in import ages
from api import jobs, keys, model_list, monitoring, queueing
from api.jobs import AnswerToken, Ended, Failed, Job, Reason, Words
from api.model_list import BaseModel
from api.models import ApiKey
from chat.reply import persona_reply, sentences
from chat.reply.reply_run import ReplyRun, Script, Stopped
from generation import reply_text
from generation.catalogue import model_rows
from generation.engine import (
    EngineError,
    EngineInfo,
    Prompt,
    PromptMessage,
    PromptPart,
    PromptTooLong,
    Sampling,
    Token,
)
from moderation.categories import ClassifierUnavailable
from moderation.desk import restrictions
from moderation.filter import assessment, gate
from personas import access
from personas.models import Persona
from personas.prompting import prompt

logger = logging.getLogger(__name__)


class _NotThisEngine(PromptTooLong):
    """No fault of the engine, like a prompt that is too long. The router tries the next engine."""


class _AnotherModel(_NotThisEngine):
    code = "model_not_loaded"


class _NoChatTemplate(_NotThisEngine):
    code = "no_chat_template"


@dataclass(kw_only=True)
class _Writing(ReplyRun):
    """An answer under way: the tokens received, and how many of them the client has."""

    job: Job
    tokens: list[Token] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)  # where each token's text ends in `raw`
    raw: str = ""
    sent_tokens: int = 0
    read_to: int = 0  # characters of `raw`
    shown: list[str] = field(default_factory=list)

    def receive(self, token: Token) -> None:
        super().receive(token)
        if token.text or token.id is not None:
            self.raw += token.text
            self.tokens.append(token)
            self.ends.append(len(self.raw))

    def announce(self, info: EngineInfo, because: str) -> None:
        """Sends nothing: the last frame names the model."""

    def show(self, sentence: str) -> None:
        self.shown.append(sentence)
        jobs.append(self.job.id, Words(text=sentence, tokens=self.tokens_of(sentence)))

    def take_back(self) -> None:
        self.shown.clear()
        jobs.append(self.job.id, Words(text="", begins_again=True))

    def tokens_of(self, sentence: str) -> list[AnswerToken] | None:
        """The tokens that end within a cleared sentence. None if its text differs from the engine's.

        A token that reaches into the next sentence waits for it, so no word is sent before it is cleared.
        """
        at = self.raw.find(sentence, self.read_to)
        if at < 0 or self.job.alternatives is None:
            return None
        self.read_to = at + len(sentence)
        answer_tokens: list[AnswerToken] = []
        while self.sent_tokens < len(self.tokens) and self.ends[self.sent_tokens] <= self.read_to:
            token, end = self.tokens[self.sent_tokens], self.ends[self.sent_tokens]
            self.sent_tokens += 1
            if token.text and token.logprob is not None and end > at:
                likely = [*token.alternatives[: self.job.alternatives]]
                answer_tokens.append(AnswerToken(text=token.text, logprob=token.logprob, alternatives=likely))
        return answer_tokens or None


def produce(job_id: UUID) -> None:
    """Writes the answer of a job, if its client still waits for it."""
    job = jobs.begin(job_id)
    if job is None:
        return
    key = ApiKey.objects.select_related("user").filter(pk=job.key_id, revoked_at=None, user__is_active=True).first()
    if key is None:
        jobs.append(job.id, Failed(code="key_revoked"))
        return
    writing = _Writing(job=job, is_minor=ages.is_minor(key.user))
    last = _write(writing, key.user)
    _settle(writing, key, last)
    jobs.append(job.id, last)
    jobs.keep(job.model_copy(update={"answer": "".join(writing.shown)}))
    queueing.have_monitored(job.id)


def _write(writing: _Writing, user: User) -> Ended | Failed:
    """Sends every cleared sentence. Returns the frame that ends the answer."""
    job = writing.job
    model = model_list.model_of(job.persona_id, job.model)
    if restrictions.active_for(user=user, conversation_id=job.talk_id, persona_id=model.id):
        return Failed(code="restricted")
    if isinstance(model, Persona) and (refusal := access.refusal(user, model)):
        return Failed(code=refusal.code)
    script = _of_persona(job, model) if isinstance(model, Persona) else _of_base(job, model)
    try:
        writing.write(script, account=str(job.user_id), subjects=(job.id, job.talk_id))
    except Stopped:
        return _ended(writing, "stop")
    except gate.Blocked as blocked:
        writing.verdicts.append(blocked.verdict)
        return _ended(writing, "content_filter")
    except ClassifierUnavailable:
        return Failed(code="moderation_unavailable")
    except EngineError as error:
        return Failed(code=error.code)
    return _ended(writing, "length" if writing.ran_out_of_tokens else "stop")


def _ended(writing: _Writing, reason: Reason) -> Ended:
    return Ended(
        reason=reason,
        engine=writing.engine.model if writing.engine else "",
        prompt_tokens=writing.prompt_tokens,
        cached_tokens=writing.cached_tokens,
        completion_tokens=writing.completion_tokens,
    )


def _of_persona(job: Job, persona: Persona) -> Script:
    return persona_reply.script(
        persona=persona,
        turns=monitoring.turns(job, instructions=False),
        instruction=" ".join(turn.text for turn in job.said if turn.role == "system"),
        sampling=_sampling(job),
    )


def _of_base(job: Job, model: BaseModel) -> Script:
    """Continues a text unchanged, or answers in the model's own chat template and stops before another turn."""

    def build(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        if info.model != model.name:
            raise _AnotherModel(f"{info.name} has another model.")
        if job.form == "chat" and not model_rows.has_chat_template(model.name):
            raise _NoChatTemplate(f"{model.name} has no chat template.")
        sampling = replace(info.sampling, **_sampling(job))
        parts = tuple(PromptPart(turn.role, turn.text, count(turn.text)) for turn in job.said)
        length = sum(part.tokens for part in parts)
        if length + sampling.max_tokens > info.context_length:
            raise PromptTooLong(f"The prompt has {length} tokens.")
        return replace(_base_prompt(job), parts=parts), sampling

    if job.form == "transcript":
        return Script(build=build, stages=(sentences.split,), persona_id=model.id, has_thoughts=False)
    return Script(build=build, stages=(reply_text.until_next_turn, sentences.split), persona_id=model.id)


def _base_prompt(job: Job) -> Prompt:
    if job.form == "transcript":
        return Prompt(form="transcript", text=job.said[-1].text)
    return Prompt(form="chat", messages=tuple(PromptMessage(s.role, prompt.defused(s.text)) for s in job.said))


def _sampling(job: Job) -> dict[str, Any]:
    stop = {"stop": tuple(job.sampling["stop"])} if "stop" in job.sampling else {}
    return job.sampling | stop


def _settle(writing: _Writing, key: ApiKey, last: Ended | Failed) -> None:
    """Counts the cost of the answer, and stores the filter's verdicts."""
    job = writing.job
    keys.note(key, tokens=writing.prompt_tokens + writing.completion_tokens)
    answer_id = monitoring.message_id(job.talk_id, len(job.said), "".join(writing.shown))
    for verdict in writing.verdicts:
        assessment.record(verdict, user=key.user, conversation_id=job.talk_id, message_id=answer_id)
    logger.info(
        "api.answered",
        extra={
            "job": str(job.id),
            "outcome": last.reason if isinstance(last, Ended) else last.code,
            "prompt_tokens": writing.prompt_tokens,
            "completion_tokens": writing.completion_tokens,
            "first_token_ms": writing.first_token_ms,
            "total_ms": round((time.monotonic() - writing.began) * 1000),
        },
    )
