"""Every check that may refuse a request before it reaches an engine, the cheapest first; then the hand-over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.contacts import guardian_limits, guardians
from accounts.models import User
from accounts.usage import quotas
from api import errors, history, jobs, keys, model_list, monitoring, queueing
from api.history import Turn
from api.jobs import Job, Said
from api.model_list import BaseModel
from api.models import ApiKey
from api.schemas import ChatCompletionRequest, CompletionRequest
from chat.conversation import conversations
from generation.engine import PromptForm
from generation.jobs import turned_away, waiting_room
from moderation import user_turns
from moderation.crisis import ladder
from moderation.desk import restrictions
from moderation.filter import assessment
from moderation.talk import Finding
from moderation.user_turns import Ruling
from personas import access
from personas.models import Persona


@dataclass(frozen=True)
class Admitted:
    """The jobs that the client waits for, and the notice that goes with their answers."""

    jobs: list[Job]
    notice: dict[str, Any] | None = None  # help lines, if the message sounds low


def chat(key: ApiKey, body: ChatCompletionRequest) -> Admitted:
    """Hands `n` jobs to the workers, in which the model writes the next turn. Raises ApiError."""
    talk = [
        Said(role=_ROLES[message.role], text=message.text)
        for message in body.messages
        if message.role != "assistant" or message.text.strip()  # an empty answer is no turn
    ]
    return _admit(key, body, [talk], param="messages", form="chat")


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
    """Clients send a request again by themselves while the site is busy. It counts once."""
    try:
        with turned_away.counted_once(key.pk, body.model_dump_json(), full=waiting_room.Full) as is_counted:
            if is_counted:  # nothing is judged again before there is a place
                waiting_room.admit(account=str(key.user_id), klass="interactive")
            return _admit_counted(key, body, talks, param=param, form=form, is_counted=is_counted)
    except waiting_room.Full as full:
        raise errors.busy(full) from None


def _admit_counted(
    key: ApiKey,
    body: ChatCompletionRequest | CompletionRequest,
    talks: Sequence[list[Said]],
    *,
    param: str,
    form: PromptForm,
    is_counted: bool,
) -> Admitted:
    """Raises ApiError, and waiting_room.Full if only a place is missing."""
    model = model_list.find(key, body.model)
    _refuse_unadmitted(key.user, model)
    choices = body.n or 1
    count = len(talks) * choices
    if count > settings.WAITING_PER_ACCOUNT:
        raise errors.too_many_answers(param, count)
    # 1. Rights and quotas.
    for talk in talks:
        _check_length(talk, param)
        refuse_restricted(key.user, talk_id=monitoring.talk_id(key.user, model.id, talk), model_id=model.id)
    if not is_counted:
        _check_quotas(key, count)
    # 2. The filter judges every new turn. A judged prompt counts as a message, even if it is refused.
    histories = [history.read(key.user, model.id, talk) for talk in talks]
    new_jobs = [
        _job(key, body, model, talk, turns, form=form, choice=choice)
        for talk, turns in zip(talks, histories, strict=True)
        for choice in range(choices)
    ]
    rulings = _judge(key.user, model, histories)
    if not is_counted:
        _spend(key, count)
    for job, judged in zip(new_jobs[::choices], rulings, strict=True):
        _keep(key.user, model, job, judged)
    _refuse_withheld(rulings, param)
    if not is_counted:
        _spend_of_guardian(key.user, count)
    # 3. Hand-over to the workers, if the waiting room has places.
    jobs.hand_over(new_jobs)
    return Admitted(new_jobs, _notice(rulings))


def refuse_restricted(user: User, *, talk_id: UUID | None = None, model_id: UUID | None = None) -> None:
    """Raises ApiError if a moderator's decision forbids the request."""
    if active := restrictions.active_for(user=user, conversation_id=talk_id, persona_id=model_id):
        raise errors.restricted(active[0].statement)


def _refuse_unadmitted(user: User, model: Persona | BaseModel) -> None:
    """Raises ApiError if the person may not talk with this persona."""
    if not isinstance(model, Persona):
        return
    if refusal := access.refusal(user, model):
        raise errors.not_admitted(refusal)
    if farewell := conversations.farewell_to(user, model):
        raise errors.not_admitted(access.Refusal("persona_rests", conversations.AtRest(farewell).detail))


def _job(
    key: ApiKey,
    body: ChatCompletionRequest | CompletionRequest,
    model: Persona | BaseModel,
    talk: list[Said],
    turns: Sequence[Turn],
    *,
    form: PromptForm,
    choice: int,
) -> Job:
    prompt_turns = [turn.said for turn in turns if not turn.is_withheld]
    sampling = body.sampling()
    if "seed" in sampling:
        sampling["seed"] = (
            sampling["seed"] + choice
        ) % 2**63  # the choices of one request differ, and a repeated request gives the same ones
    return Job(
        user_id=key.user_id,
        key_id=key.pk,
        talk_id=monitoring.talk_id(key.user, model.id, talk),
        model=str(model.pk) if isinstance(model, Persona) else model.name,
        persona_id=model.pk if isinstance(model, Persona) else None,
        form=form,
        said=prompt_turns,
        talk=talk if len(prompt_turns) < len(talk) else [],
        at=timezone.now(),
        sampling=sampling,
        alternatives=body.alternatives,
    )


