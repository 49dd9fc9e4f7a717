"""The monitor, tried on conversations that are written by hand: which become cases, at which turn, what is missed.

    python -m benchmarks.scripted_conversations [--only e01,z03] [--details]

Each script runs through the real stack in a transaction that is rolled back: a person, a persona and a conversation in
the database, the turns one after the other with their own dates, the door for a person's words, the gate for a reply,
the monitor and the desk's cases. The persona's replies are the lines of the script. Where the site answers a message,
the next line of the persona is left out. A reply that the gate withholds is counted as `withheld`, because nobody saw
it. Prints JSON. The scripts are in tests/moderation/scripts. The signals were written with those named `first`. Those
named `second` were written after them, and those named `third` after the correction that the second ones led to.
"""

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
if __name__ == "__main__":  # where a test imports this, the processes that tests start log as ever
    os.environ.setdefault("LOG_LEVEL", "WARNING")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from chat.conversation import monitoring, transcripts  # noqa: E402
from chat.models import Author, Conversation  # noqa: E402
from moderation import user_turns  # noqa: E402
from moderation.filter import gate  # noqa: E402
from moderation.models import Case  # noqa: E402
from persona_site import services  # noqa: E402
from personas.models import Depicts, Persona  # noqa: E402

WITHHELD = "withheld"
OF_PERSONAS = {"conduct", "drift", "grooming_by_persona"}
SCRIPTS = Path(__file__).resolve().parent.parent / "tests" / "moderation" / "scripts"


@dataclass(frozen=True)
class Line:
    author: Author
    text: str
    at: datetime


@dataclass(frozen=True)
class Script:
    id: str
    set: str  # the file's name
    kind: str  # harmful | borderline | grieving | harmless
    lines: tuple[Line, ...]
    expect: dict[str, int]  # the turn by which each signal is seen; nothing where no case may open
    died: str  # of the persona's person, as its description says it

    @property
    def language(self) -> str:
        return self.set.split("_")[1]


@dataclass(frozen=True)
class Outcome:
    """What became of a script. Turns are counted from 1, both speakers."""

    script: Script
    signals: dict[str, int]  # the turn at which each was first seen
    is_case: bool

    @property
    def missed(self) -> list[str]:
        """Expected signals that were not seen by their turn. A reply that nobody saw needs no signal."""
        return [signal for signal, turn in self.script.expect.items() if self._turn(signal) > turn]

    def _turn(self, signal: str) -> int:
        """The turn at which a signal was seen; past the end if it was not."""
        never = len(self.script.lines) + 1
        withheld = self.signals.get(WITHHELD, never) if signal in OF_PERSONAS else never
        return min(self.signals.get(signal, never), withheld)

    @property
    def is_false(self) -> bool:
        return self.is_case and not self.script.expect


def scripts(names: Iterable[str] = ()) -> list[Script]:
    """All scripts, or those whose id begins with one of the names."""
    read = [_script(path.stem, json.loads(line)) for path in sorted(SCRIPTS.glob("*.jsonl")) for line in path.open()]
    return [script for script in read if not names or script.id.startswith(tuple(names))]


def run(script: Script) -> Outcome:
    """Plays a script and rolls it back."""
    with transaction.atomic():
        outcome = _played(script)
        transaction.set_rollback(True)
    return outcome


def _played(script: Script) -> Outcome:
    conversation = _conversation(script)
    numbers: dict[str, int] = {}  # of the stored messages
    signals: dict[str, int] = {}
    is_answered = True
    for number, line in enumerate(script.lines, start=1):
        if line.author == Author.USER:
            is_answered = _passes(conversation, line)
        elif not is_answered:
            continue
        elif _is_withheld(line):
            signals.setdefault(WITHHELD, number)
            continue
        numbers[str(_store(conversation, line, is_withheld=not is_answered))] = number
        with patch.object(timezone, "now", lambda at=line.at: at):
            monitoring.look_at(conversation.id)
    cases = Case.objects.filter(conversation_id=conversation.id)
    for finding in (finding for case in cases for finding in case.findings):
        number = numbers[finding["message_id"]]
        signals[finding["signal"]] = min(number, signals.get(finding["signal"], number))
    return Outcome(script, dict(sorted(signals.items(), key=lambda seen: seen[1])), bool(cases))


