"""The filter on published sets that nothing here is trained or tuned on, through the whole of `manage.py moderate`.

- OpenAI's moderation samples (Markov et al. 2023): samples-1680.jsonl.gz
- HateCheck (Röttger et al. 2021): test_suite_cases.csv
- XSTest (Röttger et al. 2023): xstest_prompts.csv, harmless look-alikes ("safe") beside harmful questions ("unsafe")

Get the files from their repositories. Prints JSON. A text is acted on where it is flagged, blocked or answered by the
site as a crisis.

    python -m benchmarks.published_sets [--openai FILE] [--hatecheck FILE] [--xstest FILE]
"""

import argparse
import csv
import gzip
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
django.setup()

import numpy as np  # noqa: E402
from django.core.management import call_command  # noqa: E402
from sklearn.metrics import average_precision_score  # noqa: E402

from moderation.crisis.labelled import STEPS  # noqa: E402
from moderation.filter import assessment  # noqa: E402
from moderation.filter.assessment import Verdict  # noqa: E402
from moderation.models import RuleAction  # noqa: E402
from persona_site import services  # noqa: E402

CATEGORIES = {
    "S": "sexual", "H": "hate", "V": "violence", "HR": "harassment", "SH": "self-harm", "S3": "sexual/minors",
    "H2": "hate/threatening", "V2": "violence/graphic",
}  # fmt: skip
ANSWERED = STEPS[STEPS.index("passive") :]
BATCH = 64


def judged(texts: Sequence[str]) -> list[Verdict]:
    batches = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
    return [
        verdict
        for batch in batches
        for verdict in assessment.assess_talks([[text] for text in batch], direction="user")
    ]


def is_acted_on(verdict: Verdict) -> bool:
    return verdict.action != RuleAction.ALLOW or verdict.level in ANSWERED


def share(verdicts: Sequence[Verdict]) -> dict[str, float | int]:
    return {"texts": len(verdicts), "acted_on": round(float(np.mean([is_acted_on(one) for one in verdicts])), 3)}


def openai_samples(path: Path) -> dict[str, Any]:
    """AUPRC of each category, and of the highest probability of all eight against any of their labels."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    verdicts = judged([row["prompt"] for row in rows])
    is_any = [any(row.get(label) for label in CATEGORIES) for row in rows]
    highest = [max(verdict.probabilities[name] for name in CATEGORIES.values()) for verdict in verdicts]
    report: dict[str, Any] = {"any": round(average_precision_score(is_any, highest), 3)}
    for label, name in CATEGORIES.items():
        known = [
            (row[label], verdict.probabilities[name])
            for row, verdict in zip(rows, verdicts, strict=True)
            if label in row
        ]
        truth, scores = zip(*known, strict=True)
        report[name] = {
            "positives": sum(truth),
            "texts": len(truth),
            "auprc": round(average_precision_score(truth, scores), 3),
        }
    for name, wanted in (("harmful", True), ("harmless", False)):
        report[name] = share([verdict for verdict, given in zip(verdicts, is_any, strict=True) if given == wanted])
    return report


def hatecheck(path: Path) -> dict[str, Any]:
    """Of each kind of test, how much is acted on."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    verdicts = judged([row["test_case"] for row in rows])
    by_label: dict[str, list[Verdict]] = {}
    by_kind: dict[str, list[Verdict]] = {}
    for row, verdict in zip(rows, verdicts, strict=True):
        by_label.setdefault(row["label_gold"], []).append(verdict)
        by_kind.setdefault(row["functionality"], []).append(verdict)
    return {name: share(some) for name, some in (by_label | dict(sorted(by_kind.items()))).items()}


def xstest(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    verdicts = judged([row["prompt"] for row in rows])
    labels = {row["label"] for row in rows}
    return {
        label: share([verdict for row, verdict in zip(rows, verdicts, strict=True) if row["label"] == label])
        for label in sorted(labels)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sets = {"openai": openai_samples, "hatecheck": hatecheck, "xstest": xstest}
    for name in sets:
        parser.add_argument(f"--{name}", type=Path, metavar="FILE")
    options = vars(parser.parse_args())
    with services.running_for(["benchmark"]):
        call_command("migrate", verbosity=0, interactive=False)
        print(json.dumps({name: read(options[name]) for name, read in sets.items() if options[name]}, indent=1))


if __name__ == "__main__":
    main()
