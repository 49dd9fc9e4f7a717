"""Subtitles (.srt, .vtt, .sbv, .ass, .sub), as of films, talks and videos with captions, and lyrics (.lrc). Their
pieces are joined to sentences.

A voice that WebVTT names (<v Ana>) is the speaker, and so is a name before a colon if it recurs. Otherwise the words
are taken as those of one author, and the person is told.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.documents import document
from personas.importers.documents.document import Block
from personas.importers.encodings import decoding

_TIMES = re.compile(
    r"\s{0,4}(?P<start>(?:\d{1,3}:)?\d{1,2}:\d\d[.,]\d{1,3})\s{0,4}-->\s{0,4}(?P<end>(?:\d{1,3}:)?\d{1,2}:\d\d[.,]\d{1,3})(?:\s.{0,200})?"
)
_SBV_TIMES = re.compile(r"(\d{1,2}:\d\d:\d\d\.\d{2,3}),(\d{1,2}:\d\d:\d\d\.\d{2,3})")  # also of SubViewer
# MicroDVD counts frames: {100}{150}text. Its first cue may say how many make a second.
_FRAMES = re.compile(r"\{(?P<start>\d{1,7})\}\{(?P<end>\d{0,7})\}(?P<text>.*)")
_RATE = re.compile(r"\d{2,3}(?:\.\d{1,6})?")
_USUAL_RATE = 25.0
_LEAST_RATE, _MOST_RATE = 10, 120
_LYRICS = re.compile(r"((?:\[\d{1,3}:\d\d\.\d{1,3}\])++)(.*)")  # a chat has no fractions of seconds
_OF_SONG = re.compile(
    r"\[[a-z]{2,8}:[^\[\]\n]{0,200}\]"
    r"|(?:作词|作曲|编曲|作詞|編曲|制作|制作人|演唱|Lyrics by|Composed by)\s?[:：].{0,100}"
)
_WORD_TIME = re.compile(r"<\d{1,3}:\d\d(?:[.:]\d{1,3})?>")
_EVENTS = "[events]"
_VOICE = re.compile(r"<v(?:\.[^\s>]{1,60})? (?P<name>[^<>\n]{1,80})>")
_TAG = re.compile(r"</?[A-Za-z0-9:.][^<>\n]{0,200}>|\{(?:\\|[A-Za-z]:)[^{}\n]{0,100}\}")
_SOUND_ONLY = re.compile(r"\A(?:[\[(（【][^\[\]()（）【】\n]{0,120}+[\])）】]|[♪♫][^♪♫\n]{0,200}+[♪♫]?+|[-–]\s?+)++")
_DASH = re.compile(r"[-–—]\s?(?=\S)")
_ENDS = re.compile(r"[.!?…。！？][\"'”’»)]*$")
_CLOCK = re.compile(r"(?:\d{1,3}:)?\d{1,2}:\d\d\.\d{1,3}")
_LONGEST_SENTENCE = 300  # characters; captions that were made by a machine have no full stops
_PAUSE = 4.0  # seconds
_LONGEST_CUE = 4_000  # characters


@dataclass(frozen=True)
class _Cue:
    start: float
    end: float
    place: str
    lines: tuple[str, ...]


class Subtitles:
    name = "subtitles"

    def sniff(self, head: bytes, name: str) -> float:
        lines = decoding.decode_head(head).splitlines()[:300]
        cues = sum(_TIMES.fullmatch(line[:300]) is not None for line in lines)
        filled = sum(bool(line.strip()) for line in lines)
        is_vtt = bool(lines) and lines[0].startswith("WEBVTT")
        sung = sum(_LYRICS.fullmatch(line[:300]) is not None for line in lines)
        if _is_script(lines) or sung * 2 >= max(4, filled):
            return 0.97
        cues += sum(_SBV_TIMES.fullmatch(line[:60]) is not None for line in lines)
        if sum(_FRAMES.fullmatch(line[:300]) is not None for line in lines) * 2 >= max(4, filled):
            return 0.97
        return 0.97 if cues and (is_vtt or (cues >= 2 and cues * 8 >= filled)) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        head = decoding.decode_head(stream.read(decoding.HEAD_BYTES)).splitlines()[:300]
        lines = decoding.lines(stream, encoding)
        if any(_LYRICS.fullmatch(line[:300]) for line in head):
            yield from _lyrics(lines)
            return
        if any(_FRAMES.fullmatch(line[:300]) for line in head):
            cues = list(_of_frames(lines))
        else:
            cues = list(_script(lines) if _is_script(head) else _cues(lines))
        if not cues:
            raise DamagedFile(gettext("This file holds no subtitles with times such as 00:01:02,500 --> 00:01:04,000."))
        voices = [cue for cue in cues if _VOICE.search("\n".join(cue.lines))]
        if voices:
            yield from _spoken(cues)
            return
        yield from (Skipped("sound", cue.place) for cue in cues if not _words(cue))
        records = list(document.records(_sentences(cues)))
        if all(record.speaker == "" for record in records if isinstance(record, Utterance)):
            yield Remark(gettext("Subtitles do not say who speaks, so all words are taken as those of one person."))
        yield from records


def _is_script(lines: list[str]) -> bool:
    """Whether the file is one of Aegisub (.ass, .ssa)."""
    sections = {line.strip().casefold() for line in lines if line.startswith("[")}
    return "[script info]" in sections or _EVENTS in sections


def _script(lines: Iterable[tuple[int, str]]) -> Iterator[_Cue]:
    """The dialogue of a script. The name in its column is the voice."""
    columns: list[str] = []
    for _, line in lines:
        kind, _, values = line.partition(":")
        if kind == "Format":
            columns = [column.strip().casefold() for column in values.split(",")]
        if kind != "Dialogue" or not {"start", "end", "text"} <= set(columns):
            continue
        fields = dict(zip(columns, (value.strip() for value in values.split(",", len(columns) - 1)), strict=False))
        times = [fields.get(name, "") for name in ("start", "end")]
        if not all(_CLOCK.fullmatch(time) for time in times):
            continue
        text = fields.get("text", "")[:_LONGEST_CUE].replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
        name = fields.get("name", fields.get("actor", ""))[:80].replace("<", "").replace(">", "")
        voiced = f"<v {name}>{text}" if name else text
        yield _Cue(_seconds(times[0]), _seconds(times[1]), times[0].partition(".")[0], tuple(voiced.split("\n")))


def _of_frames(lines: Iterable[tuple[int, str]]) -> Iterator[_Cue]:
    """The pieces of MicroDVD. A bar ends a line, and what was cut off a long line is passed over."""
    rate = _USUAL_RATE
    for _, line in lines:
        match = _FRAMES.fullmatch(line[:_LONGEST_CUE])
        if match is None:
            continue
        text = match["text"].strip()
        if match["start"] in {"0", "1"} and _RATE.fullmatch(text) and _LEAST_RATE <= float(text) <= _MOST_RATE:
            rate = float(text)
            continue
        start = int(match["start"]) / rate
        minutes, seconds = divmod(int(start), 60)
        place = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
        yield _Cue(start, int(match["end"] or match["start"]) / rate, place, tuple(text.split("|")))


def _lyrics(lines: Iterable[tuple[int, str]]) -> Iterator[Record]:
    """The lines of a song, each once, without what tells of the song."""
    sung: set[str] = set()
    for number, line in lines:
        match = _LYRICS.fullmatch(line[:_LONGEST_CUE])
        text = _WORD_TIME.sub("", match[2] if match else line[:_LONGEST_CUE]).strip()
        if _OF_SONG.fullmatch(text):
            yield Skipped("heading", f"line {number}")
        elif text and text not in sung:
            sung.add(text)
            yield Utterance("", text, None, f"line {number}")


def _cues(lines: Iterable[tuple[int, str]]) -> Iterator[_Cue]:
    """The pieces with their times. Lines above the first, notes and styles are passed over."""
    head: re.Match[str] | None = None
    gathered: list[str] = []
    length = 0
    for _, line in lines:
        match = _TIMES.fullmatch(_SBV_TIMES.sub(r"\1 --> \2", line[:300], count=1))
        if match is None and line.strip():
            length += len(line)
            if head is not None and length <= _LONGEST_CUE:
                gathered.append(line.strip())
            continue
        if head is not None and (gathered or match):
            # Above a cue may stand its number, without a blank line between.
            yield _cue(head, gathered[:-1] if match and gathered[-1:] and gathered[-1].isdecimal() else gathered)
        if match is not None or gathered:
            head, gathered, length = match, [], 0
    if head is not None and gathered:
        yield _cue(head, gathered)


def _cue(head: re.Match[str], lines: list[str]) -> _Cue:
    start = head["start"].replace(",", ".")
    return _Cue(_seconds(start), _seconds(head["end"].replace(",", ".")), start.partition(".")[0], tuple(lines))


def _seconds(text: str) -> float:
    seconds = 0.0
    for part in text.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def _plain(line: str) -> str:
    return (
        _TAG.sub("", line)
        .replace("[br]", " ")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .strip()
    )


def _words(cue: _Cue) -> list[str]:
    """The lines of a cue that hold words, without marks."""
    plain = (_plain(line) for line in cue.lines)
    return [line for line in plain if line and not _SOUND_ONLY.fullmatch(line)]


def _spoken(cues: Iterable[_Cue]) -> Iterator[Record]:
    """What each named voice says. A cue may hold several voices."""
    for cue in cues:
        text = "\n".join(cue.lines)
        starts = list(_VOICE.finditer(text))
        if not starts:
            words = " ".join(_words(cue))
            yield Utterance("", words, None, cue.place) if words else Skipped("sound", cue.place)
        for index, match in enumerate(starts):
            end = starts[index + 1].start() if index + 1 < len(starts) else len(text)
            words = " ".join(_plain(line) for line in text[match.end() : end].split("\n")).strip()
            yield Utterance(match["name"].strip(), words, None, cue.place) if words else Skipped("sound", cue.place)


def _sentences(cues: Iterable[_Cue]) -> Iterator[Block]:
    """Pieces joined until a sentence ends, a pause comes, or another begins to speak (a dash)."""
    pieces: list[str] = []
    place, end = "", 0.0
    last = ""
    for cue in cues:
        for line in _words(cue):
            if line == last:  # captions that roll show each line twice
                continue
            last = line
            is_other = bool(_DASH.match(line)) or cue.start - end > _PAUSE or sum(map(len, pieces)) > _LONGEST_SENTENCE
            end = cue.end
            if pieces and (is_other or _ENDS.search(pieces[-1]) or ": " in line[:40]):
                yield Block(" ".join(pieces), place)
                pieces = []
            place = place if pieces else cue.place
            pieces.append(_DASH.sub("", line, count=1) if _DASH.match(line) else line)
        end = cue.end
    if pieces:
        yield Block(" ".join(pieces), place)
