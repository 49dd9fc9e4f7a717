"""Judge a file of texts, one JSON object a line."""

import itertools
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from moderation.categories import ClassifierUnavailable
from moderation.filter import assessment
from moderation.filter.assessment import Verdict
from moderation.models import Direction, RuleAction

BATCH = 64
_NO_TEXT = "there is no string under `text`, and no list of strings under `turns`"


class Command(BaseCommand):
    help = (
        'Reads {"id": …, "text": …}, one a line, and prints one line of JSON for each, in order: {"id", "any", '
        '"categories": {name: probability}, "action", "crisis"}. `any` is the highest of the probabilities, `crisis` '
        "the step of the crisis ladder, empty for none. In place of `text` there may be `turns`: earlier messages of "
        'the same person, and the one to judge last. A line that cannot be read gives {"id": null, "line": number, '
        '"error": …}, and the exit code is then 1.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--input", required=True, metavar="FILE.jsonl", help="the texts to judge; - is standard input"
        )
        parser.add_argument(
            "--direction",
            choices=Direction.values,
            default=Direction.USER,
            help="the writer of the texts (default: user)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = sys.stdin if options["input"] == "-" else open(options["input"], encoding="utf-8", errors="replace")  # noqa: SIM115
        except OSError as error:
            raise CommandError(f"{options['input']} cannot be read: {error.strerror}.") from error
        with lines:
            is_clean = self._judge(lines, options["direction"])
        if not is_clean:
            sys.exit(1)

    def _judge(self, lines: TextIO, direction: str) -> bool:
        is_clean = True
        for batch in _batches(_entries(lines)):
            readable = [entry for entry in batch if "error" not in entry]
            try:
                verdicts = iter(assessment.assess_talks([entry["turns"] for entry in readable], direction=direction))
            except ClassifierUnavailable as error:
                raise CommandError(f"The texts cannot be judged: {error}") from error
            for entry in batch:
                is_clean = is_clean and "error" not in entry
                answer = entry if "error" in entry else _answer(entry["id"], next(verdicts))
                self.stdout.write(json.dumps(answer, ensure_ascii=False))
            self.stdout.flush()
        return is_clean


def _entries(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """{"id", "turns"} of each line that is not blank, or {"id", "line", "error"}."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:  # also for a number of 5,000 digits
            yield {"id": None, "line": number, "error": f"not JSON: {error}"}
            continue
        turns = _turns(entry) if isinstance(entry, dict) else None
        identifier = entry.get("id") if isinstance(entry, dict) else None
        if turns is None:
            yield {"id": identifier, "line": number, "error": _NO_TEXT}
        else:
            yield {"id": identifier, "turns": turns}


def _turns(entry: dict[str, Any]) -> list[str] | None:
    turns = entry["turns"] if "turns" in entry else [entry.get("text")]
    return turns if isinstance(turns, list) and turns and all(isinstance(turn, str) for turn in turns) else None


def _batches(entries: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(itertools.islice(entries, BATCH)):
        yield batch


def _answer(identifier: Any, verdict: Verdict) -> dict[str, Any]:
    return {
        "id": identifier,
        "any": max(verdict.probabilities.values()),
        "categories": verdict.probabilities,
        "action": RuleAction(verdict.action).value,
        "crisis": verdict.level,
    }
