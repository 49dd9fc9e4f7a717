"""Fine-tunes the model on a persona's own words, as its page does (docs/decisions/0015)."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts.management import terminal
from accounts.usage.quotas import QuotaExceeded
from personas.finetuning import doors, holding
from personas.importers.base import ImportFailed
from personas.management import owed_work
from personas.models import FineTune, FineTuneStatus
from personas.refusals import CreationRefused

_HELD = (
    "The training waits: its owner may not use this persona now. Their account is closed or suspended, or a decision, "
    "an objection or a missing approval stands against the persona. It begins by itself when that ends. This command "
    "no longer waits."
)


class Command(BaseCommand):
    help = (
        "Fine-tunes the model on a persona's own words, and waits for the end. The tuning worker of the running site "
        "trains it. The persona's page switches it on; `evaluate_replies --persona` measures it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("persona", type=UUID, help="The persona's id.")
        terminal.add_user(parser)
        parser.add_argument(
            "--agree", action="store_true", help="The owner agrees to the training, as the persona's page words it."
        )
        parser.add_argument("--json", action="store_true", help="Prints one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = terminal.person(options["user"])
        persona = owed_work.own_persona(user, options["persona"])
        if not options["agree"]:
            raise CommandError(f"Nothing is learnt yet. Add --agree if this is so: {doors.CONSENT}")
        try:
            row = doors.start(user=user, persona=persona, agrees=True)
        except (doors.FineTuneRefused, CreationRefused, QuotaExceeded, ImportFailed) as refusal:
            raise CommandError(refusal.user_message) from None
        owed_work.ended(row, progress=_progress, tell=lambda line: self.stderr.write(line, style_func=str))
        if row.status != FineTuneStatus.READY:
            raise CommandError(row.error)
        self.stdout.write(json.dumps(_values(row)) if options["json"] else _plain(row))


def _progress(row: FineTune) -> str:
    if row.status == FineTuneStatus.QUEUED:
        if holding.is_held(row):
            raise CommandError(_HELD)
        return "The training waits for the tuning worker. Ctrl-C ends the waiting, not the training."
    best = f"; held out {row.before:.3f} → {row.after:.3f} bits per byte" if row.before and row.after else ""
    return f"step {row.step} of {row.steps}{best}"


def _values(row: FineTune) -> dict[str, Any]:
    return {
        "fine_tune": str(row.pk),
        "persona": str(row.persona_id),
        "model": row.model,
        "words": row.words,
        "bits_per_byte": {"before": row.before, "after": row.after},
        "is_used": row.is_used,
    }


def _plain(row: FineTune) -> str:
    return (
        f"The fine-tune is ready. It predicts words that it has not read {row.gain:.1f} % better "
        f"({row.before:.3f} → {row.after:.3f} bits per byte). Switch it on on the persona's page."
    )
