"""Very many people at once: whether everybody gets a reply, how long each waits, and how much memory it takes.

    python -m benchmarks.crowd [--people 200] [--turns 2]

Starts the whole site, lets so many people sign in, each with a conversation of their own, and all of them speak in the
same moment; who is answered speaks again. Prints JSON: replies and how they ended, refusals, the wait from the question
to the first step of a worker (median, p95, their ratio) for each turn, tokens per second, and the most memory that all
processes had together. Traffic stays on loopback.
"""

import argparse
import json
import os
import sys
import threading
import time
from collections import Counter
from typing import Any

import django
import psutil

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
django.setup()

from benchmarks.chats import QUESTIONS  # noqa: E402
from benchmarks.contenders import memory_mb, signed_in  # noqa: E402
from benchmarks.generation import spread  # noqa: E402
from tests.site import ENDS, Site, Visitor  # noqa: E402


class Person(threading.Thread):
    """One person of the crowd, from the first question to the last reply."""

    def __init__(self, number: int, visitor: Visitor, conversation: str, begin: threading.Barrier, turns: int) -> None:
        super().__init__()
        self._number, self._visitor, self._conversation = number, visitor, conversation
        self._begin, self._turns = begin, turns
        self.waits: list[float] = []  # ms, by turn
        self.ends: Counter[str] = Counter()
        self.tokens = 0

    def run(self) -> None:
        with self._visitor.talk(self._conversation) as talk:
            self._begin.wait()
            for turn in range(self._turns):
                asked = time.monotonic()
                talk.say(QUESTIONS[(self._number + turn) % len(QUESTIONS)])
                while (frame := talk.receive(1200))["type"] not in {*ENDS, "error"}:
                    if frame["type"] == "reply.started":
                        self.waits.append(1000 * (time.monotonic() - asked))
                self.ends[frame.get("code") or frame["type"]] += 1
                self.tokens += (frame.get("usage") or {}).get("completion_tokens", 0)


def measured(people: int, turns: int) -> dict[str, Any]:
    with Site(MESSAGES_PER_HOUR="100000") as site:
        assert site.process is not None
        process = psutil.Process(site.process.pid)
        persona = str(site.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0])
        visitors = signed_in(site, people)
        begin = threading.Barrier(people + 1)
        crowd = [
            Person(number, visitor, visitor.start_conversation(persona), begin, turns)
            for number, visitor in enumerate(visitors)
        ]
        before = most = memory_mb(process)
        for person in crowd:
            person.start()
        begin.wait()
        began = time.monotonic()
        while any(person.is_alive() for person in crowd):
            most = max(most, memory_mb(process))
            time.sleep(0.5)
        seconds = time.monotonic() - began
    tokens = sum(person.tokens for person in crowd)
    return {
        "people": people,
        "turns": turns,
        "ends": dict(sum((person.ends for person in crowd), Counter())),
        "seconds": round(seconds, 1),
        "tokens_per_second": round(tokens / seconds, 1),
        "wait_ms": [_waits([p.waits[turn] for p in crowd if len(p.waits) > turn]) for turn in range(turns)],
        "memory_mb": {"before": before, "most": most},
    }


def _waits(waits: list[float]) -> dict[str, float] | None:
    found = spread(waits)
    return found and {**found, "p95/median": round(found["p95"] / found["median"], 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--turns", type=int, default=2)
    options = parser.parse_args()
    json.dump(measured(options.people, options.turns), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
