"""A person's stories, for their export and their erasure."""

from typing import Any

from accounts.models import User
from stories import writing
from stories.models import Author, Passage, Story


def export(user: User) -> list[dict[str, Any]]:
    """Every story with its passages and what is offered. Text that an AI wrote is marked as such (compliance M4)."""
    return [_story(story) for story in writing.owned_by(user).order_by("created_at")]


def erase(user: User) -> None:
    for story in writing.owned_by(user):
        writing.remove(story)


def _story(story: Story) -> dict[str, Any]:
    return {
        "id": story.id,
        "title": story.title,
        "premise": story.premise,
        "narrator": story.persona.name,
        "created_at": story.created_at,
        "scenes": list(story.scenes.order_by("id").values("id", "begins_chapter", "title", "summary")),
        "passages": [_passage(passage) for passage in story.passages],
        "continuations": list(story.continuations.values("number", "status", "text", "created_at")),
        "notices": list(story.notices.values("kind", "rule", "version", "text", "shown_at")),
    }


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "id": passage.id,
        "scene": passage.scene_id,
        "author": passage.author,
        "ai_generated": passage.author != Author.USER,
        "text": passage.text,
        "withheld": passage.is_withheld,
        "created_at": passage.created_at,
    }
