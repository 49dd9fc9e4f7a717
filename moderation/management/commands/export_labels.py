"""Print decisions as labelled data."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder

from moderation import audit_trail
from moderation.learning import labelled


class Command(BaseCommand):
    help = (
        "Prints reviewers' decisions as labelled data, one JSON object a line: labels and scores of each decided turn, "
        "and its text where the person allows that (has_consent). The audit trail records how many lines were printed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        lines = 0
        for turn in labelled.turns():
            self.stdout.write(json.dumps(asdict(turn), cls=DjangoJSONEncoder, ensure_ascii=False))
            lines += 1
        audit_trail.record(action="learning.exported", subject="labels:all", actor=None, data={"lines": lines})
