"""Fine-tune the larger English network."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import torch
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from moderation import english_training
from moderation.crisis import base_model, labelled, material
from moderation.filter import training, training_material
from moderation.networks import english_network


class Command(BaseCommand):
    help = (
        "Fine-tunes all-mpnet-base-v2 for the crisis ladder and the filter at once, and writes its weights. It reads "
        "the English texts of which a smaller network is in doubt. After each epoch the state is kept under the state "
        "folder, and a run that was ended goes on from there. Then run train_moderation --keep-networks, which fits "
        "what the filter makes of it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--base", required=True, type=Path, metavar="FOLDER", help="the folder of all-mpnet-base-v2"
        )
        parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="labelled texts")
        parser.add_argument(
            "--dialogues", required=True, type=Path, nargs="+", metavar="FILE", help="talk with personas, all ordinary"
        )
        parser.add_argument(
            "--output",
            type=Path,
            default=english_network.WEIGHTS,
            metavar="FILE",
            help="default: the file in moderation/data/ that ships",
        )
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")

    def handle(self, *args: Any, **options: Any) -> None:
        def say(line: str) -> None:
            self.stderr.write(line)

        output: Path = options["output"]
        torch.set_num_threads(1)  # sums in another order give other weights
        folder = settings.STATE_DIR / "english-training"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            given = material.english_material(options["base"], options["data"], options["dialogues"])
            examples = training_material.examples(options["data"], options["dialogues"])
        except (training.DataMissing, labelled.DataMissing, base_model.BadBase) as error:
            raise CommandError(str(error)) from error
        network = english_training.fit(given, examples, seed=options["seed"], say=say, checkpoint=folder / "english.pt")
        version = english_training.save(network, given, output)
        self.stdout.write(f"{output}: version {version}, {output.stat().st_size:,} bytes")
