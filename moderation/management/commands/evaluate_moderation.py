"""Measure the filter."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation.categories import ClassifierUnavailable
from moderation.filter import evaluation, training


class Command(BaseCommand):
    help = (
        "Measures the configured classifiers and the active policy on the development split of a folder of labelled "
        "texts: AUPRC per category, precision and recall at each rule, disguised texts, false alarms on "
        "ordinary texts, speed."
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
            figures = evaluation.evaluate(examples, options["ordinary"], lambda line: self.stderr.write(line))
        except (training.DataMissing, ClassifierUnavailable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) if options["json"] else _table(figures))


def _table(figures: dict[str, Any]) -> str:
    lines = [f"{figures['classifiers']}, policy {figures['policy']}, {figures['texts']:,} texts", ""]
    for category, quality in figures["categories"].items():
        counts = f"{quality['positives']:>6,} + {quality['negatives']:>6,} -"
        lines.append(f"{category:24} {counts}   AUPRC {quality.get('auprc', '-')}")
        lines += [
            f"    {rule['direction']:8}{rule['action']:7} at {rule['threshold']:.2f}   precision {rule['precision']}   "
            f"recall {rule['recall']}   false alarms {rule['false_alarms']}"
            for rule in quality["rules"]
        ]
    lines += ["", "In disguise: of the texts that are acted on as they stand"]
    lines += [
        f"    {row['language']}  {row['disguise']:24} {row['met']:>4} of {row['texts']:<4} "
        f"{row.get('low', 0):.1%} to {row.get('high', 0):.1%}"
        for row in figures["evasion"]
        if row["disguise"] != "none"
    ]
    lines += ["", "Ordinary texts"]
    lines += [f"    {source:28} {alarms}" for source, alarms in figures["ordinary"].items()]
    return "\n".join([*lines, "", f"Speed {figures['speed']}"])
