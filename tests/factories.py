"""Small makers of rows, with the least that a test must say."""

from importlib import import_module
from typing import Any

from django.apps import apps

from accounts.models import Role, User
from chat.models import Conversation
from moderation.filter import policy
from moderation.models import Policy
from personas.models import Depicts, Persona

PASSWORD = "a long enough password"


def make_user(name: str, *, role: Role = Role.USER) -> User:
    user = User.objects.create_user(username=name, email=f"{name}@example.test", password=PASSWORD)
    user.role = role
    user.is_staff = role in {Role.MODERATOR, Role.OWNER}
    user.is_superuser = role == Role.OWNER
    user.save()
    return user


def make_persona(*, owner: User | None, **fields: Any) -> Persona:
    values = {
        "name": "Ada",
        "depicts": Depicts.FICTIONAL,
        "description": "Ada keeps a lighthouse.",
        "is_shared": owner is None,
    }
    return Persona.objects.create(owner=owner, **(values | fields))


def make_conversation(*, owner: User, persona: Persona | None = None, **fields: Any) -> Conversation:
    return Conversation.objects.create(owner=owner, persona=persona or make_persona(owner=owner), **fields)


def make_policy() -> None:
    """The default policy, where an earlier transactional test has emptied its table."""
    if not Policy.objects.filter(is_active=True).exists():
        import_module("moderation.migrations.0004_default_policy").make_default(apps, None)
    policy.forget()
