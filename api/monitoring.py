"""After each answer: the whole talk before the monitor, and its findings onto a moderator's desk.

No conversation is kept of what comes through the API, so the turns are those that the client sent, in its
words, with the answer behind them. The ids are made from them: requests that go on from the same beginning
are one talk and one case, and a turn that comes again is the same turn.
"""

from collections.abc import Sequence
from uuid import UUID

from django.utils.crypto import salted_hmac

from accounts.models import User
from api import jobs, model_list
from api.jobs import Job, Said
from moderation.desk import cases
from moderation.monitor.conversation import RECENT, assess_conversation
from moderation.talk import Turn
from text import graphemes

# So many turns at the end of a talk are what the monitor scores and a case shows.
_TURNS = RECENT


def talk_id(user: User, model_id: UUID, said: Sequence[Said]) -> UUID:
    """The same for all requests of one person to one model that begin with the same words of theirs.

    Keyed, so that nobody who sees the id can try out what the words were.
    """
    first = next((each.text for each in said if each.role == "user"), "")
    return _id("talk", str(user.pk), str(model_id), first)


def message_id(talk: UUID, position: int, text: str) -> UUID:
    return _id("message", str(talk), str(position), text)


def turns(job: Job, *, instructions: bool = True) -> list[Turn]:
    """What the model is told, and its answer; a client's instructions are the person's words."""
    return _as_turns(job, job.said, instructions=instructions)


def _as_turns(job: Job, talk: Sequence[Said], *, instructions: bool) -> list[Turn]:
    said = [*talk, *([Said(role="assistant", text=job.answer)] if job.answer else [])]
    return [
        Turn(
            speaker="persona" if each.role == "assistant" else "user",
            text=each.text,
            message_id=message_id(job.talk_id, position, each.text),
            at=job.at,
        )
        for position, each in enumerate(said)
        if instructions or each.role != "system"
    ]


def look_at(job_id: UUID) -> None:
    """Assesses the talk as the job holds it, and forgets the job."""
    job = jobs.read(job_id)
    user = User.objects.filter(pk=job.user_id).first() if job else None
    if job is None:
        return
    if user is None:
        jobs.forget(job)
        return
    spoken = _as_turns(job, job.talk or job.said, instructions=True)[-_TURNS:]
    findings = assess_conversation(spoken)
    if findings:
        model = model_list.model_of(job.persona_id, job.model)
        cases.open_case(
            user=user,
            conversation_id=job.talk_id,
            persona_id=model.id,
            persona_name=f"{graphemes.beginning(model.name, 74)} (API)",
            findings=findings,
            turns=spoken,
        )
    jobs.forget(job)


def _id(*parts: str) -> UUID:
    digest = salted_hmac("api.monitoring", "\0".join(parts), algorithm="sha256").digest()
    return UUID(bytes=digest[:16], version=5)
