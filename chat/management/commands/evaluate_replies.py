"""Measures how well a model answers: as published, with the conversation tune, and as it ships (docs/quality.md)."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat import evaluation
from generation.catalogue import model_rows, packaged
from generation.engines.base import EngineError
from generation.engines.openvino.engine import OpenVINOEngine
from personas import dialogues


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--dialogues", type=Path, nargs="+", help="JSON lines; the held-out ones, if left out.")
        parser.add_argument("--model", choices=packaged.PACKAGED, default=packaged.DEFAULT)
        parser.add_argument("--language", choices=["en", "zh"], default="en")
        parser.add_argument("--count", type=int, default=80, help="Turns that are measured.")
        parser.add_argument("--json", action="store_true", help="Prints one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["model"]
        paths = options["dialogues"] or dialogues.held_out_files()
        try:
            read = [d for path in paths for d in dialogues.read(path) if d.sheet.language == options["language"]]
            if not read:
                raise CommandError(f"No dialogue of these files is in the language {options['language']}.")
            reports = {kind: self._report(name, kind, read, options["count"]) for kind in ("bare", "tuned", "shipped")}
        except (OSError, ValueError, EngineError, packaged.CatalogueError) as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(reports))
            return
        for value in reports["bare"]:
            columns = "".join(f"{report[value]!s:>34}" for report in reports.values())
            self.stdout.write(f"{value:16}{columns}")

    def _report(self, name: str, kind: str, read: list[dialogues.Dialogue], count: int) -> dict[str, Any]:
        is_tuned = kind != "bare"
        model_rows.fetch_and_convert(name, lambda percent, step: None, is_tuned=is_tuned)
        model_rows.export_where_missing(name, is_tuned=is_tuned)
        engine = OpenVINOEngine(packaged.PACKAGED[name], model_rows.folder(name, is_tuned=is_tuned))
        candidates = packaged.PACKAGED[name].candidates if kind == "shipped" else 1
        try:
            return evaluation.report(engine, read, count=count, candidates=candidates)
        finally:
            engine.close()
