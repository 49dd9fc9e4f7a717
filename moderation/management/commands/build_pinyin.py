"""Make the table that pinyin is read with."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation.crisis import labelled
from moderation.evasion import pinyin, pinyin_table, vocabulary
from moderation.filter import training


class Command(BaseCommand):
    help = (
        "Counts the words of Chinese texts and writes them with their pinyin, for the filter to read pinyin with. The "
        "development split of the labelled texts is left out. The same texts give the same table."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="the labelled texts")
        parser.add_argument(
            "--more", nargs="*", type=Path, default=[], metavar="FILE.jsonl", help="sentences and dialogues"
        )
        parser.add_argument("--output", type=Path, default=pinyin.TABLE, metavar="FILE", help="where to write")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            examples = [one for one in training.read(options["data"]) if not one.is_dev] + training.own_examples()
            rows = [row for path in options["more"] for row in labelled.rows(path)]
        except (training.DataMissing, labelled.DataMissing) as error:
            raise CommandError(str(error)) from error
        table = pinyin_table.kept(pinyin_table.count([*(one.text for one in examples), *vocabulary.strings(rows)]))
        pinyin_table.save(options["output"], table)
        self.stdout.write(f"{len(table):,} words.")
