"""The first talk on a fresh site: how soon the link is printed, and how quick the replies after it are.

    python -m benchmarks.first_talk [--people 8] [--rounds 3]

Starts a site with an empty state folder, where no model is prepared. When its link is printed, so many people sign up,
and all of them write at once. They do so again in new conversations, `rounds` times in all, so that the first talk can
be compared with later ones. Prints JSON. Traffic stays on loopback.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from benchmarks.websocket import summary, talk
from tests.site import Site, Visitor


def measured(people: int, rounds: int) -> dict[str, Any]:
    site = Site(MESSAGES_PER_HOUR="100000")
    (site.state / "models").mkdir()  # not the models that tests share
    began = time.monotonic()
    try:
        site.start(speaking=False)
        link = time.monotonic()
        persona = str(site.rows("SELECT id FROM personas_persona WHERE name = 'Samantha'")[0][0])
        with ThreadPoolExecutor(people) as pool:
            visitors = list(pool.map(partial(_signed_up, site), range(people)))
            asked = time.monotonic()
            talks = []
            for _ in range(rounds):
                started = time.monotonic()
                replies = [turn for turns in pool.map(lambda each: talk(each, persona, 1), visitors) for turn in turns]
                talks.append(summary(replies, time.monotonic() - started))
    finally:
        site.stop()
        site.remove()
    return {"link_s": round(link - began, 1), "from_link_to_talk_s": round(asked - link, 1), "talks": talks}


def _signed_up(site: Site, number: int) -> Visitor:
    visitor = Visitor(site)
    visitor.sign_up(f"person-{number}")
    return visitor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    json.dump(measured(options.people, options.rounds), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
