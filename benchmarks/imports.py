"""How fast exports are read, and with how much memory.

    python -m benchmarks.imports [--mb 200] [--formats telegram messenger sms ...] [--storage-mb 50]

Writes one export of each format into a temporary folder, and reads it twice: by its importer alone, in a process of its
own, and as an upload is read (a child process with limits, whose answers are checked here). With `--storage-mb`, it
also imports an export of that size into a database of its own, as a worker does. Prints JSON: megabytes per second of
time and of processor time, and the most memory that the reading process took. The words are drawn from a list, so
nobody's text is needed.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django
from django.core.files import File

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
os.environ.update(AFTERWORD_UPLOAD="4000MB", IMPORT_TIME="600s")  # also for the processes that read
django.setup()

from benchmarks.synthetic_exports import EXPORTS, write  # noqa: E402
from personas.importers import registry  # noqa: E402
from personas.reading import parsing  # noqa: E402

_AIM_MB_PER_SECOND = 20
_AIM_MEMORY_MB = 300


def read_alone(path: str, format: str) -> dict[str, Any]:
    """Runs in a process of its own, so that its memory is the importer's."""
    start, processor = time.monotonic(), time.process_time()
    with open(path, "rb") as stream:
        count = sum(1 for _ in registry.get(format).parse(stream))
    return _figures(path, count, time.monotonic() - start, time.process_time() - processor, resource.RUSAGE_SELF)


def read_as_upload(path: str, format: str) -> dict[str, Any]:
    """Processor time is that of the child; this side works beside it."""
    start, began, before = time.monotonic(), time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(path, "rb") as stream, parsing.opened(stream, name=format) as reading:
        count = sum(1 for _ in reading)
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    own = time.process_time() - began
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    figures = _figures(path, count, seconds, processor, resource.RUSAGE_CHILDREN)
    # The child and this process work beside each other, so on two free cores the slower one says how long it takes.
    return figures | {"mb_per_processor_second_here": round(os.path.getsize(path) / 1e6 / own, 1)}


def _figures(path: str, count: int, seconds: float, processor: float, who: int) -> dict[str, Any]:
    megabytes, memory = os.path.getsize(path) / 1e6, resource.getrusage(who).ru_maxrss // 1024
    return {
        "records": count,
        "mb_per_second": round(megabytes / seconds, 1),
        "mb_per_processor_second": round(megabytes / processor, 1),
        "memory_mb": memory,
        "is_fast": megabytes / seconds >= _AIM_MB_PER_SECOND,
        "is_bounded": memory <= _AIM_MEMORY_MB,
    }


def store(path: Path, format: str) -> dict[str, Any]:
    """The import of a source, with the seconds that the filter takes for its passages (20,000 at most)."""
    from accounts.models import User
    from personas.models import Persona, Source
    from personas.reading import importing

    megabytes = path.stat().st_size / 1e6
    with _database_of_its_own(), _seconds_of_filter() as judged:
        persona = Persona.objects.create(owner=User.objects.create_user("ada"), name="Ada", depicts="fictional")
        source = Source(persona=persona, name="chat", format=format, speaker="Ada", bytes=path.stat().st_size)
        with path.open("rb") as stream:
            source.file.save("chat", File(stream))
        began, processor = time.monotonic(), time.process_time()
        importing.import_source(source.pk)
        seconds, processor = time.monotonic() - began, time.process_time() - processor
        source.refresh_from_db()
        return {
            "status": source.status,
            "messages": source.report.get("messages"),
            "rows": source.utterances.count(),
            "passages": source.report.get("passages"),
            "seconds": round(seconds, 1),
            "filter_seconds": round(judged[0], 1),
            "mb_per_second_without_filter": round(megabytes / (seconds - judged[0]), 1),
            "processor_seconds_here": round(processor, 1),
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


@contextmanager
def _database_of_its_own() -> Iterator[None]:
    from django.db import connection

    from persona_site import services

    with services.running_for(["test"]):
        name = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)


@contextmanager
def _seconds_of_filter() -> Iterator[list[float]]:
    """One number: the seconds that `judging.fit` has taken so far."""
    from personas import judging

    seconds = [0.0]
    fit = judging.fit

    def timed(*arguments: Any, **options: Any) -> Iterator[Any]:
        began = time.monotonic()
        passages = list(fit(*arguments, **options))
        seconds[0] += time.monotonic() - began
        yield from passages

    judging.fit = timed
    try:
        yield seconds
    finally:
        judging.fit = fit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--mb", type=float, default=200)
    parser.add_argument("--formats", nargs="+", choices=EXPORTS, default=["telegram", "whatsapp"])
    parser.add_argument("--storage-mb", type=float, default=0)
    options = parser.parse_args()
    report: dict[str, Any] = {
        "mb": options.mb,
        "aims": {"mb_per_second": _AIM_MB_PER_SECOND, "memory_mb": _AIM_MEMORY_MB},
    }
    with tempfile.TemporaryDirectory() as folder:
        for format in options.formats:
            path = Path(folder) / format
            write(path, format, options.mb)
            report[format] = {}
            for name, job in (("importer", read_alone), ("upload", read_as_upload)):
                with get_context("spawn").Pool(1) as pool:
                    report[format][name] = pool.apply(job, (str(path), format))
            path.unlink()
            if options.storage_mb:
                write(path, format, options.storage_mb)
                report[format]["storage"] = store(path, format)
    json.dump(report, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
