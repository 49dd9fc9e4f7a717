"""After each answer, passes the whole talk to the monitor, and its findings to the moderators' desk.

Conversations through the API are not stored, so the turns are those that the client sent, followed by the answer. The
ids are made from the texts. So requests with the same beginning are one talk and one case, and a turn that is sent
again is the same turn.
"""

from collections.abc import Sequence
from uuid import UUID

from django.utils.crypto import salted_hmac

from accounts.models import User
from api import jobs, model_list
from api.jobs import Job, Said
from moderation.monitor.conversation import RECENT
from moderation.monitor.watching import Talk, look
from moderation.talk import Finding, Turn
from text import graphemes

# The number of turns at the end of a talk that the monitor scores and a case shows.
_TURNS = RECENT


def talk_id(user: User, model_id: UUID, talk: Sequence[Said]) -> UUID:
    """One id for all requests of a person to a model with the same first message of the person.

    Keyed, so that nobody can guess the text from the id by trial.
    """
    first = next((turn.text for turn in talk if turn.role == "user"), "")
    return _id("talk", str(user.pk), str(model_id), first)


def message_id(talk: UUID, position: int, text: str) -> UUID:
    return _id("message", str(talk), str(position), text)


def turns(job: Job, *, instructions: bool = True) -> list[Turn]:
    """The turns of the prompt, then the answer. A client's instructions count as the person's words."""
    return _as_turns(job, job.said, instructions=instructions)


def _as_turns(job: Job, talk: Sequence[Said], *, instructions: bool) -> list[Turn]:
    all_turns = [*talk, *([Said(role="assistant", text=job.answer)] if job.answer else [])]
    return [
        Turn(
            speaker="persona" if turn.role == "assistant" else "user",
            text=turn.text,
            message_id=message_id(job.talk_id, position, turn.text),
            at=job.at,
        )
        for position, turn in enumerate(all_turns)
        if instructions or turn.role != "system"
    ]


def look_at(job_id: UUID, *, crisis: Sequence[Finding] = ()) -> None:
    """Assesses the talk of the job, and deletes the job. `crisis`: as in `watching.look`."""
    job = jobs.read(job_id)
    user = User.objects.filter(pk=job.user_id).first() if job else None
    if job is None:
        return
    if user is None:
        jobs.forget(job)
        return
    recent_turns = _as_turns(job, job.talk or job.said, instructions=True)[-_TURNS:]
    model = model_list.model_of(job.persona_id, job.model)
    name = f"{graphemes.beginning(model.name, 74)} (API)"
    talk = Talk(user=user, conversation_id=job.talk_id, persona_id=model.id, persona_name=name)
    look(talk, recent_turns, crisis=crisis)
    jobs.forget(job)


def _id(*parts: str) -> UUID:
    digest = salted_hmac("api.monitoring", "\0".join(parts), algorithm="sha256").digest()
    return UUID(bytes=digest[:16], version=5)
