"""How the commands print a report for an authority or the public: as text, CSV or JSON."""

import csv
import io
import json
from argparse import ArgumentParser
from typing import Any

from moderation.desk import yearly
from moderation.desk.yearly import Report


def add_forms(parser: ArgumentParser) -> None:
    """Adds the options that choose the form."""
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--csv", action="store_true", help="Prints comma-separated values.")
    forms.add_argument("--json", action="store_true", help="Prints one JSON object.")


def printed(report: Report, options: dict[str, Any]) -> str:
    if options["json"]:
        return json.dumps(yearly.values(report), ensure_ascii=False, indent=2)
    if options["csv"]:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(yearly.table(report))
        return out.getvalue()
    lines = [report.law, *(f"{name}: {value}" for name, value in report.period)]
    for section in report.sections:
        lines += ["", section.title, *(f"  {name}: {value}" for name, value in section.rows)]
    return "\n".join(lines)
