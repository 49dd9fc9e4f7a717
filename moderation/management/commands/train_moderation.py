"""Fit the linear classifier."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from moderation.filter import training
from moderation.filter.classifiers.linear import WEIGHTS

# The values that fitted the weights in the repository.
EVERY, VECTORS = 3, 8_000


class Command(BaseCommand):
    help = (
        "Fits the linear classifier on a folder of labelled texts (<source>.jsonl.gz) and on our own templates, and "
        "writes its weights. The same data give the same weights. Sentence vectors are kept under the state folder, "
        "so a later run computes only the missing ones."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="the labelled texts")
        parser.add_argument(
            "--output", type=Path, default=WEIGHTS, metavar="FILE", help=f"default: {WEIGHTS.name} in the room"
        )
        parser.add_argument(
            "--vectors",
            type=int,
            default=VECTORS,
            metavar="N",
            help=f"how many texts get a sentence vector (default: {VECTORS})",
        )
        parser.add_argument(
            "--every",
            type=int,
            default=EVERY,
            metavar="N",
            help=f"fit on one in N of the texts without a rare label; 1 is all, and slower (default: {EVERY})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def report(line: str) -> None:
            self.stderr.write(line)

        try:
            examples = training.thinned(training.read(options["data"]) + training.own_examples(), options["every"])
        except training.DataMissing as error:
            raise CommandError(str(error)) from error
        for_vectors = training.chosen_for_vectors(examples, options["vectors"])
        vectors = training.vectors_of(for_vectors, settings.STATE_DIR / "moderation-vectors", report)
        weights = training.fit(examples, vectors, report)
        weights.save(options["output"])
        self.stdout.write(f"{options['output']}: version {weights.version}, {options['output'].stat().st_size:,} bytes")
