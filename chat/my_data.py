"""A person's conversations, for their export and their erasure."""

from typing import Any

from django.forms.models import model_to_dict

from accounts.models import User
from chat.conversation import conversations, transcripts
from chat.models import Author, Conversation, Message


def export(user: User) -> list[dict[str, Any]]:
    """Every conversation with every message of its tree. Text that an AI wrote is marked as such (compliance M4)."""
    return [_conversation(conversation) for conversation in conversations.owned_by(user).order_by("created_at")]


def erase(user: User) -> None:
    for conversation in conversations.owned_by(user):
        conversations.remove(conversation)


def _conversation(conversation: Conversation) -> dict[str, Any]:
    messages = conversation.messages.select_related("reply__origin", "speaker").order_by("created_at")
    return {
        "id": conversation.id,
        "title": conversation.title,
        "persona": conversation.persona.name,
        "personas": [persona.name for persona in conversation.personas],
        "folder": conversation.folder,
        "state": conversation.state,
        "farewell_at": conversation.farewell_at,
        "created_at": conversation.created_at,
        "read_branch": [turn.message_id for turn in transcripts.turns(conversation, conversation.head_id)],
        "messages": [_message(message) for message in messages],
        "notices": list(conversation.notices.values("kind", "rule", "version", "text", "shown_at")),
    }


def _message(message: Message) -> dict[str, Any]:
    reply = getattr(message, "reply", None)
    origin = getattr(reply, "origin", None)
    return {
        "id": message.id,
        "parent": message.parent_id,
        "author": message.author,
        "ai_generated": message.author == Author.PERSONA,
        "speaker": message.persona.name if message.author == Author.PERSONA else None,
        "model": reply.model if reply else None,
        "text": message.text,
        "origin": model_to_dict(origin, exclude=["reply"]) if origin else None,
        "withheld": message.is_withheld,
        "pinned": message.is_pinned,
        "branch_name": message.branch_name,
        "created_at": message.created_at,
    }
