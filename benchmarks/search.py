"""How fast a person's conversations are searched.

    python -m benchmarks.search [--messages 200000] [--people 2] [--rounds 20]

Fills a database of its own, which is deleted afterwards, with conversations in English and Chinese, evenly over the
people, and searches the first person's. Prints JSON: the median and the slowest time of each query in milliseconds,
from the call of the door to its matches with their excerpts. The words are drawn from a list by Zipf's law, so some are
in most messages and others in a few.
"""

import argparse
import json
import os
import random
import statistics
import time
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from chat.conversation import search  # noqa: E402
from chat.models import Author, Conversation, Message  # noqa: E402
from persona_site import services  # noqa: E402
from personas.models import Persona  # noqa: E402

_AIM_MS = 100
_PER_CONVERSATION = 400
_ENGLISH = [f"{first}{last}" for first in ("sea", "plum", "lamp", "bee", "road") for last in range(400)]
_CHINESE = [chr(0x4E00 + number) for number in range(2000)]


def _text(draw: random.Random) -> str:
    is_chinese = draw.random() < 0.3
    words = _CHINESE if is_chinese else _ENGLISH
    chosen = [words[min(int(draw.paretovariate(0.7)) - 1, len(words) - 1)] for _ in range(draw.randint(5, 40))]
    return ("" if is_chinese else " ").join(chosen)


def _fill(count: int, people: int) -> User:
    draw = random.Random(1)
    users = [User.objects.create_user(username=f"person-{number}", password=None) for number in range(people)]
    now = timezone.now()
    for start in range(0, count, _PER_CONVERSATION):
        owner = users[start // _PER_CONVERSATION % people]
        persona, _ = Persona.objects.get_or_create(owner=owner, name="Ada", depicts="fictional")
        conversation = Conversation.objects.create(owner=owner, persona=persona)
        Message.objects.bulk_create(
            Message(
                conversation=conversation,
                author=Author.USER if number % 2 else Author.PERSONA,
                text=_text(draw),
                created_at=now - timedelta(minutes=count - number),
            )
            for number in range(start, min(start + _PER_CONVERSATION, count))
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE chat_message")
        cursor.execute("VACUUM ANALYZE chat_conversation")
    return users[0]


def _timed(user: User, query: str, rounds: int) -> dict[str, object]:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        matches = search.search(user=user, query=query)
        times.append((time.perf_counter() - began) * 1000)
    return {
        "query": query,
        "first_page": len(matches),
        "median_ms": round(statistics.median(times), 1),
        "slowest_ms": round(max(times), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--people", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with services.running_for(["test"]):
        name = settings.DATABASES["default"]["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            figures = _measured(options.messages, options.people, options.rounds)
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)
    print(json.dumps(figures, indent=2, ensure_ascii=False))


def _measured(messages: int, people: int, rounds: int) -> dict[str, object]:
    user = _fill(messages, people)
    frequent, less, rare = _ENGLISH[0], _ENGLISH[20], _ENGLISH[1500]
    unspaced = _CHINESE[0], "".join(_CHINESE[:2]), "".join(_CHINESE[5:8]), _CHINESE[1500]
    queries = [frequent, less, rare, f"{_ENGLISH[3]} {_ENGLISH[30]}", "nowhere", *unspaced]
    return {
        "messages": messages,
        "people": people,
        "aim_ms": _AIM_MS,
        "queries": [_timed(user, query, rounds) for query in queries],
    }


if __name__ == "__main__":
    main()
