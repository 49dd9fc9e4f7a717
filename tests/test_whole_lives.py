"""Everything about a person is in their archive, and nothing is left after the erasure (compliance GD4, GD5, M2)."""

import json
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from accounts.contacts import emergency_contact
from accounts.models import User
from accounts.personal_data import my_data
from api import keys
from chat.models import Author, NoticeKind, Reply
from moderation.desk import refusal_reviews
from persona_site.redis import connection as redis_connection
from personas.finetuning import files
from personas.memory.models import Memory
from personas.models import Draft, DraftFile, FineTune, Passage, Source
from tests import factories
from tests.moderation.desk.material import make_case

pytestmark = pytest.mark.django_db(transaction=True)


def marked(count: int) -> list[str]:
    return [f"mark{number}x{uuid4().hex}" for number in range(count)]


def seed(alice: User) -> list[str]:
    """A marked string in every place where the site keeps words of a person. Returns the marks."""
    marks = marked(20)
    name, saying, utterance, passage, title, message, reply_text, notice, memory, draft, tried = marks[:11]
    contact, own_name, evidence, refusal, key, source, curve, correction, scenario = marks[11:]
    persona = factories.make_persona(owner=alice, name=name, sayings=[saying], scenario=scenario)
    upload = Source.objects.create(persona=persona, name=source, format="plain-text", bytes=1, status="ready")
    upload.utterances.create(position=0, is_persona=True, text=utterance, source_ref="line 1")
    Passage.objects.create(persona=persona, source=upload, text=passage, digest="0" * 64, source_ref="line 1")
    persona.statements.create(section="words", key="0" * 64, text="“lamp” 4 times.", correction=correction)
    conversation = factories.make_conversation(owner=alice, persona=persona, title=title)
    question = conversation.messages.create(author=Author.USER, text=message)
    answer = conversation.messages.create(author=Author.PERSONA, parent=question, text=reply_text)
    now = timezone.now()
    Reply.objects.create(message=answer, status="completed", offset="0-0", queued_at=now, finished_at=now)
    conversation.notices.create(kind=NoticeKind.BREAK, rule="r", version="1", text=notice)
    Memory.objects.create(
        persona=persona, owner=alice, conversation_id=conversation.id, message_id=question.id, position=0,
        text=memory, said_at=now,
    )  # fmt: skip
    kept = Draft.objects.create(owner=alice, fields={"name": draft})
    kept.tried_lines.create(text=tried)
    upload_file = DraftFile(draft=kept, name="letters.txt", bytes=1)
    upload_file.file.save("letters.txt", ContentFile(draft.encode()))
    fine_tune = FineTune.objects.create(
        persona=persona, status="ready", model="m", weights="w", words=1, estimate=timedelta(), bytes=1,
        messages=[curve],
    )  # fmt: skip
    folder = files.folder(fine_tune.pk) / "adapter"
    folder.mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_text(curve)
    emergency_contact.appoint(user=alice, name=contact, email="bea@example.test", own_name=own_name)
    case = make_case(alice)
    case.evidence = [{**case.evidence[0], "text": evidence}]
    case.save()
    refusal_reviews.file(user=alice, kind="limit", text=refusal)
    keys.create(user=alice, label=key, scopes=["chat"])
    return marks


def rows_with(words: list[str]) -> list[str]:
    """Every row of every table that holds one of the words."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = []
        for table in tables:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            found += [f"{table}: {word}" for (row,) in cursor.fetchall() for word in words if word in row]
    return found


def files_with(words: list[str]) -> list[str]:
    kept = [path for path in Path(default_storage.location).rglob("*") if path.is_file()]
    return [str(path) for path in kept if any(word.encode() in path.read_bytes() for word in words)]


def keys_with(words: list[str]) -> list[str]:
    redis_ = redis_connection()
    return [key for key in redis_.scan_iter() if any(word.encode() in (redis_.dump(key) or b"") for word in words)]


def test_gd4_the_archive_holds_every_marked_word(alice: User) -> None:
    marks = seed(alice)
    with zipfile.ZipFile(BytesIO(my_data.export(alice))) as archive:
        text = "\n".join(archive.read(name).decode() for name in archive.namelist())
        assert all(json.loads(archive.read(name)) is not None for name in archive.namelist())
    assert [mark for mark in marks if mark not in text] == []


def test_gd5_m2_after_the_erasure_no_store_holds_a_marked_word(alice: User) -> None:
    marks = seed(alice)
    assert len({row.split()[-1] for row in rows_with(marks)}) == len(marks)  # so the search can find them
    assert files_with(marks)
    my_data.erase(alice)
    assert rows_with(marks) == []
    assert files_with(marks) == []
    assert keys_with(marks) == []
