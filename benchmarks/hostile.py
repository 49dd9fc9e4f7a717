"""What one person who means harm costs everybody else.

    python -m benchmarks.hostile [--samples 5] [--most-seconds 180]

Starts the whole site and measures, first while it is quiet and then while one person sends critical texts and files
in a loop: the first words that another person gets, how long /healthz takes, and how long it takes until a case is open
for somebody who speaks of killing themselves. Prints JSON, with the aims and whether each is met. Every loop is bounded
in time and count, and traffic stays on loopback.
"""

import argparse
import io
import json
import math
import os
import random
import statistics
import sys
import threading
import time
import zipfile
from base64 import encodebytes
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
django.setup()

import httpx  # noqa: E402
from PIL import Image  # noqa: E402
from websockets.exceptions import WebSocketException  # noqa: E402

from benchmarks.chats import QUESTIONS  # noqa: E402
from benchmarks.contenders import signed_in  # noqa: E402
from tests.site import ENDS, Site, Talk, Visitor  # noqa: E402

CRISIS = "I want to kill myself tonight"
_CASE_SECONDS = 60
_MOST_BLOWS = 500  # of each kind
_CHARACTERS = 8000
_FAILURES = (OSError, httpx.HTTPError, WebSocketException, AssertionError)
_FILE_BYTES = 25 * 1024**2 - 1024


def texts() -> list[str]:
    """Each as long as a message may be, and made for patterns that go back and forth."""
    word = "a" * 60
    return [
        text[:_CHARACTERS]
        for text in (
            "i " + f"{word} " * 200,
            "i " + "want to " * 1200,
            "I will not " + "kill " * 1600,
            "a@" * 4000,
            "1 " * 4000,
            "(" * _CHARACTERS,
            "\u200b".join("kill myself" * 400),
            " \n" * 4000,
        )
    ]


