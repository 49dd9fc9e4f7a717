"""Adds an operator's model from the terminal, with the same functions as the admin."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generation.catalogue import model_rows, packaged
from generation.models import PromptForms


class Command(BaseCommand):
    help = "Adds a Hugging Face folder or a GGUF file below MODEL_FOLDERS, and installs it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--name", required=True, help="Small letters, digits and hyphens.")
        parser.add_argument("--title", help="The title that people see. The default is the name.")
        parser.add_argument(
            "--prompt-form",
            choices=PromptForms.values,
            help="The default is chat for a model of a billion parameters that has a chat template, else transcript.",
        )
        parser.add_argument("--context-length", type=int, help="The context length in tokens.")
        parser.add_argument("--licence", default="", help="The licence's name, such as Apache-2.0.")
        parser.add_argument("--language", action="append", default=[], help="BCP 47 tag. The option may be repeated.")
        parser.add_argument("--activate", action="store_true", help="Makes it the active model.")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        try:
            model_rows.add(
                name=name,
                path=options["path"].absolute(),
                title=options["title"] or name,
                prompt_form=options["prompt_form"],
                context_length=options["context_length"],
                licence=options["licence"],
                languages=options["language"],
            )
            self._install(name)
            if options["activate"]:
                model_rows.activate(name)
        except packaged.CatalogueError as error:
            raise CommandError(str(error)) from None

    def _install(self, name: str) -> None:
        try:
            model_rows.install(name, report=lambda percent, step: self.stdout.write(f"{percent:3} % {step}"))
        except packaged.CatalogueError:
            model_rows.remove(name=name)  # so that the same command can be repeated
            raise
