"""Prints as JSON what the marks of exported conversations say about who wrote the messages."""

import argparse
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat.files import provenance


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["files"]:
            try:
                content = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"{path} cannot be read as text: {type(error).__name__}.") from None
            self.stdout.write(json.dumps({"file": str(path), **provenance.read(content).as_json()}, ensure_ascii=False))
