"""Computes the portrait of a persona from its lines: `compute`. The imports queue does it after the passages.

Every reader sees each line once. Of a corpus with more than MOST_LINES lines, every second, third … line is read.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from accounts.interface import languages
from personas.models import Persona, Source, SourceStatus, Utterance
from personas.portrait.findings import Finding, Line, Reader, Series
from personas.portrait.manner import Emoji, Languages, Length, Marks, Phrases
from personas.portrait.models import Portrait, Statement
from personas.portrait.names import Names
from personas.portrait.times import Times
from personas.portrait.vocabulary import Vocabulary
from personas.reading.importing import WITHOUT_PASSAGES

logger = logging.getLogger(__name__)

MOST_LINES = 60_000  # 20 s of work for short messages
_ROWS = 2_000


def owed() -> list[UUID]:
    """Ids of personas whose sources have changed since their portrait was computed."""
    is_ready = Q(sources__status=SourceStatus.READY) & ~Q(sources__format__in=WITHOUT_PASSAGES)
    ready = Count("sources", filter=is_ready)
    personas = Persona.objects.annotate(ready=ready).filter(ready__gt=0)
    return list(personas.exclude(portrait__sources=F("ready")).values_list("pk", flat=True)[:20])


def is_owed(persona_id: UUID) -> bool:
    ready = _sources(persona_id).count()
    return ready > 0 and not Portrait.objects.filter(persona=persona_id, sources=ready).exists()


def _sources(persona_id: UUID) -> QuerySet[Source]:
    """The sources that it is computed from. The lines of a card are in the form, where their owner edits them."""
    ready = Source.objects.filter(persona=persona_id, status=SourceStatus.READY)
    return ready.exclude(format__in=WITHOUT_PASSAGES)


def forget(persona: Persona) -> None:
    """Deletes what was computed, when words are removed. What the owner corrected or hid stays, without those words."""
    Portrait.objects.filter(persona=persona).delete()
    statements = Statement.objects.filter(persona=persona)
    statements.filter(correction="", is_hidden=False).delete()
    statements.update(text="", label="", lines=[], count=0)


def compute(persona_id: UUID) -> None:
    """Computes the portrait anew, in its owner's language. Corrections stay, and hidden statements stay hidden."""
    persona = Persona.objects.select_related("owner").filter(pk=persona_id).first()
    if persona is None:
        return
    sources = _sources(persona_id).count()
    total = _utterances(persona).count()
    step = -(-total // MOST_LINES) or 1
    all_readers = readers(persona.language)
    lines = 0
    for line in _lines(persona, step):
        lines += 1
        for reader in all_readers:
            reader.read(line)
    with languages.speaking_to(persona.owner) if persona.owner else nullcontext():
        findings = [finding for reader in all_readers for finding in reader.findings()]
        figures: dict[str, Series] = {name: rows for reader in all_readers for name, rows in reader.figures().items()}
    with transaction.atomic():
        if not Persona.objects.select_for_update().filter(pk=persona_id).exists():
            return
        Portrait.objects.update_or_create(
            persona=persona, defaults={"sources": sources, "lines": lines, "all_lines": total, "figures": figures}
        )
        _keep(persona, findings)
    logger.info("portrait.computed", extra={"persona": str(persona_id), "lines": lines, "statements": len(findings)})


def readers(language: str) -> list[Reader]:
    return [
        Phrases(language), Length(), Marks(), Emoji(), Languages(), Times(), Vocabulary(language), Names(language),
    ]  # fmt: skip


def _utterances(persona: Persona) -> QuerySet[Utterance]:
    return Utterance.objects.filter(source__in=_sources(persona.pk), is_persona=True)


def _lines(persona: Persona, step: int) -> Iterator[Line]:
    rows = _utterances(persona).order_by("source__created_at", "source_id", "position")
    values = rows.values_list("pk", "text", "sent_at", "speaker").iterator(_ROWS)
    for number, (pk, text, sent_at, speaker) in enumerate(values):
        if number % step == 0:
            yield Line.of(pk, text, sent_at, is_paragraph=not speaker)


def _keep(persona: Persona, findings: Iterable[Finding]) -> None:
    """Writes the findings as statements. One that was not found again is deleted, unless its owner changed it.

    A file that is read later may bring it back.
    """
    by_key = {key_of(finding.section, finding.label): finding for finding in findings}
    stored = {statement.key: statement for statement in Statement.objects.filter(persona=persona)}
    gone = [row.pk for key, row in stored.items() if key not in by_key and not (row.correction or row.is_hidden)]
    Statement.objects.filter(pk__in=gone).delete()
    rows = []
    for position, (key, finding) in enumerate(by_key.items()):
        row = stored.get(key) or Statement(persona=persona, section=finding.section, key=key)
        row.position, row.label, row.text = position, finding.label[:120], finding.text
        row.count, row.lines = finding.count, list(finding.lines)
        rows.append(row)
    Statement.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["position", "label", "text", "count", "lines"],
    )


def key_of(section: str, label: str) -> str:
    return hashlib.sha256(f"{section}\n{label}".encode()).hexdigest()
