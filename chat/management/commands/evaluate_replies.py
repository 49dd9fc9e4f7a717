"""Measures how well a model answers: as published, with the conversation tune, and as it ships (docs/quality.md)."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.evaluation import quality_page, reply_evaluation
from chat.evaluation.progress import Progress
from chat.evaluation.reply_evaluation import Report
from generation.catalogue import packaged
from generation.engine import Adapter, EngineError
from generation.engines.openvino import packaged_engine
from generation.engines.openvino.engine import OpenVINOEngine
from moderation.categories import ClassifierUnavailable
from personas.finetuning import files, own_dialogues
from personas.models import FineTune, FineTuneStatus
from personas.prompting import dialogues
from personas.prompting.dialogues import Dialogue

_TURNS = 60
_LANGUAGES = ("en", "zh")  # that written dialogues have


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--dialogues",
            type=Path,
            nargs="+",
            metavar="FILE.jsonl",
            help="Written dialogues. The default: those that no training reads, in the model's languages.",
        )
        parser.add_argument("--model", choices=packaged.PACKAGED, help=f"The default: {packaged.DEFAULT}.")
        parser.add_argument("--language", choices=_LANGUAGES, help="Only the dialogues in this language.")
        parser.add_argument(
            "--persona",
            type=UUID,
            metavar="ID",
            help="Measures a persona with its fine-tune too, on its own words that were not learnt.",
        )
        parser.add_argument(
            "--turns", type=_count, default=_TURNS, help=f"The most turns that are measured. The default: {_TURNS}."
        )
        parser.add_argument("--json", action="store_true", help="Prints one JSON object.")
        parser.add_argument("--report", type=Path, metavar="FILE.html", help="Writes a page with plots and replies.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.CONVERSATION_TUNE:
            raise CommandError(
                "CONVERSATION_TUNE is off, so there is no tune to measure. Switch it on for this command."
            )
        try:
            reports = self._reports(**options)
            if options["report"]:
                options["report"].write_text(quality_page.page(reports), encoding="utf-8")
        except (OSError, ValueError, EngineError, ClassifierUnavailable, packaged.CatalogueError) as error:
            raise CommandError(str(error) or type(error).__name__) from None
        values = {kind: report.values() for kind, report in reports.items()}
        self.stdout.write(json.dumps(values) if options["json"] else "\n".join(_table(values)))

    def _reports(self, **options: Any) -> dict[str, Report]:
        fine_tune = _fine_tune(options["persona"]) if options["persona"] else None
        model = packaged.PACKAGED[options["model"] or (fine_tune.model if fine_tune else packaged.DEFAULT)]
        read = _dialogues(options["dialogues"], options["language"], model, fine_tune)
        sample = reply_evaluation.sample(read, turns=options["turns"])
        progress = Progress(self._say)
        reports: dict[str, Report] = {}
        with packaged_engine.running(model, is_tuned=False, say=self._say) as engine:
            comparisons = reply_evaluation.compare(engine, sample, progress.of("bare"))
            reports["bare"] = reply_evaluation.report(
                engine, sample, comparisons, candidates=1, tell=progress.of("bare")
            )
        with packaged_engine.running(model, is_tuned=True, say=self._say) as engine:
            # The same weights and the same score: what is picked among written lines is the same for both.
            comparisons = reply_evaluation.compare(engine, sample, progress.of("tuned"))
            for kind, candidates in (("tuned", 1), ("shipped", model.candidates)):
                reports[kind] = reply_evaluation.report(
                    engine, sample, comparisons, candidates=candidates, tell=progress.of(kind)
                )
            if fine_tune is not None:
                own = sample.adapted(_adapter(fine_tune, engine))
                comparisons = reply_evaluation.compare(engine, own, progress.of("finetuned"))
                reports["finetuned"] = reply_evaluation.report(
                    engine, own, comparisons, candidates=model.candidates, tell=progress.of("finetuned")
                )
        return reports

    def _say(self, line: str) -> None:
        self.stderr.write(line, style_func=str)


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"The number of turns must be 1 or more. You gave {count}.")
    return count


def _dialogues(
    paths: Sequence[Path] | None,
    language: str | None,
    model: packaged.CatalogueModel,
    fine_tune: FineTune | None,
) -> list[Dialogue]:
    """The dialogues that the options name. Raises CommandError if there is none, and OSError or ValueError."""
    if fine_tune is not None and paths is None:
        return own_dialogues.of(fine_tune.persona)
    wanted = [one for one in _LANGUAGES if one == language or language is None]
    if paths is None:
        paths, wanted = dialogues.held_out_files(), [one for one in wanted if one in model.languages]
    read = [dialogue for path in paths for dialogue in dialogues.read(path) if dialogue.sheet.language in wanted]
    if not read:
        raise CommandError(f"There is no dialogue in the language {' or '.join(wanted) or language}.")
    return read if fine_tune is None else own_dialogues.spoken_by(fine_tune.persona, read)


def _fine_tune(persona_id: UUID) -> FineTune:
    """The fine-tune of a persona that can be measured. Raises CommandError."""
    fine_tune = FineTune.objects.select_related("persona").filter(persona_id=persona_id).first()
    if fine_tune is None or fine_tune.status != FineTuneStatus.READY:
        raise CommandError(f"There is no persona {persona_id} with a fine-tune that is ready.")
    if fine_tune.model not in packaged.PACKAGED:
        raise CommandError(f"Its fine-tune is of {fine_tune.model}, and only packaged models are measured.")
    return fine_tune


def _adapter(fine_tune: FineTune, engine: OpenVINOEngine) -> Adapter:
    """Raises CommandError if the fine-tune belongs to other weights."""
    adapter = files.adapter(fine_tune)
    if engine.describe().served(adapter) is None:
        raise CommandError(f"The fine-tune was trained for {adapter.weights}, not for {engine.describe().adapts}.")
    return adapter


def _table(values: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A line for each figure, with the number of cases in brackets."""
    yield f"{'':16}" + "".join(f"{kind:>18}" for kind in values)
    for name in values["bare"]["turns"]:
        cells = (f"{'—' if one[name] is None else one[name]} ({one['turns'][name]})" for one in values.values())
        yield f"{name:16}" + "".join(f"{cell:>18}" for cell in cells)
    for distance in values["bare"]["contradict_after"]:
        yield f"{f'  {distance} turns later':16}" + "".join(
            f"{one['contradict_after'][distance]!s:>18}" for one in values.values()
        )
