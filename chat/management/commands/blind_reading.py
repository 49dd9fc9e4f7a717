"""Writes pairs of replies for a blind reading, or scores its verdicts (docs/quality.md)."""

import argparse
import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.evaluation import blind_reading, reply_evaluation
from chat.evaluation.progress import Progress, Tell, side_by_side
from chat.evaluation.reply_evaluation import Turn
from chat.trials.rehearsal import Rehearsed, rehearse
from generation.catalogue import packaged
from generation.engine import EngineError
from generation.engines.openvino import packaged_engine
from moderation.categories import ClassifierUnavailable
from personas.prompting import dialogues

_PAIRS = 200


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        write = actions.add_parser("write", help="Writes pairs.jsonl and key.json: the bare model, and as it ships.")
        write.add_argument("folder", type=Path)
        write.add_argument("--dialogues", type=Path, nargs="+", required=True, metavar="FILE.jsonl")
        write.add_argument("--model", choices=packaged.PACKAGED, default=packaged.DEFAULT)
        write.add_argument("--pairs", type=int, default=_PAIRS)
        write.add_argument("--seed", type=int, help="Of the hidden order. The default is drawn, so nobody knows it.")
        score = actions.add_parser("score", help="Reads verdicts.jsonl and prints who wins how often.")
        score.add_argument("folder", type=Path)
        score.add_argument("--json", action="store_true", help="Prints one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["action"] == "write":
                self._write(**options)
            else:
                self._score(**options)
        except (OSError, ValueError, EngineError, ClassifierUnavailable, packaged.CatalogueError) as error:
            raise CommandError(str(error)) from None

    def _write(self, **options: Any) -> None:
        model = packaged.PACKAGED[options["model"]]
        talks = [blind_reading.as_shipped(d) for path in options["dialogues"] for d in dialogues.read(path)]
        turns = reply_evaluation.drawn(talks, options["pairs"], first=1)
        progress = Progress(self._say)
        before = self._replies(model, turns, is_tuned=False, candidates=1, tell=progress.of("bare"))
        later = self._replies(model, turns, is_tuned=True, candidates=model.candidates, tell=progress.of("shipped"))
        seed = secrets.randbits(32) if options["seed"] is None else options["seed"]
        blind_reading.write(options["folder"], turns, before, later, seed=seed)
        self.stdout.write(f"{options['folder'] / blind_reading.PAIRS}: {len(turns)} pairs to read.")

    def _replies(
        self, model: packaged.CatalogueModel, turns: Sequence[Turn], *, is_tuned: bool, candidates: int, tell: Tell
    ) -> list[Rehearsed]:
        """The replies of one kind of the model, in the order of the turns."""
        with packaged_engine.running(model, is_tuned=is_tuned, say=self._say) as engine:

            def reply(turn: Turn) -> Rehearsed:
                return rehearse(engine, turn.sheet, turn.asked, candidates=candidates, seed=reply_evaluation.SEED)

            workers = reply_evaluation.workers(candidates)
            return side_by_side(reply, turns, workers=workers, tell=tell, what="replies written")

    def _score(self, **options: Any) -> None:
        scores = blind_reading.score(options["folder"])
        if options["json"]:
            self.stdout.write(json.dumps(blind_reading.as_json(scores)))
            return
        for name, one in scores.items():
            self.stdout.write(f"{name}: {one.pairs} pairs")
            self.stdout.write(f"  the later replies are better in {one.won} of those decided")
            self.stdout.write(f"  they make sense in {one.later_makes_sense}")
            self.stdout.write(f"  the earlier ones make sense in {one.earlier_makes_sense}")

    def _say(self, line: str) -> None:
        self.stderr.write(line, style_func=str)
