"""Makes a persona from files, through the same doors as the form."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.management import terminal
from accounts.usage.quotas import QuotaExceeded
from personas import cards, creation, refusals
from personas.archive import restoring
from personas.forms import LANGUAGES, PersonaForm
from personas.importers.archives import zips
from personas.importers.base import ImportFailed
from personas.importers.cards import afterword, character_card
from personas.importers.summary import Summary
from personas.models import Depicts, Persona, Source, SourceStatus
from personas.persona_fields import PersonaFields
from personas.reading import importing, parsing, reading_progress
from personas.rights import import_consent
from personas.way_in import drafts
from text import cleaning


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
            "--depicts",
            choices=Depicts.values,
            help="Who the persona depicts. The default: what an archive says, else fictional.",
        )
        parser.add_argument(
            "--language", metavar="TAG", help="Such as en or zh-Hans. The default: what an archive says, else en."
        )
        terminal.add_user(parser)
        parser.add_argument(
            "--agree", action="store_true", help="The owner agrees to the import, as the form of a persona words it."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only prints the result of reading the files.")
        parser.add_argument("--json", action="store_true", help="Prints JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with ExitStack() as stack:
                report = self._run(stack, options)
        except (ImportFailed, refusals.CreationRefused, QuotaExceeded) as failure:
            raise CommandError(failure.user_message) from None
        except KeyboardInterrupt:
            raise CommandError("Cancelled. Nothing was kept.") from None
        self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2) if options["json"] else _plain(report))

    def _run(self, stack: ExitStack, options: dict[str, Any]) -> dict[str, Any]:
        # 1. Read every file before anything is written.
        _fields(options, None)  # a wrong option is told before minutes of reading
        opened = [(path, stack.enter_context(_open(path))) for path in options["files"]]
        read = [(path, stream, *_understood(path, stream)) for path, stream in opened]
        speakers = [_speakers(options["speaker"], summary, path, stream) for path, stream, summary, _ in read]
        found = [card for *_, card in read if card]
        report = _merged([(path, summary) for path, _, summary, _ in read], speakers)
        if options["dry_run"]:
            return report
        # 2. Make the persona and add its words, all or nothing.
        if not options["agree"]:
            raise CommandError(f"Nothing was imported. Add --agree if this is so: {import_consent.TEXT}")
        owner = terminal.person(options["user"])
        fields = _fields(options, found[0] if found else None)
        with transaction.atomic():
            picture = next((card.picture for card in found if card.picture), None)
            persona = creation.create_persona(owner=owner, fields=fields, avatar=picture)
            import_consent.record(owner, persona)
            sources: list[Source] = []
            try:
                for (path, stream, summary, _), names in zip(read, speakers, strict=True):
                    for number, words in enumerate(_stored(path, stream, summary, names)):
                        sources.append(_added(persona, words, summary, options["me"], is_counted=not number))
                        _import(sources[-1], path)
            except BaseException:
                persona.avatar.delete(save=False)  # a rollback does not delete files
                for source in sources:
                    source.file.delete(save=False)
                raise
            if sources:
                restoring.restore(persona)
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


@dataclass(frozen=True)
class _Words:
    """What becomes one source. `names` are those of the persona in it, at least one."""

    stream: BinaryIO
    name: str
    format: str
    names: list[str]


def _stored(path: str, stream: BinaryIO, summary: Summary, names: list[str]) -> Iterator[_Words]:
    """The file itself, or each source of an archive of a persona."""
    if summary.format != afterword.Afterword.name:
        yield _Words(stream, Path(path).name, summary.format, names)
        return
    budget = zips.Budget()
    with zips.opened(stream) as archive:
        for source in afterword.packed_sources(archive):
            with afterword.unpacked(archive, source.path, budget=budget) as words:
                yield _Words(words, source.name, afterword.AfterwordWords.name, [source.speaker])


def _added(persona: Persona, words: _Words, summary: Summary, own_names: list[str], *, is_counted: bool) -> Source:
    """Stores words for the persona. The sources of an archive count as one upload."""
    assert persona.owner is not None
    words.stream.seek(0)
    return creation.add_source(
        user=persona.owner,
        persona=persona,
        file=words.stream,
        name=drafts.file_name(words.name),
        format=words.format,
        speaker=words.names[0],
        aliases=words.names[1:],
        own_names=[name for name in own_names if name in summary.speakers],
        is_counted=is_counted,
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
    """Raises CommandError."""
    path = Path(name)
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
        raise CommandError(f"{name!r} cannot be opened: {reason}.") from None
    if not path.is_file():
        file.close()
        raise CommandError(f"{name} is no file on a disk. Store its words in a file, and name that.")
    return file


def _understood(path: str, stream: BinaryIO) -> tuple[Summary, character_card.CardFields | None]:
    show = _bar(path, "Reading")
    with parsing.opened(stream, name=Path(path).name) as reading:
        for _ in reading_progress.followed(reading, stream, Path(path).stat().st_size, tell=show):
            pass
    show(100)
    return reading.summary, reading.card


def _speakers(wanted: list[str] | None, summary: Summary, path: str, stream: BinaryIO) -> list[str]:
    """The names of the persona in a file, at least one. An archive of a persona says them itself."""
    if summary.format == afterword.Afterword.name:
        with zips.opened(stream) as archive:
            return list(dict.fromkeys(source.speaker for source in afterword.packed_sources(archive))) or [""]
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
        {"file": cleaning.clean(path), "speaker": names[0], **summary.as_json()}
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


def _fields(options: dict[str, Any], card: character_card.CardFields | None) -> PersonaFields:
    """What the form makes of the options and of a card. Raises CommandError."""
    typed = {"depicts": Depicts.FICTIONAL.value, "language": "en", **(cards.form_fields(card) if card else {})}
    for name in ("name", "depicts", "language"):
        if (value := options[name]) is not None:
            if cleaning.clean(value) != value:
                raise CommandError(f"--{name} has characters that cannot be stored. Write it without them.")
            typed[name] = _tag(value) if name == "language" else value
    form = PersonaForm(typed | {"declaration": "on"}, card=card.card if card else None)
    if not form.is_valid():
        faults = (f"{form.fields[name].label}: {text}" for name, texts in form.errors.items() for text in texts)
        raise CommandError(" ".join(faults))
    return form.persona_fields()


def _tag(language: str) -> str:
    """The form's tag for a language: its own spelling, or the first of `zh`. Raises CommandError."""
    wanted = language.casefold()
    tags = [tag for tag, _ in LANGUAGES]
    for tag in tags:
        if wanted in {tag.casefold(), tag.partition("-")[0]}:
            return tag
    raise CommandError(f"--language must be one of {', '.join(tags)}. You gave {language[:40]!r}.")


def _plain(report: dict[str, Any]) -> str:
    lines = [f"Format: {report['format']}", f"Messages: {report['messages']}"]
    lines += [f"  {name or 'the unnamed author'}: {count}" for name, count in report["speakers"].items()]
    lines += [f"From {report['first']} to {report['last']}"] if report["first"] else []
    lines += [f"Left out: {count} {reason}" for reason, count in report["skipped"].items()]
    lines += report.get("remarks", [])
    lines += [f"Persona: {report['persona']}"] if "persona" in report else []
    return "\n".join(lines)
