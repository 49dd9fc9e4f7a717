"""Counts the records of an importer."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from personas.importers.base import Utterance
from text import graphemes

# Why a record is skipped. Reports keep the English words, and pages translate them.
REASONS = (
    gettext_noop("media"),
    gettext_noop("empty"),
    gettext_noop("system"),
    gettext_noop("too long"),
    gettext_noop("call"),
    gettext_noop("unreadable"),
    gettext_noop("forwarded"),
    gettext_noop("file of another kind"),
    gettext_noop("sound"),
    gettext_noop("heading"),
    gettext_noop("from a bot"),
    gettext_noop("file that cannot be read"),
    gettext_noop("draft"),
    gettext_noop("deleted"),
    gettext_noop("date line"),
    gettext_noop("before the first message"),
    gettext_noop("before the first name"),
    gettext_noop("shown twice"),
    gettext_noop("page without words"),
    gettext_noop("without text"),
    gettext_noop("spam"),
    gettext_noop("short form of a long post"),
    gettext_noop("repost"),
    gettext_noop("quotation or signature"),
    gettext_noop("printed matter before the text"),
    gettext_noop("only quoted or signed"),
    gettext_noop("note in brackets"),
    gettext_noop("tool"),
    gettext_noop("in another layout"),
    gettext_noop("archive inside the archive"),
    gettext_noop("empty file"),
    gettext_noop("picture"),
    gettext_noop("video"),
    gettext_noop("sound recording"),
    gettext_noop("character card (upload it by itself)"),
    gettext_noop("broken copy of the card"),
    gettext_noop("third speaker"),
    gettext_noop("twice in the file"),
    gettext_noop("of another kind"),
    gettext_noop("shared from others"),
    gettext_noop("quotation"),
    gettext_noop("reaction"),
    gettext_noop("automatic"),
    gettext_noop("code"),
    gettext_noop("place and date"),
    gettext_noop("page number"),
    gettext_noop("separating line"),
    gettext_noop("signature"),
    gettext_noop("address"),
    gettext_noop("time"),
)
SAMPLES = 3  # lines shown per speaker
_SAMPLE_CHARACTERS = 160
MOST_SPEAKERS = 500


@dataclass
class Summary:
    format: str
    speakers: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[str]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)
    first: datetime | None = None
    last: datetime | None = None

    def count(self, utterances: Sequence[Utterance]) -> None:
        """Counts utterances that follow those before."""
        for speaker, count in Counter(utterance.speaker for utterance in utterances).items():
            if speaker in self.speakers or len(self.speakers) < MOST_SPEAKERS:
                self.speakers[speaker] += count
                self.samples.setdefault(speaker, [])
        if any(len(samples) < SAMPLES for samples in self.samples.values()):
            self._sample(utterances)
        times = [utterance.sent_at for utterance in utterances if utterance.sent_at is not None]
        if times:
            self.first = min(self.first or times[0], *times)
            self.last = max(self.last or times[0], *times)

    def _sample(self, utterances: Iterable[Utterance]) -> None:
        for utterance in utterances:
            samples = self.samples.get(utterance.speaker)
            if samples is not None and len(samples) < SAMPLES and len(utterance.text) > 12:
                samples.append(graphemes.beginning(utterance.text, _SAMPLE_CHARACTERS))

    @property
    def messages(self) -> int:
        return self.speakers.total()

    def as_json(self) -> dict[str, Any]:
        """The value of `Source.report`: counts, times, speaker names and remarks, but no message text."""
        return {
            "format": self.format,
            "messages": self.messages,
            "speakers": dict(self.speakers.most_common()),
            "skipped": dict(self.skipped.most_common()),
            "remarks": self.remarks,
            "first": _clock(self.first),
            "last": _clock(self.last),
        }


def _clock(moment: datetime | None) -> str | None:
    """Wall-clock time as in the file, since exports give no zone."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") if moment else None
