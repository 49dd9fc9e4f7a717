"""Fits the comparison of candidates by meaning, on the written dialogues (docs/quality.md)."""

from typing import Any

from django.core.management.base import BaseCommand

from chat import relevance, relevance_training
from personas import dialogues


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        read = [
            dialogue
            for path in dialogues.learnt_files()
            for dialogue in dialogues.read(path)
            if dialogue.sheet.language in relevance.LANGUAGES
        ]
        learnt, held_out = dialogues.split(read)
        comparison = relevance_training.fit(learnt, held_out, self.stdout.write)
        relevance.WEIGHTS.parent.mkdir(exist_ok=True)
        comparison.save(relevance.WEIGHTS)
        self.stdout.write(f"{relevance.WEIGHTS}: {relevance.WEIGHTS.stat().st_size:,} bytes")