def _check_length(talk: Sequence[Said], param: str) -> None:
    """Raises ApiError if the newest text or all instructions together are longer than a message of the site."""
    instructions = sum(len(turn.text) for turn in talk if turn.role == "system")
    newest = next((turn.text for turn in reversed(talk) if turn.role == "user"), "")
    longest = max(len(newest), *(len(turn.text) for turn in talk[-1:]), instructions)
    if longest > settings.MESSAGE_CHARACTERS:
        raise errors.bad(
            param,
            f"This text has {longest:,} characters; the limit is {settings.MESSAGE_CHARACTERS:,}. Send it in parts.",
            code="string_above_max_length",
        )
    if not talk or not talk[-1].text.strip():
        raise errors.bad(param, "There is nothing to answer: the last text is empty.")


def _check_quotas(key: ApiKey, count: int) -> None:
    try:
        keys.check(key, messages=count, tokens=1)
    except quotas.QuotaExceeded as error:
        raise errors.over_quota(error) from None


@transaction.atomic
def _spend(key: ApiKey, count: int) -> None:
    try:
        keys.spend(key, messages=count)
    except quotas.QuotaExceeded as error:
        raise errors.over_quota(error) from None


@transaction.atomic
def _spend_of_guardian(user: User, count: int) -> None:
    """After the filter, because a person in a crisis is answered by the site whatever their guardian has set."""
    try:
        guardian_limits.spend(user, count)
    except quotas.QuotaExceeded as error:
        raise errors.over_quota(error) from None


def _judge(
    user: User, model: Persona | BaseModel, histories: Sequence[Sequence[Turn]]
) -> list[list[tuple[Turn, Ruling]]]:
    """A ruling on each new turn of each talk. Raises ApiError while the filter does not run.

    All are judged at once, so that a crisis in one of them is answered also while the filter is down.
    """
    new = [[turn for turn in turns if turn.is_new] for turns in histories]
    try:
        judged = user_turns.judge([turn.to_judge for turns in new for turn in turns], user=user, addressee=model)
    except user_turns.FilterDown as down:
        message = f"The safety check is not running, so nothing can be answered. {errors.in_crisis(down.help)}"
        raise errors.unavailable(message, code="moderation_unavailable") from None
    rulings = iter(judged)
    return [[(turn, next(rulings)) for turn in turns] for turns in new]


def _keep(user: User, model: Persona | BaseModel, job: Job, judged: Sequence[tuple[Turn, Ruling]]) -> None:
    """Stores the verdicts and the marks. Requests monitoring of a talk that is not answered.

    A turn that nothing could judge gets no mark, so it is new again in the next request.
    """
    withheld = [turn for turn, ruling in judged if not ruling.is_answered and ruling.is_judged]
    findings: list[Finding] = []
    for turn, ruling in judged:
        message_id = monitoring.message_id(job.talk_id, turn.position, turn.said.text)
        assessment.record(ruling.verdict, user=user, conversation_id=job.talk_id, message_id=message_id)
        findings += ruling.verdict.findings_about(message_id) if not ruling.is_answered else []
    history.mark(user, model.id, withheld, is_withheld=True)
    if any(ruling.is_crisis for _, ruling in judged):
        guardians.note_crisis(user)
    if withheld:
        jobs.keep(job)
        queueing.have_monitored(job.id)
        if ladder.is_for_the_site(ladder.highest(ruling.verdict.level for _, ruling in judged)):
            # A person in danger waits behind nobody's tasks. If this look is lost, a worker's finds the same.
            monitoring.look_at(job.id, crisis=findings)
    else:
        history.mark(user, model.id, [turn for turn, ruling in judged if ruling.is_answered], is_withheld=False)


def _refuse_withheld(rulings: Sequence[Sequence[tuple[Turn, Ruling]]], param: str) -> None:
    """Raises ApiError with the site's text instead of an answer, for the gravest step of a crisis first."""
    withheld = [ruling for judged in rulings for _, ruling in judged if not ruling.is_answered]
    if not withheld:
        return
    gravest = max(withheld, key=lambda ruling: ladder.LEVELS.index(ruling.verdict.level) if ruling.help else -1)
    if gravest.help and ladder.is_for_the_site(gravest.verdict.level):
        raise errors.filtered(errors.in_crisis(gravest.help), param)
    raise errors.filtered(gravest.refusal, param)


def _notice(rulings: Sequence[Sequence[tuple[Turn, Ruling]]]) -> dict[str, Any] | None:
    """Help lines beside an answer, if a new turn sounds low."""
    help = next((ruling.help for judged in rulings for _, ruling in reversed(judged) if ruling.help), None)
    return {"kind": "crisis", "text": help.text, "resources": help.resources} if help else None
