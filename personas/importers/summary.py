"""Counts the records of an importer while they pass."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from personas.importers.base import Record, Remark, Skipped, Utterance
from text import graphemes

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

    def watch(self, records: Iterable[Record]) -> Iterator[Utterance]:
        """Passes the utterances on and counts everything."""
        for record in records:
            match record:
                case Skipped(reason):
                    self.skipped[reason] += 1
                case Remark(text):
                    self.remarks.append(text)
                case Utterance():
                    self._count(record)
                    yield record

    def _count(self, utterance: Utterance) -> None:
        speaker = utterance.speaker
        if speaker not in self.speakers and len(self.speakers) >= MOST_SPEAKERS:
            return
        self.speakers[speaker] += 1
        speaker_samples = self.samples.setdefault(speaker, [])
        if len(speaker_samples) < SAMPLES and len(utterance.text) > 12:
            speaker_samples.append(graphemes.beginning(utterance.text, _SAMPLE_CHARACTERS))
        if utterance.sent_at:
            self.first = min(self.first or utterance.sent_at, utterance.sent_at)
            self.last = max(self.last or utterance.sent_at, utterance.sent_at)

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
