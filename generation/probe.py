"""Loads files as an engine will, and lets them say a token: `python -m generation.probe ENGINE FOLDER TOKENS`.

TOKENS is the length of the window. A process of its own, for the memory that loading takes and because
an engine may die of files that it does not understand.
"""

import sys
from pathlib import Path

import django


def probe(engine: str, folder: Path, context_length: int) -> str:
    """Why it does not speak; "" where it does."""
    from django.utils.module_loading import import_string

    from generation import catalogue
    from generation.engines.base import EngineUnavailable
    from generation.engines.registry import ENGINES

    model = catalogue.CatalogueModel(
        name=folder.name, title=folder.name, context_length=context_length, prompt_form="transcript"
    )
    try:
        loaded = import_string(ENGINES[engine])(model, folder)
    except EngineUnavailable as error:
        return " ".join(str(error.__cause__ or error).split())
    try:
        health = loaded.health()
    finally:
        loaded.close()
    return "" if health.ok else health.detail or "no token came"


if __name__ == "__main__":
    django.setup()
    sys.exit(probe(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])) or 0)
