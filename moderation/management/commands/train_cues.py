"""Fit the classifiers of the monitor's cues."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation.categories import ClassifierUnavailable
from moderation.crisis.labelled import DataMissing
from moderation.monitor import meaning, meaning_training


class Command(BaseCommand):
    help = (
        "Fits the classifiers of the monitor's cues on the examples in the room and on ordinary talk, and writes their "
        "weights. It takes some minutes. The same data give the same weights."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dialogues", required=True, type=Path, nargs="+", metavar="FILE", help="talk with personas, all harmless"
        )
        parser.add_argument("--output", type=Path, default=meaning.WEIGHTS, metavar="FILE", help="where to write")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            heads = meaning_training.fit(options["dialogues"])
        except (DataMissing, ClassifierUnavailable) as error:
            raise CommandError(str(error)) from error
        meaning.save(options["output"], heads)
        for name, head in heads.items():
            self.stdout.write(f"{name}: a cue counts from {head.threshold:.3f}.")
