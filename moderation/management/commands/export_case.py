import json
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from moderation import audit_trail
from moderation.desk import retention
from moderation.models import Case


class Command(BaseCommand):
    help = "Prints everything about one case as JSON, with the reviewers' notes, for example for a court."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("case", type=UUID, help="The id of the case, as in its address.")

    def handle(self, *args: Any, **options: Any) -> None:
        case = Case.objects.filter(pk=options["case"]).first()
        if case is None:
            raise CommandError(f"There is no case {options['case']}.")
        audit_trail.record(action="case.exported", subject=f"case:{case.pk}", actor="terminal", data={})
        self.stdout.write(json.dumps(retention.legal_export(case), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
