"""Trains a packaged model to talk, on the written dialogues (docs/quality.md)."""

import shutil
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from generation.catalogue import model_rows, packaged
from generation.engines.batching.tokenizer import ModelTokenizer
from generation.tuning import adapters, examples, job, picture
from personas.prompting import dialogues
from text import cleaning

_LONGEST = 1024  # tokens of a dialogue; the longest written one has fewer
_RATES = {"smollm2-135m": 4e-4, "gemma3-270m": 3e-4}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", choices=packaged.PACKAGED)
        parser.add_argument(
            "--dialogues", type=Path, nargs="+", help="JSON lines. The default is generation/dialogues/."
        )
        parser.add_argument(
            "--epochs", type=_epochs, default=2, help="At most; training ends early if it no longer helps."
        )
        parser.add_argument("--rate", type=_rate, help="The learning rate, more than 0 and at most 1.")
        parser.add_argument("--anew", action="store_true", help="Forgets a training that was interrupted.")
        parser.add_argument("--ship", action="store_true", help="Puts the adapter into generation/adapters/.")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["model"]
        folder = Path(settings.STATE_DIR) / "tuning" / name
        if options["anew"]:
            shutil.rmtree(folder, ignore_errors=True)
        try:
            if not (folder / "plan.json").exists():
                self._prepare(name, folder, **options)
            self._train(folder)
        except (packaged.CatalogueError, job.TrainingFailed, OSError, ValueError) as error:
            raise CommandError(str(error)) from None
        picture.draw(job.curve(folder), folder / "curve.png", title=f"Conversation tune of {name}")
        if options["ship"]:
            self._ship(folder, adapters.FOLDER / name)

    def _prepare(self, name: str, folder: Path, **options: Any) -> None:
        model = model_rows.lookup(name)
        model_rows.fetch_and_convert(name, self._report, is_tuned=False)
        weights = model_rows.folder(name, is_tuned=False)
        paths = options["dialogues"] or dialogues.learnt_files()
        readable = [d for path in paths for d in dialogues.read(path) if d.sheet.language in model.languages]
        learnt, held_out = dialogues.split(readable)
        self.stdout.write(f"{len(learnt)} dialogues to learn from, {len(held_out)} of other personas to measure with.")
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = ModelTokenizer(weights).tokenizer
        for path, rows in (("train.jsonl", learnt), ("held_out.jsonl", held_out)):
            encoded = (examples.encoded(tokenizer, dialogues.pieces(row), limit=_LONGEST) for row in rows)
            examples.write(folder / path, encoded)
        rate = options["rate"] or _RATES[name]
        job.Plan(model=str(weights), rate=rate, epochs=options["epochs"]).write(folder)

    def _train(self, folder: Path) -> None:
        with job.running(folder) as progress:
            for state in progress:
                if state.step % 10 == 0:
                    self.stdout.write(
                        f"step {state.step} of {state.steps}, {state.seconds_left / 60:.0f} min left; "
                        f"held out {state.first:.3f} → {state.best:.3f} bits per byte"
                    )

    def _report(self, percent: int, step: str) -> None:
        self.stdout.write(f"{percent:3} % {step}")

    def _ship(self, folder: Path, target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        for file in ("adapter/adapter_model.safetensors", "adapter/adapter_config.json", "curve.png", "curve.jsonl"):
            shutil.copyfile(folder / file, target / Path(file).name)
            (target / Path(file).name).chmod(0o644)  # state is private, the product is not


def _epochs(text: str) -> int:
    epochs = cleaning.whole_number(text, most=1000)
    if not epochs:
        raise ArgumentTypeError(f"The number of epochs must be a whole number from 1 to 1000. You gave {text!r}.")
    return epochs


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 1:
        raise ArgumentTypeError(f"The learning rate must be more than 0 and at most 1. You gave {text!r}.")
    return rate
