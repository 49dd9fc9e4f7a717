"""What Element's export of a room tells beside its messages: people's names, and the last versions of messages.

    {"type": "m.room.member", "state_key": "@ana:example.org", "content": {"displayname": "Ana"}}
    {"type": "m.room.message", "content": {"m.new_content": {"body": "new"}, "m.relates_to": {"event_id": "$1"}}}

Source: Matrix's specification of client events.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import export_values, json_stream
from personas.importers.syntax.json_stream import Path

_Fields = dict[str, Any]
_MOST = 100_000  # names and new versions


@dataclass(frozen=True)
class RoomEvents:
    names: dict[str, str] = field(default_factory=dict)  # by the address
    # Contents by the sender and the event that they replace: nobody else can edit a message.
    versions: dict[tuple[str, str], _Fields] = field(default_factory=dict)

    def last_version(self, message: _Fields) -> _Fields:
        content = self.versions.get(_version(message, message.get("event_id")))
        return message if content is None else message | {"content": content}


def read(stream: BinaryIO, encoding: Encoding, lists: Collection[Path]) -> RoomEvents:
    """What a first pass over an export learns; nothing for other apps' files."""
    stream.seek(0)
    events = RoomEvents()
    if '"m.room.' not in decoding.decode_head(stream.read(decoding.HEAD_BYTES)):
        return events
    for _, value in json_stream.walk(stream, encoding, into=lists):
        event = export_values.fields(value)
        content = export_values.fields(event.get("content"))
        if len(events.names) + len(events.versions) >= _MOST:
            break
        if event.get("type") == "m.room.member" and (name := export_values.name(content.get("displayname"))):
            events.names[export_values.name(event.get("state_key") or event.get("sender"))] = name
        elif is_edit(event):
            replaced = export_values.fields(content.get("m.relates_to")).get("event_id")
            events.versions[_version(event, replaced)] = export_values.fields(content.get("m.new_content"))
    return events


def _version(event: _Fields, replaced: Any) -> tuple[str, str]:
    return export_values.name(event.get("sender")), export_values.key(replaced)


def is_edit(event: _Fields) -> bool:
    """Whether an event is a new version of a message, which stands at the message's own place."""
    content = export_values.fields(event.get("content"))
    return export_values.fields(content.get("m.relates_to")).get("rel_type") == "m.replace"
