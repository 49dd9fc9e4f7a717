"""The personas' part of a person's data export and erasure: personas with every word, and drafts."""

from typing import Any

from accounts.models import User
from personas import creation, persona_fields
from personas.audit.models import Audit
from personas.forgetting import discard
from personas.memory import export as memory_export
from personas.memory.models import Memory, MemoryChoice
from personas.models import Confirmation, Draft, FineTune, Persona, Transcript
from personas.portrait.models import Portrait
from personas.way_in import speakers


def export(user: User) -> dict[str, Any]:
    """The person's own personas, what the personas remember of them, and their drafts."""
    return {
        "personas": [_persona(persona) for persona in Persona.objects.filter(owner=user).order_by("created_at")],
        "memories": memory_export.memories_of(user),
        "memory_choices": memory_export.choices_of(user),
        "drafts": [_draft(draft) for draft in Draft.objects.filter(owner=user).order_by("updated_at")],
    }


def _draft(draft: Draft) -> dict[str, Any]:
    transcripts = Transcript.objects.filter(file__draft=draft)
    return {
        "fields": draft.fields,
        "card": draft.card,
        "updated_at": draft.updated_at,
        "recognised_words": [
            {"file": transcript.file.name, "place": transcript.place, "lines": transcript.lines}
            for transcript in transcripts.select_related("file")
        ],
        "roles": [
            {"names": speaker.spellings, "role": speaker.role} for speaker in speakers.of(draft) if speaker.is_chosen
        ],
        "unmasked": draft.unmasked,
        "files": list(draft.files.values("name", "format", "bytes", "received", "report", "samples", "personal")),
        "tried_lines": list(draft.tried_lines.values("text", "status", "reply", "note", "created_at")),
    }


def _persona(persona: Persona) -> dict[str, Any]:
    return {
        "id": persona.pk,
        **persona_fields.fields_of(persona),
        "created_at": persona.created_at,
        "sources": [
            {
                "name": source.name,
                "format": source.format,
                "speaker": source.speaker,
                "aliases": source.aliases,
                "own_names": source.own_names,
                "unmasked": source.unmasked,
                "report": source.report,
                "added_at": source.created_at,
                "utterances": list(source.utterances.values("speaker", "is_persona", "text", "sent_at", "source_ref")),
            }
            for source in persona.sources.all()
        ],
        "confirmation": Confirmation.objects.filter(persona=persona)
        .values("name", "answer", "text", "text_version", "answered_at")
        .first(),
        "fine_tune": FineTune.objects.filter(persona=persona)
        .values("status", "is_used", "model", "words", "curve", "messages", "comparison", "queued_at", "finished_at")
        .first(),
        "audits": [_audit(audit) for audit in persona.audits.order_by("queued_at")],
        "portrait": Portrait.objects.filter(persona=persona)
        .values("lines", "all_lines", "figures", "computed_at")
        .first(),
        "statements": list(persona.statements.values("section", "label", "text", "correction", "is_hidden", "count")),
        "passages": list(persona.passages.order_by("id").values("text", "prompted_by", "source_ref")),
    }


def _audit(audit: Audit) -> dict[str, Any]:
    """Names no reviewer."""
    return {
        "state": audit.state,
        "is_passed": audit.is_passed,
        "fingerprint": audit.fingerprint,
        "started_at": audit.started_at,
        "ended_at": audit.ended_at,
        "decision": audit.decision,
        "reason": audit.reason,
        "decided_at": audit.decided_at,
        "answers": list(audit.answers.values("probe", "area", "prompt", "answer", "is_passed", "evidence", "model")),
    }


def erase(user: User) -> None:
    """Deletes all that `export` gives, with files and pictures, and every use of the personas."""
    Memory.objects.filter(owner=user).delete()
    MemoryChoice.objects.filter(owner=user).delete()
    for draft in Draft.objects.filter(owner=user):
        discard(draft)
    for persona in Persona.objects.filter(owner=user):
        creation.remove(persona)
