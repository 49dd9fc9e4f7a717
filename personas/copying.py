"""Copies a source and its words to another persona."""

from collections import Counter

from moderation.filter import policy
from personas import judging
from personas.models import Passage, Persona, Source, Utterance
from personas.reading.corpus import Piece


def copy_source(source: Source, persona: Persona) -> None:
    """Copies a source with its words. Call it within a transaction. Raises ClassifierUnavailable."""
    utterances, passages = list(source.utterances.all()), _fit_passages(source)
    source.pk, source.persona, source._state.adding = Source._meta.pk.get_default(), persona, True
    source.train_consent = False
    source.save()
    for row in utterances:
        row.pk, row.source = None, source
    for passage in passages:
        passage.pk, passage.source, passage.persona = None, source, persona
    Utterance.objects.bulk_create(utterances, batch_size=1000)
    Passage.objects.bulk_create(passages, batch_size=1000)


def _fit_passages(source: Source) -> list[Passage]:
    """The passages that may be copied. They are judged again if the filter's rules have changed since the import."""
    passages = list(source.passages.all())
    if source.report.get("policy") == policy.active().version:
        return passages
    pieces = [Piece(passage.text, passage.prompted_by, passage.source_ref) for passage in passages]
    beside_child = judging.is_beside_child(source.persona)
    fitting = set(judging.fit(pieces, beside_child=beside_child, left_out=Counter()))
    return [passage for passage, piece in zip(passages, pieces, strict=True) if piece in fitting]
