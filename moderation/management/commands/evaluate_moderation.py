"""Measure the filter."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation.filter import training
from moderation.filter.assessment import ClassifierUnavailable


class Command(BaseCommand):
    help = (
        "Measures the configured classifiers and the active policy on the development split of a folder of labelled "
        "texts: AUPRC per category, precision and recall at each rule, false alarms on ordinary texts, speed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="the labelled texts")
        parser.add_argument(
            "--ordinary", nargs="*", type=Path, default=[], metavar="FILE.txt", help="letters or diaries, all harmless"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            examples = training.read(options["data"])
            found = training.evaluate(examples, options["ordinary"], lambda line: self.stderr.write(line))
        except (training.DataMissing, ClassifierUnavailable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) if options["json"] else _table(found))


def _table(found: dict[str, Any]) -> str:
    lines = [f"{found['classifiers']}, policy {found['policy']}, {found['texts']:,} texts", ""]
    for category, one in found["categories"].items():
        lines.append(f"{category:24} {one['positives']:>6,} + {one['negatives']:>6,} -   AUPRC {one.get('auprc', '-')}")
        lines += [
            f"    {rule['direction']:8}{rule['action']:7} at {rule['threshold']:.2f}   precision {rule['precision']}   "
            f"recall {rule['recall']}   false alarms {rule['false_alarms']}"
            for rule in one["rules"]
        ]
    lines += ["", "Ordinary texts"]
    lines += [f"    {source:28} {counts}" for source, counts in found["ordinary"].items()]
    return "\n".join([*lines, "", f"Speed {found['speed']}"])
