"""Small makers of rows, with the least that a test must say."""

from datetime import date
from typing import Any

from django.utils import timezone

from accounts.models import Role, User
from api import keys
from chat.models import Author, Conversation, Reply
from generation.models import ModelTrial
from moderation.models import Action, Case, PersonaRule, Policy, QualityReview, RefusalReview, Restriction
from personas.audit import fingerprint
from personas.audit.models import Audit
from personas.memory.models import Memory
from personas.models import Depicts, Draft, DraftFile, Persona, Transcript
from personas.rights import import_consent
from stories.models import Story

PASSWORD = "a long enough password"
BORN = date(1970, 5, 17)


def make_user(name: str, *, role: Role = Role.USER, born: date = BORN) -> User:
    user = User.objects.create_user(username=name, email=f"{name}@example.test", password=PASSWORD)
    user.role = role
    user.is_staff = role in {Role.MODERATOR, Role.OWNER}
    user.is_superuser = role == Role.OWNER
    user.birth_date = born
    user.language = "en"
    user.save()
    return user


def make_persona(*, owner: User | None, **fields: Any) -> Persona:
    values = {
        "name": "Ada",
        "depicts": Depicts.FICTIONAL,
        "description": "Ada keeps a lighthouse.",
        "is_shared": owner is None,
    }
    persona = Persona.objects.create(owner=owner, **(values | fields))
    if owner:
        import_consent.record(owner, persona)
    return persona


def make_conversation(*, owner: User, persona: Persona | None = None, **fields: Any) -> Conversation:
    return Conversation.objects.create(owner=owner, persona=persona or make_persona(owner=owner), **fields)


def make_story(*, owner: User, persona: Persona | None = None, **fields: Any) -> Story:
    """A story with one empty scene."""
    story = Story.objects.create(owner=owner, persona=persona or make_persona(owner=owner), **fields)
    story.scenes.create(begins_chapter=True)
    return story


def make_audit(*, persona: Persona, **fields: Any) -> Audit:
    """One that has ended and passed, of the persona as it is now."""
    now = timezone.now()
    values: dict[str, Any] = {
        "state": "ended",
        "is_passed": True,
        "probes_version": "1",
        "started_at": now,
        "ended_at": now,
    }
    values["fingerprint"] = fingerprint.of(persona)
    return Audit.objects.create(persona=persona, **(values | fields))


def make_one_of_each(*, owner: User, moderator: User) -> dict[str, Any]:
    """Ids of things that belong to the owner, by the name of the argument that addresses have for each."""
    persona = make_persona(owner=owner)
    conversation = make_conversation(owner=owner, persona=persona)
    question = conversation.messages.create(author=Author.USER, text="Hello.")
    answer = conversation.messages.create(author=Author.PERSONA, parent=question, text="Hello, dear.")
    draft = Draft.objects.create(owner=owner)
    file = DraftFile.objects.create(draft=draft, name="letters.txt", bytes=10)
    now = timezone.now()
    reply = Reply.objects.create(message=answer, status="completed", offset="0-0", queued_at=now, finished_at=now)
    case = Case.objects.create(
        user=owner, conversation_id=conversation.id, persona_id=persona.id, persona_name=persona.name, due_at=now
    )
    story = make_story(owner=owner, persona=persona)
    decision = Action.objects.create(case=case, moderator=moderator, kind="warn", reason="…", policy_version="1")
    return {
        "persona_id": persona.id,
        "number": 0,  # of an entry in its lorebook
        "conversation_id": conversation.id,
        "message_id": answer.id,
        "reply_id": reply.id,
        "story_id": story.id,
        "scene_id": story.scenes.get().pk,
        "continuation_id": story.continuations.create(number=1).pk,
        "audit_id": make_audit(persona=persona).id,
        "statement_id": persona.statements.create(section="words", key="0" * 64, text="“lamp” 4 times.").id,
        "source_id": persona.sources.create(name="letters.txt", format="plain-text", bytes=10).id,
        "case_id": case.id,
        "review_id": QualityReview.objects.create(action=decision).id,
        "memory_id": Memory.objects.create(
            persona=persona,
            owner=owner,
            conversation_id=conversation.id,
            message_id=question.id,
            position=0,
            text="I am Alice.",
            said_at=now,
        ).pk,
        "draft_id": draft.id,
        "file_id": file.pk,
        "transcript_id": Transcript.objects.create(file=file, medium="page", lines=[], bytes=10).pk,
        "refusal_id": RefusalReview.objects.create(user=owner, kind="limit", text="I wrote little.").id,
        "restriction_id": Restriction.objects.create(kind="warning", user=owner, action=decision, statement="…").id,
        "trial_id": ModelTrial.objects.create(status="failed").id,  # nobody's, and shown to owners alone
        "preset_name": "china",
        "version": Policy.objects.get(is_active=True).version,
        "rule_id": PersonaRule.objects.create(
            persona_id=persona.id, category="hate", direction="user", threshold=0.5, action="block", reason="…"
        ).pk,
        "key_id": keys.create(user=owner, label="a key", scopes=["chat"])[0].pk,
    }
