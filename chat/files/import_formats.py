"""Reads conversations from files: Afterword's JSON lines, SillyTavern's JSONL, and the JSON of Open WebUI and chat-ui.

A .zip may hold several such files. Its other files are left out.

Nothing here is judged or stored; `chat.files.importing` does both. A file is refused as a whole, with a sentence.

    NotReadable              the person reads `str(error)`
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zipfile import ZipFile, ZipInfo

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.files.export_formats import JSON_LINES
from personas.importers.archives import zips
from personas.importers.base import FileTooLarge, ImportFailed
from personas.importers.chats import silly_tavern
from text import cleaning

ENDINGS = (".json", ".jsonl")  # of the files in an archive that are read
MOST_BYTES = settings.CONVERSATION_FILE_BYTES
MOST_MESSAGES = 1_000  # of a file; each is judged before it is stored
_MOST_VALUES = 200_000  # of a file: its fields, those that are not imported included

_UNKNOWN = _(
    "This file is none of the formats that can be imported: JSON lines of Afterword, JSONL of SillyTavern, JSON of "
    "Open WebUI, JSON of chat-ui, or a .zip of them."
)
_USER = ("user", "human")
_PERSONA = ("assistant", "persona")


_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


class NotReadable(Exception):
    pass


@dataclass(frozen=True)
class Turn:
    """A message of a file. `author`: user or persona, or "" for what only connects others, such as a system prompt."""

    id: str
    parent: str | None
    author: str
    text: str
    at: datetime | None = None
    is_pinned: bool = False
    branch_name: str = ""
    name: str = ""  # of the persona that says it, as far as the file says


@dataclass(frozen=True)
class Talk:
    """A conversation of a file. `head`: the id of the last message of the branch that was read; "" if not known."""

    title: str
    turns: list[Turn]
    head: str = ""


def read(content: bytes) -> list[Talk]:
    """The conversations of a file. Raises NotReadable."""
    if len(content) > MOST_BYTES:
        limit = MOST_BYTES // 1024**2
        raise NotReadable(
            gettext("This file has {size} MB; the limit is {limit} MB. Import it in parts.").format(
                size=f"{len(content) / 1024**2:.1f}", limit=limit
            )
        )
    files = _unpacked(content) if content.startswith(zips.MAGIC) else [content]
    _refuse_many_values(files)
    talks = [
        talk
        for file in files
        for talk in _talks(list(_values(file)))
        if any(turn.author and turn.text.strip() for turn in talk.turns)
    ]
    if not talks:
        raise NotReadable(str(_UNKNOWN))
    count = sum(len(talk.turns) for talk in talks)
    if count > MOST_MESSAGES:
        raise NotReadable(
            gettext("This file has {count} messages; the limit is {limit}. Export fewer conversations at once.").format(
                count=f"{count:,}", limit=f"{MOST_MESSAGES:,}"
            )
        )
    return talks


def _unpacked(content: bytes) -> list[bytes]:
    """The files of formats that can be imported in an archive, such as one of all conversations. Raises NotReadable."""
    files: list[bytes] = []
    try:
        with zips.opened(io.BytesIO(content)) as archive:
            entries = [each for each in zips.entries(archive) if each.filename.lower().endswith(ENDINGS)]
            for entry in entries[: MOST_MESSAGES + 1]:  # more files than that hold more messages than that
                files.append(_unpacked_file(archive, entry, left=MOST_BYTES - sum(map(len, files))))
    except ImportFailed as error:
        raise NotReadable(error.user_message) from None
    return files


def _unpacked_file(archive: ZipFile, entry: ZipInfo, *, left: int) -> bytes:
    try:
        return zips.unpacked(archive, entry, limit=max(left, 1)).read()
    except FileTooLarge:
        raise NotReadable(
            gettext("The files in this .zip have more than {limit} MB together, which is the limit.").format(
                limit=MOST_BYTES // 1024**2
            )
        ) from None


def _refuse_many_values(files: Sequence[bytes]) -> None:
    try:
        cleaning.refuse_many_values(b"\n".join(files), _MOST_VALUES)
    except cleaning.BadJSON as error:
        raise NotReadable(gettext("This file cannot be read. {error}").format(error=error)) from None
    except UnicodeError:
        raise NotReadable(gettext("This file is not JSON, or it is cut off. Export it again.")) from None


def _values(content: bytes) -> Iterator[Any]:
    """The JSON value of a file, or those of its lines. Raises NotReadable."""
    try:
        yield cleaning.parsed_json(content)
        return
    except cleaning.BadJSON:
        pass
    try:
        for line in content.decode("utf-8-sig").split("\n"):
            if line.strip():
                yield cleaning.parsed_json(line)
    except (UnicodeDecodeError, cleaning.BadJSON):
        raise NotReadable(gettext("This file is not JSON, or it is cut off. Export it again.")) from None


def _talks(values: list[Any]) -> Iterator[Talk]:
    first = _fields(values[0]) if values else {}
    if first.get("format") == JSON_LINES:
        yield _own(first, [_fields(value) for value in values[1:]])
    elif {"user_name", "chat_metadata"} & first.keys() or "mes" in first:
        yield _silly_tavern([_fields(value) for value in values])
    else:
        for value in values[0] if values and isinstance(values[0], list) else values:
            fields = _fields(value)
            chat = _fields(fields.get("chat")) or fields
            history = _fields(chat.get("history"))
            if history:
                yield _open_webui(_words(fields.get("title") or chat.get("title")), history)
            elif isinstance(fields.get("messages"), list):
                yield _chat_ui(fields)


def _own(header: dict[str, Any], lines: list[dict[str, Any]]) -> Talk:
    turns = [
        Turn(
            id=_words(line.get("id")),
            parent=_words(line.get("parent")) or None,
            author=_words(line.get("author")) if line.get("author") in ("user", "persona") else "",
            text=_words(line.get("text")),
            at=_moment(line.get("created_at")),
            is_pinned=line.get("pinned") is True,
            branch_name=_words(line.get("branch_name")),
            name=_words(line.get("speaker")),
        )
        for line in lines
    ]
    return Talk(_words(header.get("title")), turns, _words(header.get("head")))


def _silly_tavern(lines: list[dict[str, Any]]) -> Talk:
    """A chat of SillyTavern. The swipes of a message become other replies to the one before it."""
    turns: list[Turn] = []
    parent: str | None = None
    title = ""
    for number, line in enumerate(lines):
        if "mes" not in line:
            title = title or _words(_fields(line.get("chat_metadata")).get("title"))
            continue
        author = "" if line.get("is_system") is True else "user" if line.get("is_user") is True else "persona"
        swipes, at = line.get("swipes"), _plausible(silly_tavern.moment(line.get("send_date")))
        texts = [_words(swipe) for swipe in swipes] if isinstance(swipes, list) and swipes else [_words(line["mes"])]
        chosen = line.get("swipe_id")
        shown = chosen if isinstance(chosen, int) and 0 <= chosen < len(texts) else len(texts) - 1
        texts[shown] = _words(line["mes"])
        turns += [
            Turn(f"{number}-{swipe}", parent, author, text, at, name=_words(line.get("name")))
            for swipe, text in enumerate(texts)
        ]
        parent = f"{number}-{shown}"
    return Talk(title, turns, parent or "")


def _open_webui(title: str, history: dict[str, Any]) -> Talk:
    turns = [
        Turn(
            id=key,
            parent=_words(message.get("parentId")) or None,
            author=_author(message.get("role")),
            text=_words(message.get("content")),
            at=_moment(message.get("timestamp")),
        )
        for key, message in ((key, _fields(value)) for key, value in _fields(history.get("messages")).items())
    ]
    return Talk(title, turns, _words(history.get("currentId")))


def _chat_ui(conversation: dict[str, Any]) -> Talk:
    """A conversation of chat-ui. Older ones have no `ancestors`; there each message follows the one before it."""
    turns: list[Turn] = []
    for number, message in enumerate(map(_fields, conversation["messages"])):
        ancestors = message.get("ancestors")
        before = turns[-1].id if turns else None
        parent = _words(ancestors[-1]) if isinstance(ancestors, list) and ancestors else None
        turns.append(
            Turn(
                id=_words(message.get("id")) or str(number),
                parent=parent if isinstance(ancestors, list) else before,
                author=_author(message.get("from")),
                text=_words(message.get("content")),
                at=_moment(message.get("createdAt")),
            )
        )
    return Talk(_words(conversation.get("title")), turns, turns[-1].id if turns else "")


def _author(role: Any) -> str:
    return "user" if role in _USER else "persona" if role in _PERSONA else ""


def _fields(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: Any) -> datetime | None:
    """An ISO date, or seconds or milliseconds since 1970. None if it is neither, or before 1970."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _plausible(datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC))
        return _plausible(datetime.fromisoformat(_words(value)))
    except (ValueError, OverflowError, OSError):
        return None


def _plausible(moment: datetime | None) -> datetime | None:
    """The moment with a time zone. None before 1970.

    Programs write the first moment of the calendar for an unknown one, which time zones west of UTC do not have.
    """
    moment = moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment
    return moment if moment and moment >= _FIRST else None
