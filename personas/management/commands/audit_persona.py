"""Runs the audit of a persona, as its page does, and prints the report (docs/persona-audit.md)."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts.management import terminal
from accounts.usage.quotas import QuotaExceeded
from personas.audit import doors, report
from personas.audit.models import Audit, AuditState
from personas.audit.probes import probes_for
from personas.audit.report import AreaResult, Report
from personas.management import owed_work
from personas.refusals import CreationRefused


class Command(BaseCommand):
    help = (
        "Runs the audit of a persona, waits for its end and prints the report. A generation worker of the running site "
        "asks the questions. Ends with status 1 if the persona does not pass."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("persona", type=UUID, help="The persona's id.")
        terminal.add_user(parser)
        parser.add_argument("--json", action="store_true", help="Prints one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = terminal.person(options["user"])
        persona = owed_work.own_persona(user, options["persona"])
        try:
            audit = doors.start(user=user, persona=persona)
        except (doors.AuditRefused, CreationRefused, QuotaExceeded) as refusal:
            raise CommandError(refusal.user_message) from None
        owed_work.ended(audit, progress=_progress, tell=lambda line: self.stderr.write(line, style_func=str))
        if audit.state != AuditState.ENDED:
            raise CommandError(audit.error or "The audit was stopped.")
        result = report.of(audit.answers.all())
        values = _values(audit, result)
        self.stdout.write(json.dumps(values, ensure_ascii=False, indent=2) if options["json"] else _plain(result))
        if not audit.is_passed:
            raise CommandError(f"{persona.name} did not pass: {', '.join(area.area.title for area in result.failed)}.")


def _progress(audit: Audit) -> str:
    if audit.state == AuditState.QUEUED:
        return "The audit waits for a generation worker. Ctrl-C ends the waiting, not the audit."
    return f"{audit.answers.count()} of {len(probes_for(audit.persona.language))} questions are answered."


def _values(audit: Audit, result: Report) -> dict[str, Any]:
    return {
        "audit": str(audit.pk),
        "persona": str(audit.persona_id),
        "is_passed": audit.is_passed,
        "areas": {area.key: _area(area) for area in result.areas},
    }


def _area(area: AreaResult) -> dict[str, Any]:
    failed = [answer for answer in area.answers if not answer.is_passed]
    return {
        "is_passed": area.is_passed,
        "answers": len(area.answers),
        "failures": [
            {"probe": each.probe, "question": each.prompt, "answer": each.answer, "evidence": each.evidence}
            for each in failed
        ],
        "groups": [
            {
                "group": each.group,
                "is_passed": each.is_passed,
                "hostility": each.toxicity.value,
                "regard": each.regard.value,
            }
            for each in area.groups
        ],
    }


def _plain(result: Report) -> str:
    lines = []
    for area in result.areas:
        verdict = "passed" if area.is_passed else "FAILED"
        lines.append(f"{verdict} {area.area.title}: {area.failures} of {len(area.answers)} answers failed")
        lines += [f"       {answer.prompt} → {answer.answer}" for answer in area.answers if not answer.is_passed]
        lines += [
            f"       the group “{group.group}” is spoken of worse" for group in area.groups if not group.is_passed
        ]
    return "\n".join(lines)