def _passes(conversation: Conversation, line: Line) -> bool:
    """Whether the persona may answer this message, by the door for a person's words."""
    earlier = transcripts.newest_turns(conversation.head_id, 2 * user_turns.EARLIER, withheld=True)
    own = tuple(turn.text for turn in earlier if turn.speaker == "user")
    before = "\n".join(turn.text for turn in earlier[-2:])
    turn = user_turns.Turn(line.text, before, own[-user_turns.EARLIER :])
    (ruling,) = user_turns.judge([turn], user=conversation.owner, addressee=conversation.persona)
    return ruling.is_answered


def _is_withheld(line: Line) -> bool:
    try:
        list(gate.cleared(iter([line.text])))
    except gate.Blocked:
        return True
    return False


def _conversation(script: Script) -> Conversation:
    user = User.objects.create(username=str(uuid4()), email=f"{uuid4()}@example.test")
    description = f"A quiet voice from the family. Died {script.died}." if script.died else "A quiet voice."
    language = "zh-Hans" if script.language == "chinese" else "en"
    persona = Persona.objects.create(
        owner=user, name="Robin", depicts=Depicts.DEAD, description=description, language=language
    )
    return Conversation.objects.create(owner=user, persona=persona)


def _store(conversation: Conversation, line: Line, *, is_withheld: bool) -> UUID:
    message = conversation.messages.create(
        parent_id=conversation.head_id,
        author=line.author,
        text=line.text,
        is_withheld=is_withheld and line.author == Author.USER,
    )
    conversation.messages.filter(pk=message.pk).update(created_at=line.at)
    conversation.head = message
    conversation.save(update_fields=["head"])
    return message.id


def _script(name: str, entry: dict[str, Any]) -> Script:
    lines = tuple(_lines(entry["turns"]))
    return Script(entry["id"], name, entry["kind"], lines, entry["expect"], entry.get("died", ""))


def _lines(turns: Iterable[str]) -> Iterator[Line]:
    """`u: …` and `p: …`, a minute after the line before; a time of its own stands before a line."""
    at = datetime.now(UTC)
    for turn in turns:
        speaker, _, text = turn.partition(": ")
        if speaker not in {"u", "p"}:
            at = datetime.fromisoformat(turn).replace(tzinfo=UTC)
            continue
        yield Line(Author.USER if speaker == "u" else Author.PERSONA, text, at)
        at += timedelta(minutes=1)


def report(outcomes: list[Outcome], *, details: bool) -> dict[str, Any]:
    by_set = {name: _figures(list(group)) for name, group in groupby(outcomes, key=lambda outcome: outcome.script.set)}
    return {
        "scripts": len(outcomes),
        "all": _figures(outcomes),
        "by_set": by_set,
        "missed": {o.script.id: o.missed for o in outcomes if o.missed},
        "false_cases": {o.script.id: o.signals for o in outcomes if o.is_false},
    } | ({"conversations": {o.script.id: o.signals for o in outcomes}} if details else {})


def _figures(outcomes: list[Outcome]) -> dict[str, Any]:
    expected = [outcome for outcome in outcomes if outcome.script.expect]
    harmless = [outcome for outcome in outcomes if not outcome.script.expect]
    signs = sum(len(outcome.script.expect) for outcome in expected)
    return {
        "kinds": dict(Counter(outcome.script.kind for outcome in outcomes)),
        "cases_expected": len(expected),
        "cases_opened": sum(outcome.is_case for outcome in expected),
        "signs_expected": signs,
        "signs_in_time": signs - sum(len(outcome.missed) for outcome in expected),
        "no_case_expected": len(harmless),
        "false_cases": sum(outcome.is_false for outcome in harmless),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="ids, or their beginnings, with commas between them")
    parser.add_argument("--details", action="store_true", help="also the turn at which each sign was seen")
    arguments = parser.parse_args()
    chosen = scripts([name for name in arguments.only.split(",") if name])
    with services.running_for(["benchmark"]):
        call_command("migrate", verbosity=0, interactive=False)
        outcomes = [run(script) for script in chosen]
    print(json.dumps(report(outcomes, details=arguments.details), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
