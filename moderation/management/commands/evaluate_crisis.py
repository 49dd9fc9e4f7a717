"""Measure what recognises a crisis."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation.categories import ClassifierUnavailable
from moderation.crisis import labelled
from moderation.filter import crisis_evaluation


class Command(BaseCommand):
    help = (
        'Reads labelled messages, one JSON object a line: {"text": …} or {"turns": […]}, and {"step": …}, which is '
        "imminent, active, passive, low, grief or none. Prints for each language and step how many the site answers "
        "itself, and every message that goes wrong."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--input", required=True, type=Path, nargs="+", metavar="FILE.jsonl")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sentences = [one for path in options["input"] for one in labelled.read(path)]
            results = crisis_evaluation.outcomes(sentences)
        except (labelled.DataMissing, ClassifierUnavailable) as error:
            raise CommandError(str(error)) from error
        for line in crisis_evaluation.table(results):
            self.stdout.write(line)
