"""Everything that may refuse a request before it costs anything, in the order of what it costs; then the hand-over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import quotas
from accounts.models import User
from api import errors, jobs, keys, model_list, monitoring, tasks
from api.jobs import Job, Said
from api.model_list import BaseModel
from api.models import ApiKey
from api.schemas import ChatCompletionRequest, CompletionRequest
from chat import messages
from generation.engines.base import PromptForm
from generation.jobs import waiting_room
from moderation.crisis import ladder
from moderation.desk import restrictions
from moderation.filter import assessment
from moderation.filter.assessment import Verdict
from moderation.filter.classifiers.base import ClassifierUnavailable
from moderation.models import Direction
from personas.models import Persona


@dataclass(frozen=True)
class Admitted:
    """What the client has to wait for, and what the site says beside it."""

    jobs: list[Job]
    notice: dict[str, Any] | None = None  # help lines, where the message sounds low


def chat(key: ApiKey, body: ChatCompletionRequest) -> Admitted:
    """Raises ApiError; otherwise `n` jobs are with the workers."""
    said = [Said(role=_ROLES[message.role], text=message.content) for message in body.messages]
    if said[-1].role != "user":
        raise errors.bad("messages", "The last message must be the user's: it is the one that is answered.")
    return _admit(key, body, [said], param="messages", form="chat")


def completion(key: ApiKey, body: CompletionRequest) -> Admitted:
    """As `chat`: a base model continues the prompt, a persona answers it. `n` jobs for each prompt."""
    prompts = [[Said(role="user", text=prompt)] for prompt in body.prompt]
    return _admit(key, body, prompts, param="prompt", form="transcript")


_ROLES: dict[str, Any] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def _admit(
    key: ApiKey,
    body: ChatCompletionRequest | CompletionRequest,
    talks: Sequence[list[Said]],
    *,
    param: str,
    form: PromptForm,
) -> Admitted:
    model = model_list.find(key, body.model)
    choices = body.n or 1
    count = len(talks) * choices
    made = [_job(key, body, model, said, form=form, choice=choice) for said in talks for choice in range(choices)]
    # 1. Rights and quotas.
    for said in talks:
        _check_length(said, param)
        refuse_restricted(key.user, talk_id=monitoring.talk_id(key.user, model.id, said), model_id=model.id)
    _check_quotas(key, count)
    # 2. What the filter says of the newest words, and of instructions. Judged words count as a message.
    verdicts = [_judge(key.user, said, model, param) for said in talks]
    _spend(key, count)
    for job, verdict in zip(made[::choices], verdicts, strict=True):
        _record(job, verdict)
    for job, verdict in zip(made[::choices], verdicts, strict=True):
        if not messages.is_answered(verdict):
            jobs.keep(job)
            tasks.monitor_talk.delay(str(job.id))
            raise _withheld(key.user, model, verdict, param)
    # 3. To the workers, where there is room to wait.
    try:
        waiting_room.admit(account=str(key.user_id), klass="interactive")
    except waiting_room.Full as full:
        raise errors.busy(full) from None
    jobs.hand_over(made)
    level = ladder.highest(verdict.level for verdict in verdicts)
    return Admitted(made, _notice(key.user, model, level) if ladder.is_at_least(level, "low") else None)


def refuse_restricted(user: User, *, talk_id: UUID | None = None, model_id: UUID | None = None) -> None:
    """Raises ApiError where a moderator's decision stands against it."""
    if active := restrictions.active_for(user=user, conversation_id=talk_id, persona_id=model_id):
        raise errors.restricted(active[0].statement)


def _job(
    key: ApiKey,
    body: ChatCompletionRequest | CompletionRequest,
    model: Persona | BaseModel,
    said: list[Said],
    *,
    form: PromptForm,
    choice: int,
) -> Job:
    sampling = body.sampling()
    if "seed" in sampling:
        sampling["seed"] = (sampling["seed"] + choice) % 2**63  # choices of one seed differ, and come again the same
    return Job(
        user_id=key.user_id,
        key_id=key.pk,
        talk_id=monitoring.talk_id(key.user, model.id, said),
        model=str(model.pk) if isinstance(model, Persona) else model.name,
        persona_id=model.pk if isinstance(model, Persona) else None,
        form=form,
        said=said,
        at=timezone.now(),
        sampling=sampling,
        alternatives=body.alternatives,
    )


def _check_length(said: Sequence[Said], param: str) -> None:
    """The newest words may be as long as a message of the site, and so may all instructions together."""
    instructions = sum(len(each.text) for each in said if each.role == "system")
    longest = max(len(said[-1].text), instructions)
    if longest > settings.MESSAGE_CHARACTERS:
        raise errors.bad(
            param,
            f"This text has {longest:,} characters; the limit is {settings.MESSAGE_CHARACTERS:,}. Send it in parts.",
            code="string_above_max_length",
        )
    if not said[-1].text.strip():
        raise errors.bad(param, "There is nothing to answer: the last text is empty.")


def _check_quotas(key: ApiKey, count: int) -> None:
    try:
        quotas.check(user=key.user, kind="messages", amount=count)
        keys.check(key, messages=count, tokens=1)
    except quotas.QuotaExceeded as error:
        raise errors.over_quota(error) from None


@transaction.atomic
def _spend(key: ApiKey, count: int) -> None:
    try:
        quotas.spend(user=key.user, kind="messages", amount=count)
        keys.spend(key, messages=count)
    except quotas.QuotaExceeded as error:
        raise errors.over_quota(error) from None


def _judge(user: User, said: Sequence[Said], model: Persona | BaseModel, param: str) -> Verdict:
    """The verdict on the newest words; on the instructions, where those are what must not pass."""
    before = "\n".join(each.text for each in said[-3:-1])
    try:
        verdict = assessment.assess(said[-1].text, direction=Direction.USER, before=before)
        if messages.is_answered(verdict):
            for each in said:
                if each.role == "system":
                    instruction = assessment.assess(each.text, direction=Direction.USER)
                    verdict = verdict if messages.is_answered(instruction) else instruction
    except ClassifierUnavailable:
        verdict = assessment.by_patterns(said[-1].text)
        if messages.is_answered(verdict):
            text = errors.in_crisis(messages.help_for(user, language=model.language, level=verdict.level))
            message = f"The safety check is not running, so nothing can be answered. {text}"
            raise errors.unavailable(message, code="moderation_unavailable") from None
    return verdict


def _record(job: Job, verdict: Verdict) -> None:
    position = len(job.said) - 1
    assessment.record(
        verdict,
        user=User(pk=job.user_id),
        conversation_id=job.talk_id,
        message_id=monitoring.message_id(job.talk_id, position, job.said[position].text),
    )


def _withheld(user: User, model: Persona | BaseModel, verdict: Verdict, param: str) -> errors.ApiError:
    if ladder.is_at_least(verdict.level, "active"):
        help = messages.help_for(user, language=model.language, level=verdict.level)
        return errors.filtered(errors.in_crisis(help), param)
    return errors.filtered(messages.blocked_text(model.name, verdict), param)


def _notice(user: User, model: Persona | BaseModel, level: str) -> dict[str, Any]:
    help = messages.help_for(user, language=model.language, level=level)
    return {"kind": "crisis", "text": help.text, "resources": help.resources}
