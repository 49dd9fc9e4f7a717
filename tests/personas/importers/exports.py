"""Reads exports that a test writes, and archives of them."""

import io
import json
from collections import Counter
from typing import Any

from personas.importers import registry
from personas.importers.base import Member, Record, Remark, SetImporter, Skipped, Utterance


def raw(export: Any) -> bytes:
    """A text or a JSON value as the bytes of a file."""
    if isinstance(export, bytes):
        return export
    return (export if isinstance(export, str) else json.dumps(export, ensure_ascii=False)).encode()


def records(export: Any, *, format: str) -> list[Record]:
    """The records of a file, which must be recognised as `format` by its content."""
    stream = io.BytesIO(raw(export))
    importer = registry.choose(stream, "upload")
    assert importer.name == format
    return list(importer.parse(stream))


def archive(files: dict[str, Any], *, format: str) -> list[Record]:
    """The records that an importer reads out of an archive with these files."""
    importer = registry.get(format)
    assert isinstance(importer, SetImporter)
    paths = importer.members(list(files))
    return list(
        importer.parse_members([Member(path, lambda path=path: io.BytesIO(raw(files[path]))) for path in paths])
    )  # type: ignore[misc]


def said(all_records: list[Record]) -> list[tuple[str, str]]:
    return [(record.speaker, record.text) for record in all_records if isinstance(record, Utterance)]


def times(all_records: list[Record]) -> list[str]:
    found = (record.sent_at for record in all_records if isinstance(record, Utterance))
    return [moment.strftime("%Y-%m-%dT%H:%M:%S") if moment else "" for moment in found]


def skipped(all_records: list[Record]) -> dict[str, int]:
    return dict(Counter(record.reason for record in all_records if isinstance(record, Skipped)))


def remarks(all_records: list[Record]) -> list[str]:
    return [record.text for record in all_records if isinstance(record, Remark)]
