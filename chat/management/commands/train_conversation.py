"""Trains a packaged model to talk on the written dialogues, or teaches its tune by verdicts (docs/quality.md)."""

import shutil
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.evaluation import judged_candidates, verdicts
from generation.catalogue import model_rows, packaged
from generation.engines.batching.tokenizer import ModelTokenizer
from generation.tuning import adapters, examples, job, picture, preferences
from personas.prompting import dialogues
from personas.prompting.dialogues import Dialogue
from text import cleaning

_RATES = {"smollm2-135m": 4e-4, "gemma3-270m": 3e-4}
_VERDICT_RATE = 2e-4


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", choices=packaged.PACKAGED)
        parser.add_argument(
            "--verdicts", type=Path, nargs="+", help="Judged candidates. The shipped adapter learns from them instead."
        )
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
        folder = Path(settings.STATE_DIR) / "tuning" / (f"{name}-verdicts" if options["verdicts"] else name)
        if options["anew"]:
            shutil.rmtree(folder, ignore_errors=True)
        try:
            if not (folder / "plan.json").exists():
                weights, learnt, held_out = self._material(name, options["dialogues"])
                folder.mkdir(parents=True, exist_ok=True)
                prepare = self._prepare_verdicts if options["verdicts"] else self._prepare_dialogues
                prepare(name, folder, weights, learnt, held_out, **options)
            self._train(folder)
        except (packaged.CatalogueError, job.TrainingFailed, OSError, ValueError) as error:
            raise CommandError(str(error)) from None
        unit = "bits a talk" if options["verdicts"] else "bits per byte"
        picture.draw(job.curve(folder), folder / "curve.png", title=f"Conversation tune of {name}", unit=unit)
        if options["ship"]:
            self._ship(folder, adapters.FOLDER / name, "verdicts" if options["verdicts"] else "curve")

    def _material(self, name: str, paths: Sequence[Path] | None) -> tuple[Path, list[Dialogue], list[Dialogue]]:
        """The folder of the bare weights, dialogues to learn from, and those of other personas."""
        model = model_rows.lookup(name)
        model_rows.fetch_and_convert(name, self._report, is_tuned=False)
        read = (one for path in paths or dialogues.learnt_files() for one in dialogues.read(path))
        learnt, held_out = dialogues.split(one for one in read if one.sheet.language in model.languages)
        return model_rows.folder(name, is_tuned=False), learnt, held_out

    def _prepare_dialogues(
        self, name: str, folder: Path, weights: Path, learnt: list[Dialogue], held_out: list[Dialogue], **options: Any
    ) -> None:
        self.stdout.write(f"{len(learnt)} dialogues to learn from, {len(held_out)} of other personas to measure with.")
        tokenizer = ModelTokenizer(weights).tokenizer
        for path, rows in (("train.jsonl", learnt), ("held_out.jsonl", held_out)):
            encoded = (examples.encoded(tokenizer, dialogues.pieces(row), limit=verdicts.LONGEST) for row in rows)
            examples.write(folder / path, encoded)
        rate = options["rate"] or _RATES[name]
        job.Plan(model=str(weights), rate=rate, epochs=options["epochs"]).write(folder)

    def _prepare_verdicts(
        self, name: str, folder: Path, weights: Path, learnt: list[Dialogue], held_out: list[Dialogue], **options: Any
    ) -> None:
        talks = [talk for path in options["verdicts"] for talk in judged_candidates.read(path)]
        begins_with = adapters.FOLDER / name
        rows, apart = verdicts.material(model_rows.lookup(name), ModelTokenizer(weights), talks, beside=learnt)
        self.stdout.write(f"{len(rows)} judged talks to learn from, {len(apart)} of other personas to measure with.")
        preferences.write(folder / "train.jsonl", rows)
        preferences.write(folder / "held_out.jsonl", apart)
        job.Plan(
            model=str(weights),
            rate=options["rate"] or _VERDICT_RATE,
            epochs=1,
            learns="preferences",
            begins_with=str(begins_with),
            batch=4,
            measurements=2,
        ).write(folder)

    def _train(self, folder: Path) -> None:
        with job.running(folder) as progress:
            for state in progress:
                if state.step % 10 == 0:
                    self.stdout.write(
                        f"step {state.step} of {state.steps}, {state.seconds_left / 60:.0f} min left; "
                        f"held out {state.first:.3f} → {state.best:.3f} bits"
                    )

    def _report(self, percent: int, step: str) -> None:
        self.stdout.write(f"{percent:3} % {step}")

    def _ship(self, folder: Path, target: Path, curve: str) -> None:
        """Copies the adapter, and its curve under the name `curve`."""
        target.mkdir(parents=True, exist_ok=True)
        files = {f"adapter/{name}": name for name in ("adapter_model.safetensors", "adapter_config.json")}
        for file, name in (files | {f"curve.{kind}": f"{curve}.{kind}" for kind in ("png", "jsonl")}).items():
            shutil.copyfile(folder / file, target / name)
            (target / name).chmod(0o644)  # state is private, the product is not


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