def files() -> dict[str, bytes]:
    card = b'{"name":"a","description":"b","first_mes":"c","x":'
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("_chat.txt", bytes(200 * 1024**2))
    picture = io.BytesIO()
    Image.new("RGBA", (6300, 6300)).save(picture, "PNG")
    return {
        "letters.txt": encodebytes(random.Random(1).randbytes(_FILE_BYTES * 3 // 4 - 300_000)),
        "line.txt": b"so it was said " * (_FILE_BYTES // 15),
        "deep.json": card + b"[" * 4_000_000,
        "bomb.zip": archive.getvalue(),
        "bomb.png": picture.getvalue(),
    }


# --- The person who means harm ---------------------------------------------------------------------


class Attack:
    """One person's loops, side by side, while the block runs."""

    def __init__(self, site: Site, visitor: Visitor, persona: str, key: str) -> None:
        self._site, self._visitor, self._persona, self._key = site, visitor, persona, key
        self._over = threading.Event()
        self._conversations: list[str] = []
        self.blows: Counter[str] = Counter()
        loops = {"messages": self._say, "files": self._upload, "pictures": self._picture, "api": self._call}
        self._threads = [threading.Thread(target=self._loop, args=item, daemon=True) for item in loops.items()]
        self._texts, self._files = texts(), files()

    def __enter__(self) -> "Attack":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _loop(self, name: str, strike: Callable[[int], None]) -> None:
        for number in range(_MOST_BLOWS):
            if self._over.is_set():
                return
            try:
                strike(number)
                self.blows[name] += 1
            except _FAILURES as error:
                self.blows[f"{name}: {type(error).__name__}"] += 1
                self._over.wait(1)

    def _say(self, number: int) -> None:
        """In a new conversation, or in an old one when the site refuses more new ones."""
        try:
            self._conversations.append(self._visitor.start_conversation(self._persona))
        except httpx.HTTPStatusError:
            self._conversations.append(self._conversations.pop(0))
        with self._visitor.talk(self._conversations[-1]) as talk:
            talk.say(self._texts[number % len(self._texts)])
            talk.until("message.accepted", "error", seconds=60)

    def _upload(self, number: int) -> None:
        name = list(self._files)[number % len(self._files)]
        self._post(files={"files": (name, self._files[name])})

    def _picture(self, number: int) -> None:
        self._post(files={"avatar": ("bomb.png", self._files["bomb.png"])})

    def _post(self, **sent: Any) -> None:
        fields = {
            "name": "Eve",
            "depicts": "fictional",
            "declaration": "on",
            "language": "en",
            "import_consent": "on",
            "then": "preview",
        }
        self._visitor.post("/personas/new/", fields, **sent)

    def _call(self, number: int) -> None:
        earlier = self._texts[number % len(self._texts)]
        talk = [{"role": "user", "content": earlier}, {"role": "assistant", "content": earlier}]
        httpx.post(
            f"{self._site.url}/v1/chat/completions",
            json={"model": "Samantha", "messages": [*talk, {"role": "user", "content": "Hello."}], "max_tokens": 8},
            headers={"Authorization": f"Bearer {self._key}"},
            timeout=60,
        )


# --- Everybody else -------------------------------------------------------------------------------


class Pulse(threading.Thread):
    """Asks /healthz ten times a second."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._over = threading.Event()
        self.took: list[float] = []  # ms

    def run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=60) as client:
            while not self._over.wait(0.1):
                asked = time.monotonic()
                with suppress(httpx.HTTPError):
                    client.get("/healthz")
                took = 1000 * (time.monotonic() - asked)
                while took > 0:  # while one question waits, those that would have come after it wait as well
                    self.took.append(took)
                    took -= 100

    def stop(self) -> None:
        self._over.set()
        self.join(60)


def first_words(talk: Talk, number: int) -> float | None:
    """Milliseconds from a question to its first words; None where the reply ended without any."""
    asked = time.monotonic()
    talk.say(QUESTIONS[number % len(QUESTIONS)])
    frame = talk.until("reply.delta", "error", *ENDS, seconds=120)
    took = 1000 * (time.monotonic() - asked)
    if frame["type"] == "reply.delta":
        talk.until("error", *ENDS, seconds=120)
        return took
    return None


def until_a_case_opens(site: Site, visitor: Visitor, persona: str) -> float | None:
    """Milliseconds; None where there was no case within a minute."""
    conversation = visitor.start_conversation(persona)
    with visitor.talk(conversation) as talk:
        asked = time.monotonic()
        talk.say(CRISIS)
        while time.monotonic() - asked < _CASE_SECONDS:
            if site.rows(f"SELECT 1 FROM moderation_case WHERE conversation_id = '{conversation}'"):
                return 1000 * (time.monotonic() - asked)
            time.sleep(0.05)
    return None


def _or_none(measure: Callable[..., float | None], *arguments: Any) -> float | None:
    """None also where the site did not answer at all."""
    try:
        return measure(*arguments)
    except _FAILURES:
        return None


def measured(site: Site, visitor: Visitor, persona: str, samples: int, seconds: float) -> dict[str, Any]:
    pulse = Pulse(site.url)
    pulse.start()
    began = time.monotonic()
    words: list[float | None] = []
    cases: list[float | None] = []
    with visitor.talk(visitor.start_conversation(persona)) as talk:
        first_words(talk, samples)  # the first message of a conversation reads the persona's introduction
        while len(words) < samples and time.monotonic() - began < seconds:
            words.append(_or_none(first_words, talk, len(words)))
            cases.append(_or_none(until_a_case_opens, site, visitor, persona))
    pulse.stop()
    return {
        "first_words_ms": _spread([each for each in words if each is not None]),
        "words_missing": words.count(None),
        "healthz_ms": _spread(pulse.took),
        "case_opens_ms": _spread([each for each in cases if each is not None]),
        "cases_missing": cases.count(None),
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--most-seconds", type=float, default=180, help="of measuring under attack")
    options = parser.parse_args()
    with Site(CONVERSATIONS_PER_MINUTE="20") as site:  # the limits of a site as it ships
        persona = str(site.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0])
        victim, attacker = signed_in(site, 2)
        key = site.manage("api_key", "--user", "person1", "--name", "hostile").strip()
        quiet = measured(site, victim, persona, options.samples, options.most_seconds)
        with Attack(site, attacker, persona, key) as attack:
            hostile = measured(site, victim, persona, options.samples, options.most_seconds)
    json.dump({"quiet": quiet, "hostile": hostile, "blows": attack.blows, "aims": _aims(quiet, hostile)}, sys.stdout)
    print()


def _spread(values: list[float]) -> dict[str, int] | None:
    if not values:
        return None
    ordered = sorted(values)
    p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
    return {"median": round(statistics.median(ordered)), "p95": round(p95), "most": round(ordered[-1])}


def _aims(quiet: dict[str, Any], hostile: dict[str, Any]) -> dict[str, bool]:
    words, health, cases = (hostile[name] for name in ("first_words_ms", "healthz_ms", "case_opens_ms"))
    return {
        "first words within twice the usual time": bool(words)
        and not hostile["words_missing"]
        and words["median"] <= 2 * quiet["first_words_ms"]["median"],
        "healthz within 200 ms": bool(health) and health["p95"] <= 200,
        "a case opens within 10 s": bool(cases) and not hostile["cases_missing"] and cases["p95"] <= 10_000,
    }


if __name__ == "__main__":
    main()
