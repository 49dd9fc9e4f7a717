"""Loads a model's files with an engine and generates one token:
`python -m generation.catalogue.probe ENGINE FOLDER TOKENS`.

TOKENS is the context length. It is a process of its own, because loading takes memory and unsuitable files may crash
an engine.
"""

import sys
from pathlib import Path

import django
from django.utils.module_loading import import_string

from generation.catalogue.packaged import CatalogueModel
from generation.engine import EngineError, Prompt, Sampling
from generation.engine_kinds import ENGINES


def probe(engine: str, folder: Path, context_length: int) -> str:
    """The reason why the files cannot generate, or "" if they can."""
    model = CatalogueModel(name=folder.name, title=folder.name, context_length=context_length, prompt_form="transcript")
    try:
        loaded = import_string(ENGINES[engine])(model, folder)
        try:
            list(loaded.stream(Prompt(form="transcript", text="The"), Sampling(max_tokens=1), lambda: False))
        finally:
            loaded.close()
    except EngineError as error:
        return " ".join(str(error.__cause__ or error).split())
    return ""


if __name__ == "__main__":
    django.setup()
    sys.exit(probe(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])) or 0)
