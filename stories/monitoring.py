"""Passes stories to the monitor, as conversations are: a case shows the passages around a finding."""

from collections.abc import Sequence
from uuid import UUID

from moderation.desk.evidence import TURNS_EACH_SIDE
from moderation.monitor.conversation import RECENT
from moderation.monitor.watching import Talk, look
from moderation.talk import Finding, Turn
from personas.models import Persona
from stories.models import Author, ContinuationStatus, Story
from text import graphemes

_REPORTABLE = 20  # newest passages of the narrator that a report can name


def turns(story: Story, most: int = RECENT + TURNS_EACH_SIDE) -> list[Turn]:
    """The newest passages, withheld ones included. Words that the person wrote or changed are the person's."""
    newest = story.passages.reverse()[:most]
    return [
        Turn("persona" if each.author == Author.PERSONA else "user", each.text, each.pk, each.created_at)
        for each in reversed(newest)
    ]


def reportable(story: Story) -> dict[UUID, Turn]:
    """By its id, what the narrator offers now, and its newest passages."""
    offers = story.continuations.filter(status=ContinuationStatus.WRITTEN)
    offered = [Turn("persona", each.text, each.pk, each.created_at) for each in offers]
    told = [turn for turn in reversed(turns(story, _REPORTABLE)) if turn.speaker == "persona"]
    return {turn.message_id: turn for turn in [*offered, *told]}


def turns_around(story: Story, reported: Turn) -> list[Turn]:
    """The newest passages, with the words that are reported where the story has not taken them."""
    told = turns(story)
    return told if any(turn.message_id == reported.message_id for turn in told) else [*told, reported]


def look_at(story_id: UUID, *, crisis: Sequence[Finding] = ()) -> None:
    """Assesses the newest passages. Does nothing if the story was deleted meanwhile.

    `crisis`: as in `watching.look`.
    """
    story = Story.objects.select_related("owner", "persona").filter(pk=story_id).first()
    if story is not None:
        look(talk(story), turns(story), crisis=crisis)


def talk(story: Story) -> Talk:
    """The story as the monitor and the desk know it."""
    return Talk(
        user=story.owner,
        conversation_id=story.id,
        persona_id=story.persona_id,
        persona_name=name_of(story.persona),
        began_at=story.created_at,
    )


def name_of(narrator: Persona) -> str:
    """The narrator's name for the desk, which says that this is a story."""
    return f"{graphemes.beginning(narrator.name, 70)} (story)"
