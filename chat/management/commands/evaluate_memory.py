"""Measures what a persona remembers: facts in the prompt and in the reply, copies, leaks (docs/memory.md)."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string

from chat.evaluation import memory_evaluation
from chat.evaluation.memory_evaluation import Report
from chat.evaluation.progress import Progress
from generation.catalogue import packaged
from generation.engine import EngineError
from generation.engines.openvino import packaged_engine
from moderation.categories import ClassifierUnavailable


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--model", choices=packaged.PACKAGED, help=f"The default: {packaged.DEFAULT}.")
        parser.add_argument("--language", choices=("en", "zh"), help="The default: the model's languages.")
        parser.add_argument("--facts", type=int, metavar="N", help="Only the first N facts of each language.")
        parser.add_argument(
            "--held-out", action="store_true", help="Other facts, in Chinese: nothing was fitted to them."
        )
        parser.add_argument("--without-replies", action="store_true", help="Measures prompts only, which is quick.")
        parser.add_argument("--json", action="store_true", help="Prints one JSON object.")
        parser.add_argument("--report", type=Path, metavar="FILE.html", help="Writes a page with every fact.")

    def handle(self, *args: Any, **options: Any) -> None:
        model = packaged.PACKAGED[options["model"] or packaged.DEFAULT]
        languages = (
            [options["language"]] if options["language"] else [one for one in ("en", "zh") if one in model.languages]
        )
        progress = Progress(lambda line: self.stderr.write(line, style_func=str))
        try:
            with packaged_engine.running(model, is_tuned=settings.CONVERSATION_TUNE, say=self.stderr.write) as engine:
                reports = {
                    language: memory_evaluation.measure(
                        engine,
                        language,
                        memory_evaluation.facts(language, held_out=options["held_out"])[: options["facts"]],
                        tell=progress.of(language),
                        with_replies=not options["without_replies"],
                    )
                    for language in languages
                }
            if options["report"]:
                page = render_to_string("chat/memory_report.html", {"model": model, "reports": reports})
                options["report"].write_text(page, encoding="utf-8")
        except (OSError, ValueError, EngineError, ClassifierUnavailable, packaged.CatalogueError) as error:
            raise CommandError(str(error) or type(error).__name__) from None
        values = {language: report.values() for language, report in reports.items()}
        self.stdout.write(json.dumps(values) if options["json"] else "\n".join(_table(reports)))


def _table(reports: dict[str, Report]) -> list[str]:
    lines = []
    for language, report in reports.items():
        lines.append(f"{language}: longest copy {report.copied_words} words, {report.leaks}")
        for place, (in_prompt, in_reply) in report.places.items():
            lines.append(f"  {place:22} in the prompt {in_prompt}; in the reply {in_reply}")
    return lines
