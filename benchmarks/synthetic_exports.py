"""Exports of any size in the forms of several apps. Their words are drawn from a list, so nobody's text is needed."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

_WORDS = [
    *("bees", "hive", "garden", "honey", "water", "morning", "clover", "smoke", "queen", "frame", "winter", "letter"),
    *(
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
    ),
    *("never", "always", "perhaps", "because", "under", "before", "after", "between", "the", "a", "of", "and"),
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
