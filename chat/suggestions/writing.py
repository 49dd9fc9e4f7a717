"""Drafts a line for the person, on a worker. Nothing is shown that the person could not say here themselves."""

import logging
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.interface import languages
from accounts.sign_in import ages
from chat.conversation import admission, groups, remembering, transcripts
from chat.conversation.conversations import Refused
from chat.models import Author, Conversation
from chat.reply.rehearsals import Rehearsal
from chat.reply.reply_run import Stopped
from chat.socket.protocol import LineFailed, LineSuggested
from chat.suggestions import asking, person_script
from generation.engine import EngineError
from generation.jobs import waiting_room
from moderation import user_turns
from moderation.categories import ClassifierUnavailable
from moderation.crisis import ladder
from moderation.filter import assessment, gate
from moderation.models import Direction

logger = logging.getLogger(__name__)

_WITHHELD = _("The filter held this draft back. Another one may pass, or write your own words.")
_UNJUDGED = _("The filter cannot judge right now, so no draft is shown. Try again in a few minutes.")
_FAILED = _("The model wrote no draft. Try again in a minute.")
_BROKEN = _("This did not work because of an error on this site's side. Its operator can see why.")


def write(line_id: UUID) -> None:
    """Drafts the line, if it is still owed."""
    conversation = asking.owed(line_id)
    if conversation is not None:
        with languages.speaking_to(conversation.owner):
            asking.end(line_id, conversation, _drafted(line_id, conversation))


def _drafted(line_id: UUID, conversation: Conversation) -> LineSuggested | LineFailed:
    try:
        text = _text(line_id, conversation)
    except Refused as refused:
        return LineFailed(line_id=line_id, detail=refused.detail)
    except gate.Blocked:
        return LineFailed(line_id=line_id, detail=str(_WITHHELD))
    except ClassifierUnavailable:
        return LineFailed(line_id=line_id, detail=str(_UNJUDGED))
    except (EngineError, Stopped) as error:
        logger.warning("line.not_drafted", extra={"line": str(line_id), "error": type(error).__name__})
        return LineFailed(line_id=line_id, detail=str(_FAILED))
    except Exception as error:
        if waiting_room.is_loss(error):
            raise
        logger.exception("line.broken", extra={"line": str(line_id)})
        return LineFailed(line_id=line_id, detail=str(_BROKEN))
    return LineSuggested(line_id=line_id, text=text) if text else LineFailed(line_id=line_id, detail=str(_FAILED))


def _text(line_id: UUID, conversation: Conversation) -> str:
    """Raises Refused, gate.Blocked, ClassifierUnavailable, EngineError and Stopped."""
    admission.refuse_to_write(conversation)  # again: much may have changed since it was asked for
    persona = groups.speakers(conversation)[0]
    others = [each.name for each in conversation.personas if each != persona]
    spoken = remembering.without_forgotten(persona, transcripts.prompt_turns(conversation.head_id))
    turns = person_script.exchanged(persona, spoken)
    run = Rehearsal(is_minor=ages.is_minor(conversation.owner))
    script = person_script.script(person_script.sheet_of(persona, others), turns)
    run.write(script, account=str(conversation.owner_id), subjects=(line_id, conversation.pk))
    if run.text:
        _refuse_unsendable(run.text, conversation)
    return run.text


def _refuse_unsendable(text: str, conversation: Conversation) -> None:
    """Judges the draft as the person's own message. Raises gate.Blocked and ClassifierUnavailable."""
    newest = transcripts.newest_messages(conversation.head_id, transcripts.NEWEST)
    own = [message.text for message in newest if message.author == Author.USER]
    for persona in conversation.personas:
        verdict = assessment.assess(
            text,
            direction=Direction.USER,
            earlier=own[-user_turns.EARLIER :],
            is_minor=ages.is_minor(conversation.owner),
            persona_id=persona.pk,
        )
        if not verdict.passes or ladder.is_for_the_site(verdict.level):
            raise gate.Blocked(verdict)
