"""People who chat at once, through the whole product: websocket, filter, database, queue, engine.

    python -m benchmarks.websocket --people 1 8 --turns 3

Starts a site of its own on loopback, lets each number of people talk to Samantha in the same run, and
prints JSON: first words at the socket, whole-reply times, tokens per second, and how far the replies
stream side by side. `overlap` is the share of a reply's streaming time during which at least one
other reply was streaming too: 0 where replies come one after another, near 1 where side by side.
"""

import argparse
import json
import os
import platform
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.site import ENDS, Site, Visitor

_QUESTIONS = [
    "Good evening. How was your day?",
    "What do you like to think about when it is quiet?",
    "Tell me something that you remember well.",
    "And what would you ask me?",
]


def talk(visitor: Visitor, persona: str, turns: int) -> list[dict[str, Any]]:
    """One person's turns. Times are in seconds on the monotonic clock."""
    measured = []
    with visitor.talk(visitor.start_conversation(persona)) as conversation:
        for turn in range(turns):
            sent = time.monotonic()
            conversation.say(_QUESTIONS[turn % len(_QUESTIONS)])
            deltas = []
            while (frame := conversation.receive(300))["type"] not in ENDS:
                if frame["type"] == "reply.delta":
                    deltas.append(time.monotonic())
            measured.append({"turn": turn + 1, "sent": sent, "deltas": deltas, "end": time.monotonic(), "frame": frame})
    return measured


def overlap(replies: list[dict[str, Any]]) -> float:
    """The mean share of a reply's streaming time during which another reply streams too."""
    spans = [(reply["deltas"][0], reply["end"]) for reply in replies if reply["deltas"]]
    return statistics.mean(_shared(span, [other for other in spans if other is not span]) for span in spans)


def _shared(span: tuple[float, float], others: list[tuple[float, float]]) -> float:
    begin, end = span
    covered, reached = 0.0, begin
    for other_begin, other_end in sorted(others):
        low, high = max(other_begin, reached), min(other_end, end)
        if high > low:
            covered += high - low
            reached = high
    return covered / (end - begin) if end > begin else 0.0


def summary(replies: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    completed = [reply for reply in replies if reply["frame"]["type"] == "reply.completed"]
    tokens = sum(reply["frame"]["usage"]["completion_tokens"] for reply in completed)
    first_words = sorted(reply["deltas"][0] - reply["sent"] for reply in replies if reply["deltas"])
    first_tokens = sorted(reply["frame"]["timing"]["first_token_ms"] for reply in completed)
    return {
        "replies": len(replies),
        "completed": len(completed),
        "tokens_per_second": round(tokens / seconds, 1),
        "first_words_at_socket_ms": {
            "median": round(statistics.median(first_words) * 1000),
            "p95": round(first_words[int(len(first_words) * 0.95)] * 1000),
        },
        "first_token_ms_median": statistics.median(first_tokens),
        "overlap": round(overlap(replies), 2),
        "seconds": round(seconds, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    site = Site()
    site.start()
    try:
        persona = str(site.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0])
        results = {}
        for people in options.people:
            visitors = [Visitor(site) for _ in range(people)]
            for number, visitor in enumerate(visitors):
                visitor.sign_up(f"person-{people}-{number}")
            began = time.monotonic()
            with ThreadPoolExecutor(people) as pool:
                replies = list(pool.map(lambda visitor: talk(visitor, persona, options.turns), visitors))
            results[str(people)] = summary([turn for person in replies for turn in person], time.monotonic() - began)
        print(json.dumps({"machine": f"{platform.machine()}, {os.cpu_count()} cores", "people": results}, indent=2))
    finally:
        site.stop()
        site.remove()


if __name__ == "__main__":
    main()
