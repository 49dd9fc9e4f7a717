"""Fine-tunes the comparison of candidates by meaning, on the written dialogues (docs/quality.md).

After each epoch the state is kept under the state folder, and a run that was ended goes on from there.
"""

from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from django.core.management.base import BaseCommand

from chat.evaluation import relevance_training
from chat.reply import relevance
from personas.prompting import dialogues


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        read = [
            dialogue
            for path in dialogues.learnt_files()
            for dialogue in dialogues.read(path)
            if relevance.covers(dialogue.sheet.language)
        ]
        learnt, held_out = dialogues.split(read)
        torch.set_num_threads(1)  # sums in another order give other weights
        checkpoint = Path(settings.STATE_DIR) / "relevance-training.pt"
        comparison = relevance_training.fit(learnt, held_out, checkpoint, self.stdout.write)
        comparison.save(relevance.WEIGHTS)
        checkpoint.unlink()
        self.stdout.write(f"{relevance.WEIGHTS}: {relevance.WEIGHTS.stat().st_size:,} bytes")
