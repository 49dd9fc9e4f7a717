"""Draws the model's own candidates for a reader to judge, or measures the choice among judged ones."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.evaluation import judged_candidates
from generation.catalogue import packaged
from generation.engine import EngineError
from generation.engines.openvino import packaged_engine
from moderation.categories import ClassifierUnavailable


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        draw = actions.add_parser("draw", help="Writes candidates for the reply to the last message of each talk.")
        draw.add_argument("talks", type=Path, help="In the form of generation/dialogues. Each ends with a message.")
        draw.add_argument("file", type=Path, help="A new file of JSON lines.")
        draw.add_argument("--model", choices=packaged.PACKAGED, default=packaged.DEFAULT)
        measure = actions.add_parser("measure", help="Prints how often the chosen candidates make sense.")
        measure.add_argument("file", type=Path, nargs="?", default=judged_candidates.FILE)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["action"] == "draw":
                self._draw(options["talks"], options["file"], packaged.PACKAGED[options["model"]])
            else:
                self._measure(options["file"])
        except (OSError, ValueError, EngineError, ClassifierUnavailable, packaged.CatalogueError) as error:
            raise CommandError(str(error)) from None

    def _draw(self, talks: Path, file: Path, model: packaged.CatalogueModel) -> None:
        read = judged_candidates.read(talks)
        with packaged_engine.running(model, is_tuned=True, say=self.stderr.write) as engine, file.open("x") as lines:
            for seed, talk in enumerate(read):
                drawn = judged_candidates.drawn(engine, talk, candidates=model.candidates, seed=seed)
                lines.write(f"{drawn.model_dump_json()}\n")
                lines.flush()

    def _measure(self, file: Path) -> None:
        for place, shares in judged_candidates.figures(judged_candidates.read(file)).items():
            for name, share in shares.items():
                self.stdout.write(f"{place} pieces, {name}: {share}")
