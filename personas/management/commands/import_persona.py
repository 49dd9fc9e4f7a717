"""Makes a persona from files, through the same doors as the form."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Role, User
from accounts.quotas import QuotaExceeded
from personas import creation
from personas.creation import PersonaFields
from personas.importers import character_card
from personas.importers.base import ImportFailed
from personas.importers.summary import Summary
from personas.models import Depicts, Persona, Source, SourceStatus
from personas.reading import importing, parsing, reading_progress
from personas.rights import import_consent
from text import graphemes


class Command(BaseCommand):
    help = "Makes a persona from files: letters, exports of chats, transcripts, character cards."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--name", required=True, help="The persona's name.")
        parser.add_argument(
            "--speaker",
            action="append",
            help="A name of the persona in the files, by default that with the most lines. It can be given again.",
        )
        parser.add_argument("--me", action="append", default=[], help="A name of the persona's owner in the files.")
        parser.add_argument(
            "--depicts", choices=Depicts.values, default=Depicts.FICTIONAL.value, help="Who the persona depicts."
        )
        parser.add_argument("--language", default="en", help="BCP 47 tag, such as en or zh-Hans.")
        parser.add_argument("--user", help="The persona's owner, by name or e-mail; by default the site's owner.")
        parser.add_argument(
            "--agree", action="store_true", help="The owner agrees to the import, as the form of a persona words it."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only prints the result of reading the files.")
        parser.add_argument("--json", action="store_true", help="Prints JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with ExitStack() as stack:
                report = self._run(stack, options)
        except (ImportFailed, creation.CreationRefused, QuotaExceeded) as failure:
            raise CommandError(failure.user_message) from None
        except KeyboardInterrupt:
            raise CommandError("Cancelled. Nothing was kept.") from None
        self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2) if options["json"] else _plain(report))

    def _run(self, stack: ExitStack, options: dict[str, Any]) -> dict[str, Any]:
        # 1. Read every file before anything is written.
        opened = [(path, stack.enter_context(_open(path))) for path in options["files"]]
        read = [(path, stream, *_understood(path, stream)) for path, stream in opened]
        speakers = [_speakers(options["speaker"], summary, path) for path, _, summary, _ in read]
        cards = [card for *_, card in read if card]
        report = _merged([(path, summary) for path, _, summary, _ in read], speakers)
        if options["dry_run"]:
            return report
        # 2. Make the persona and add its words, all or nothing.
        if not options["agree"]:
            raise CommandError(f"Nothing was imported. Add --agree if this is so: {import_consent.TEXT}")
        owner = _owner(options["user"])
        fields = _fields(options, cards[0] if cards else None)
        with transaction.atomic():
            picture = next((card.picture for card in cards if card.picture), None)
            persona = creation.create_persona(owner=owner, fields=fields, avatar=picture)
            import_consent.record(owner, persona)
            sources: list[Source] = []
            try:
                for (path, stream, summary, _), names in zip(read, speakers, strict=True):
                    sources.append(_added(persona, path, stream, summary, names, options["me"]))
                    _import(sources[-1], path)
            except BaseException:
                persona.avatar.delete(save=False)  # a rollback does not delete files
                for source in sources:
                    source.file.delete(save=False)
                raise
        creation.queue_embedding(persona.pk)
        return report | {"persona": str(persona.pk), "passages": persona.passages.count()}


def _bar(path: str, what: str) -> Callable[[int], None]:
    """Shows a progress in percent on the terminal, if there is one."""

    def show(percent: int) -> None:
        if sys.stderr.isatty():
            done, end = "#" * (percent // 5), "\n" if percent == 100 else ""
            sys.stderr.write(f"\r{what} {Path(path).name} [{done:<20}] {percent:3} %{end}")
            sys.stderr.flush()

    return show


def _added(
    persona: Persona, path: str, stream: BinaryIO, summary: Summary, names: list[str], own_names: list[str]
) -> Source:
    """Stores one file for the persona."""
    assert persona.owner is not None
    stream.seek(0)
    return creation.add_source(
        user=persona.owner,
        persona=persona,
        file=stream,
        name=Path(path).name,
        format=summary.format,
        speaker=names[0],
        aliases=names[1:],
        own_names=[name for name in own_names if name in summary.speakers],
    )


def _import(source: Source, path: str) -> None:
    """Reads a file's words into the persona. Raises CommandError."""
    show = _bar(path, "Importing")
    importing.import_source(source.pk, tell=show)  # within the transaction, so no worker reads the source first
    show(100)
    read = Source.objects.get(pk=source.pk)
    if read.status != SourceStatus.READY:
        unjudged = "The filter cannot judge its words now. Nothing was kept; try again when /readyz says that it works."
        raise CommandError(f"{path}: {read.error or unjudged}")


