"""ChatGPT's conversations.json. A conversation is a tree of drafts; the branch that was shown last is read."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from personas.importers.base import Record, Remark, Skipped, Utterance
from personas.importers.encodings import decoding
from personas.importers.syntax import export_values, json_stream
from personas.importers.syntax.json_stream import EACH

_INTO = frozenset({()})
_ASSISTANT = "ChatGPT"
_TEXT_TYPES = frozenset({"text", "multimodal_text", ""})
_MOST_STEPS = 100_000  # messages of one branch


class ChatGPT:
    name = "chatgpt"

    def sniff(self, head: bytes, name: str) -> float:
        seen = json_stream.glimpse(head, into={*_INTO, (EACH,)})
        return 0.97 if (EACH, "mapping") in seen or ("mapping",) in seen else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        alone: dict[str, Any] = {}
        number = 0
        for path, value in json_stream.walk(stream, encoding, into=_INTO):
            if path != (EACH,):  # one conversation without a list around it
                alone[path[-1]] = value
                continue
            number += 1
            yield from _conversation(export_values.fields(value), f"conversation {number}")
        yield from _conversation(alone, "conversation 1")


def _conversation(conversation: dict[str, Any], place: str) -> Iterator[Record]:
    mapping = export_values.fields(conversation.get("mapping"))
    for number, message in enumerate(_branch(mapping, conversation.get("current_node")), start=1):
        yield _record(message, f"{place}, message {number}")


def _branch(mapping: dict[str, Any], node: Any) -> list[dict[str, Any]]:
    """The messages from the root to a node. A file may lead in circles."""
    messages: list[dict[str, Any]] = []
    visited: set[str] = set()
    node = node if isinstance(node, str) else _leaf(mapping)
    while isinstance(node, str) and node in mapping and node not in visited and len(visited) < _MOST_STEPS:
        visited.add(node)
        step = export_values.fields(mapping[node])
        if message := export_values.fields(step.get("message")):
            messages.append(message)
        node = step.get("parent")
    return messages[::-1]


def _leaf(mapping: dict[str, Any]) -> str:
    """The last node that nothing follows, where the file does not say which is current."""
    leaves = (node for node, step in mapping.items() if not export_values.fields(step).get("children"))
    return max(leaves, key=lambda node: _time(export_values.fields(mapping[node])), default="")


def _time(step: dict[str, Any]) -> float:
    sent_at = export_values.seconds(export_values.fields(step.get("message")).get("create_time"))
    return sent_at.timestamp() if sent_at else 0.0


def _record(message: dict[str, Any], source_ref: str) -> Utterance | Skipped:
    role = export_values.key(export_values.fields(message.get("author")).get("role"))
    content = export_values.fields(message.get("content"))
    is_hidden = export_values.fields(message.get("metadata")).get("is_visually_hidden_from_conversation") is True
    text = _text(content)
    if role not in {"user", "assistant"} or is_hidden:
        return Skipped("system", source_ref)
    if str(content.get("content_type", "")) not in _TEXT_TYPES or export_values.key(message.get("recipient")) not in {
        "",
        "all",
    }:
        return Skipped("tool", source_ref)
    if not text:
        return Skipped("media" if content.get("content_type") == "multimodal_text" else "empty", source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    speaker = export_values.ME if role == "user" else _ASSISTANT
    return Utterance(speaker, text, export_values.seconds(message.get("create_time")), source_ref)


def _text(content: dict[str, Any]) -> str:
    """The written parts, and what was said aloud as it was understood."""
    parts = export_values.items(content.get("parts")) or [content.get("text")]
    texts = (part if isinstance(part, str) else export_values.fields(part).get("text") for part in parts)
    return export_values.words("\n".join(text for text in texts if isinstance(text, str)))
