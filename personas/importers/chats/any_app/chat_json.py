"""Chats as JSON of tools that read the databases of WeChat and QQ, ChatLab's common form of chats, and others
(`json_records`).

    {"session": {}, "messages": [{"type": "文本消息", "senderDisplayName": "Ana"}]}      WeFlow, EchoTrace, CipherTalk
    {"chatlab": {}, "members": [], "messages": [{"type": 0, "accountName": "Ana"}]}    ChatLab, also as JSON lines
    {"metadata": {}, "chatInfo": {}, "messages": [{"sender": {"name": "Ana"}}]}        QQ Chat Exporter
    [{"type_name": "文本", "is_sender": 0, "talker": "wxid_a", "msg": "text"}]          PyWxDump

Sources: ChatLab's description of its format, and the exporters, read for their fields.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.chats import app_words
from personas.importers.chats.any_app import json_records
from personas.importers.chats.messages import placeholders, wechat_quotes
from personas.importers.chats.messages.speakers import Speakers
from personas.importers.encodings import decoding
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import export_values, json_stream
from personas.importers.syntax.json_stream import EACH

_Fields = dict[str, Any]
_INTO = frozenset({(), ("messages",), ("members",)})
_TEXT = frozenset({"文本消息", "文本", "文字消息", "引用消息", "引用", "引用回复", "回复消息"})
_CHATLAB_KINDS = {"0": "", "25": "", "22": "system", "23": "call", "26": "forwarded", "80": "system", "81": "deleted"}


@dataclass(frozen=True)
class _Message:
    """A message of any of the tools. `reason` says why it is not speech, or is empty."""

    key: str
    name: str
    text: str
    sent_at: datetime | None
    reason: str = ""


class ChatJSON:
    name = "chat-json"

    def sniff(self, head: bytes, name: str) -> float:
        if _layout(head):
            return 0.97
        is_json = decoding.decode_head(head[:64]).lstrip().startswith(("{", "["))
        return 0.85 if is_json and json_records.is_chat(head) else 0.0

    def parse(self, stream: BinaryIO) -> Iterator[Record]:
        encoding = decoding.detect(stream)
        if encoding.is_guessed:
            yield Remark(decoding.remark(encoding))
        head = stream.read(decoding.HEAD_BYTES)
        read = _layout(head)
        if read is None and json_records.is_chat(head):
            yield from json_records.records(stream, encoding)
            return
        if read is None:
            raise DamagedFile(
                gettext("This file is cut off or damaged: its JSON ends early or holds an error. Export it again.")
            )
        is_lines = '"_type"' in decoding.decode_head(head).partition("\n")[0]
        speakers = Speakers()
        for kind, fields in _records(stream, encoding, is_lines=is_lines):
            message = read(fields) if kind == "message" else _member(fields)
            speakers.see(message.key, message.name)
        number = 0
        for kind, fields in _records(stream, encoding, is_lines=is_lines):
            if kind == "message":
                number += 1
                yield _record(read(fields), speakers, f"message {number}")


def _layout(head: bytes) -> Callable[[_Fields], _Message] | None:
    """How a message of this file is read; None where the file is none of these."""
    seen = json_stream.glimpse(head, into=_INTO)
    first = export_values.fields(seen.get(("messages", EACH))) or export_values.fields(seen.get((EACH,)))
    session = export_values.fields(seen.get(("session",)))
    if {"createTime", "senderUsername"} <= first.keys() or ("wxid" in session and "displayName" in session):
        return _of_wechat
    if ("chatlab",) in seen:
        return _of_chatlab
    if ("chatInfo",) in seen and ("metadata",) in seen:
        return _of_qq
    return _of_table if {"type_name", "is_sender", "talker", "msg"} <= first.keys() else None


def _records(stream: BinaryIO, encoding: Encoding, *, is_lines: bool) -> Iterator[tuple[str, _Fields]]:
    """Members and messages, each as "member" or "message" and its fields."""
    if is_lines:
        for value in json_stream.each(stream, encoding):
            fields = export_values.fields(value)
            if (kind := export_values.key(fields.get("_type"))) in {"member", "message"}:
                yield kind, fields
        return
    kinds = {("messages", EACH): "message", (EACH,): "message", ("members", EACH): "member"}
    for path, value in json_stream.walk(stream, encoding, into=_INTO):
        if path in kinds and isinstance(value, dict):
            yield kinds[path], value


def _member(fields: _Fields) -> _Message:
    name = export_values.name(fields.get("accountName")) or export_values.name(fields.get("groupNickname"))
    return _Message(export_values.key(fields.get("platformId")), name, "", None)


def _of_wechat(fields: _Fields) -> _Message:
    kind = export_values.name(fields.get("type"))
    key = export_values.key(fields.get("senderUsername"))
    name = export_values.name(fields.get("senderDisplayName"))
    if name in {"", key} and export_values.key(fields.get("isSend")) == "1":
        name = export_values.ME
    text = export_values.words(fields.get("content"))
    sent_at = export_values.iso(fields.get("formattedTime")) or export_values.seconds(fields.get("createTime"))
    reason = ""
    if "系统" in kind or key.endswith("@chatroom"):
        reason = app_words.event(text)
    elif kind not in _TEXT:
        reason = "call" if "通话" in kind else "media"
    return _Message(key or name, name, text, sent_at, reason)


def _of_chatlab(fields: _Fields) -> _Message:
    name = export_values.name(fields.get("accountName")) or export_values.name(fields.get("groupNickname"))
    sent_at = export_values.seconds(fields.get("timestamp")) or export_values.milliseconds(fields.get("timestamp"))
    kind = _CHATLAB_KINDS.get(export_values.key(fields.get("type")), "media")
    key = export_values.key(fields.get("sender"))
    return _Message(key or name, name, export_values.words(fields.get("content")), sent_at, kind)


def _of_qq(fields: _Fields) -> _Message:
    sender, raw = export_values.fields(fields.get("sender")), export_values.fields(fields.get("rawMessage"))
    names = [raw.get("sendMemberName"), raw.get("sendNickName"), *map(sender.get, ("groupCard", "name", "nickname"))]
    name = next(filter(None, map(export_values.name, names)), "")
    keys = (sender.get("uin"), sender.get("uid"), raw.get("senderUin"))
    key = next(filter(None, map(export_values.key, keys)), name)
    stamp = fields.get("timestamp")
    sent_at = export_values.iso(fields.get("time")) or export_values.iso(stamp) or export_values.milliseconds(stamp)
    text, has_media = _text_of_qq(fields.get("content"))
    reason = ""
    if fields.get("isRecalled") is True or fields.get("recalled") is True:
        reason = "deleted"
    elif fields.get("isSystemMessage") is True or fields.get("system") is True:
        reason = app_words.event(text)
    elif not text:
        reason = "media" if has_media else "empty"
    return _Message(key, name, text, sent_at, reason)


def _text_of_qq(content: Any) -> tuple[str, bool]:
    """The words of a message, and whether it has anything else."""
    fields = export_values.fields(content)
    elements = [export_values.fields(one) for one in export_values.items(fields.get("elements"))]
    if not elements:
        text = export_values.words(content) or export_values.words(fields.get("text"))
        return placeholders.without_placeholders(text), bool(text or fields.get("resources") or fields.get("emojis"))
    data = [export_values.fields(one.get("data")) for one in elements if one.get("type") in {"text", "at"}]
    texts = (one.get("text") or one.get("name") for one in data)
    return export_values.words("".join(text for text in texts if isinstance(text, str))), True


def _of_table(fields: _Fields) -> _Message:
    is_own = export_values.key(fields.get("is_sender")) == "1"
    key = export_values.ME if is_own else export_values.key(fields.get("talker"))
    kind = export_values.name(fields.get("type_name"))
    text = export_values.words(fields.get("msg"))
    stamp = fields.get("CreateTime")
    reason = "" if kind in _TEXT else app_words.event(text) if "系统" in kind else "media"
    return _Message(key, key, text, export_values.iso(stamp) or export_values.seconds(stamp), reason)


def _record(message: _Message, speakers: Speakers, source_ref: str) -> Utterance | Skipped:
    text = wechat_quotes.own_words(message.text)
    if reason := message.reason or app_words.kind(text):
        return Skipped(reason, source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    return Utterance(speakers.name_of(message.key, export_values.DELETED), text, message.sent_at, source_ref)