def _open(name: str) -> BinaryIO:
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise CommandError(f"{name} cannot be opened: {error.strerror}.") from None


def _understood(path: str, stream: BinaryIO) -> tuple[Summary, character_card.CardFields | None]:
    show = _bar(path, "Reading")
    with parsing.opened(stream, name=Path(path).name) as reading:
        for _ in reading_progress.followed(reading, stream, Path(path).stat().st_size, tell=show):
            pass
    show(100)
    return reading.summary, reading.card


def _speakers(wanted: list[str] | None, summary: Summary, path: str) -> list[str]:
    """The names of the persona in a file, at least one."""
    if not summary.speakers:
        return [""]
    if names := [name for name in wanted or [] if name in summary.speakers]:
        return names
    if wanted is None or "" in summary.speakers or summary.format == "character-card":
        return [next((name for name, _ in summary.speakers.most_common() if name != character_card.USER), "")]
    listed = ", ".join(name or "the unnamed author" for name in summary.speakers)
    raise CommandError(f"{path} has no speaker {wanted[0]!r}. Choose one of: {listed}.")


def _merged(files: list[tuple[str, Summary]], speakers: list[list[str]]) -> dict[str, Any]:
    parts = [
        {"file": path, "speaker": names[0], **summary.as_json()}
        for (path, summary), names in zip(files, speakers, strict=True)
    ]
    if len(parts) == 1:
        return parts[0]
    counts: dict[str, dict[str, int]] = {"speakers": {}, "skipped": {}}
    for part in parts:
        for key, total in counts.items():
            for name, count in part[key].items():
                total[name] = total.get(name, 0) + count
    return {
        "format": ", ".join(sorted({part["format"] for part in parts})),
        "messages": sum(part["messages"] for part in parts),
        **counts,
        "first": min(filter(None, (part["first"] for part in parts)), default=None),
        "last": max(filter(None, (part["last"] for part in parts)), default=None),
        "files": parts,
    }


def _owner(name: str | None) -> User:
    people = User.objects.filter(is_active=True)
    if name is None:
        owner = people.filter(role=Role.OWNER).order_by("pk").first()
        if owner is None:
            raise CommandError(
                "The site has no owner yet. Open the link that `manage.py owner_token` prints, or give --user."
            )
        return owner
    owner = people.filter(username=name).first() or people.filter(email__iexact=name).order_by("pk").first()
    if owner is None:
        raise CommandError(f"No active account has the name or e-mail address {name!r}.")
    return owner


def _fields(options: dict[str, Any], card: character_card.CardFields | None) -> PersonaFields:
    basic = {
        "name": graphemes.beginning(options["name"], 80),
        "depicts": options["depicts"],
        "language": options["language"],
    }
    if card is None:
        return PersonaFields(**basic)
    return PersonaFields(
        **basic,
        description="\n\n".join(filter(None, [card.description, card.personality])),
        scenario=card.scenario,
        opening_line=card.opening_line,
        examples=[[list(turn) for turn in exchange] for exchange in card.examples],
        card=card.card,
    )


def _plain(report: dict[str, Any]) -> str:
    lines = [f"Format: {report['format']}", f"Messages: {report['messages']}"]
    lines += [f"  {name or 'the unnamed author'}: {count}" for name, count in report["speakers"].items()]
    lines += [f"From {report['first']} to {report['last']}"] if report["first"] else []
    lines += [f"Left out: {count} {reason}" for reason, count in report["skipped"].items()]
    lines += report.get("remarks", [])
    lines += [f"Persona: {report['persona']}"] if "persona" in report else []
    return "\n".join(lines)
