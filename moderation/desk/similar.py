"""Decided cases whose marked turns mean something similar: how others decided is a help, and never binds."""

from dataclasses import dataclass

from django.db.models import Prefetch
from pgvector.django import MaxInnerProduct

from accounts.models import User
from moderation.desk import quality, queries, sight
from moderation.filter.encoder import minilm
from moderation.models import Case, CaseStatus, CaseVector

MOST = 3
LEAST_SIMILARITY = 0.5  # cosine
_AT_ONCE = 64
_CHARACTERS = 2000


@dataclass(frozen=True)
class SimilarCase:
    case: Case
    similarity: float


def embed_missing() -> int:
    """Writes the vectors of up to 64 cases that have none, newest first. Returns how many. Raises EncoderMissing."""
    cases = list(Case.objects.filter(vector__isnull=True).order_by("-opened_at")[:_AT_ONCE])
    if not cases:
        return 0
    vectors = minilm().encode([_marked_words(case) for case in cases])
    rows = [CaseVector(case=case, embedding=vector) for case, vector in zip(cases, vectors, strict=True)]
    # Another worker may have written some of them.
    CaseVector.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def to(case: Case, moderator: User) -> list[SimilarCase]:
    """The most similar decided cases that this moderator may see; none while the case has no vector."""
    vector = CaseVector.objects.filter(case=case).first()
    if vector is None:
        return []
    decided = sight.visible_to(moderator).filter(status=CaseStatus.DECIDED, vector__isnull=False).exclude(pk=case.pk)
    nearest = decided.annotate(distance=MaxInnerProduct("vector__embedding", vector.embedding)).order_by("distance")
    actions = Prefetch("actions", queries.standing().exclude(pk__in=quality.hidden_from(moderator)))
    rows = nearest.defer("evidence").prefetch_related(actions)[:MOST]
    similar = [SimilarCase(row, -row.distance) for row in rows]
    return [each for each in similar if each.similarity >= LEAST_SIMILARITY]


def _marked_words(case: Case) -> str:
    marked = {finding["message_id"] for finding in case.findings}
    words = [turn["text"] for turn in case.evidence if turn["message_id"] in marked]
    return "\n".join(words)[:_CHARACTERS] or " ".join(case.categories)
