"""How fast exports are read, and with how much memory.

    python -m benchmarks.imports [--mb 200] [--formats telegram messenger sms ...]

Writes one export of each format into a temporary folder, and reads it twice: by its importer alone, in a process of its
own, and as an upload is read (a child process with limits, whose answers are checked here). Prints JSON: megabytes per
second of time and of processor time, and the most memory that the reading process took. The words are drawn from a
list, so nobody's text is needed.
"""

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
os.environ.update(AFTERWORD_UPLOAD="4000MB", IMPORT_TIME="600s")  # also for the processes that read
django.setup()

from personas import parsing  # noqa: E402
from personas.importers import registry  # noqa: E402

_AIM_MB_PER_SECOND = 20
_AIM_MEMORY_MB = 300
_WORDS = [
    "bees",
    "hive",
    "garden",
    "honey",
    "water",
    "morning",
    "clover",
    "smoke",
    "queen",
    "frame",
    "winter",
    "letter",
    "brother",
    "table",
    "window",
    "kettle",
    "road",
    "neighbour",
    "market",
    "apple",
    "quiet",
    "early",
    "late",
    "again",
    "never",
    "always",
    "perhaps",
    "because",
    "under",
    "before",
    "after",
    "between",
    "the",
    "a",
    "of",
    "and",
]


def texts(count: int) -> Iterator[str]:
    drawn = random.Random(1)
    for _ in range(count):
        yield " ".join(drawn.choices(_WORDS, k=drawn.randint(2, 25)))


def telegram(number: int, text: str) -> str:
    name, key = (("Ada", "user11"), ("Bo Ø", "user12"))[number % 3 == 0]
    message = {
        "id": number, "type": "message", "date": f"2023-06-05T17:{number // 60 % 60:02}:{number % 60:02}",
        "date_unixtime": str(1685985431 + number), "from": name, "from_id": key, "text": text,
        "text_entities": [{"type": "plain", "text": text}],
    }  # fmt: skip
    return json.dumps(message, ensure_ascii=False, indent=1).replace("\n", "\n  ")


def whatsapp(number: int, text: str) -> str:
    name = ("Ada", "Bo Ø")[number % 3 == 0]
    return f"{number // 86400 % 28 + 1:02}/06/23, {number // 3600 % 24:02}:{number // 60 % 60:02} - {name}: {text}"


def messenger(number: int, text: str) -> str:
    message = {
        "sender_name": ("Ada", "Bo")[number % 3 == 0],
        "timestamp_ms": 2 * 10**12 - 1000 * number,
        "content": text,
    }
    return json.dumps(message | {"is_geoblocked_for_viewer": False}, indent=2)


def discord(number: int, text: str) -> str:
    author = {"id": str(number % 3), "name": "ada", "nickname": f"Ada {number % 3}", "isBot": False, "roles": []}
    message = {"id": str(10**18 + number), "type": "Default", "timestamp": "2023-06-05T17:17:11.12+00:00"}
    return json.dumps(message | {"content": text, "author": author, "attachments": [], "embeds": []}, indent=2)


def google_chat(number: int, text: str) -> str:
    creator = {"name": f"Ada {number % 3}", "email": f"a{number % 3}@example.org", "user_type": "Human"}
    stamp = f"Monday, June 5, 2023 at {number // 60 % 12 + 1}:{number % 60:02}:11\u202fPM UTC"
    return json.dumps({"creator": creator, "created_date": stamp, "text": text, "topic_id": str(number)}, indent=2)


def sms(number: int, text: str) -> str:
    picture = (
        f'<parts><part ct="image/jpeg" text="null" data="{"QUJD" * 20_000}"/></parts>' if number % 200 == 0 else ""
    )
    tag = "mms" if picture else "sms"
    return (
        f'<{tag} address="+44163296000{number % 9}" date="{1685985431000 + number}" type="{number % 2 + 1}" '
        f'body={quoteattr(text)} contact_name="Ada {number % 9}">{picture}</{tag}>'
    )


EXPORTS: dict[str, tuple[str, Callable[[int, str], str], str, str]] = {
    "telegram": ('{"name":"Ada","type":"personal_chat","id":11,"messages":[\n  ', telegram, ",\n  ", "\n]}"),
    "whatsapp": ("", whatsapp, "\n", "\n"),
    "messenger": ('{"participants":[{"name":"Ada"},{"name":"Bo"}],"messages":[\n', messenger, ",\n", "\n]}"),
    "discord": ('{"guild":{"id":"0"},"channel":{"id":"5"},"messages":[\n', discord, ",\n", "\n]}"),
    "google-chat": ('{"messages":[\n', google_chat, ",\n", "\n]}"),
    "sms": ("<?xml version='1.0' encoding='UTF-8'?>\n<smses>", sms, "\n", "</smses>"),
}


def write(path: Path, format: str, megabytes: float) -> None:
    head, message, between, end = EXPORTS[format]
    size, most = 0, megabytes * 1e6
    with path.open("w", encoding="utf-8") as file:
        size += file.write(head)
        for number, text in enumerate(texts(10**9), start=1):
            size += file.write((between if number > 1 else "") + message(number, text))
            if size >= most:
                break
        file.write(end)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--mb", type=float, default=200)
    parser.add_argument("--formats", nargs="+", choices=EXPORTS, default=["telegram", "whatsapp"])
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
    json.dump(report, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
