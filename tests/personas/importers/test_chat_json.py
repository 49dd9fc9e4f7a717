"""Chats as JSON of tools that read WeChat and QQ: WeFlow and its relatives, ChatLab, QQ Chat Exporter, PyWxDump."""

import json
from typing import Any

import pytest

from tests.personas.importers.builders import read

CHATLAB = {"chatlab": {"version": "0.0.2", "exportedAt": 1}, "meta": {"name": "a", "platform": "qq", "type": "group"}}
MEMBERS = [{"platformId": "1", "accountName": "Ana"}, {"platformId": "2", "accountName": "Bo", "groupNickname": "boss"}]


def wechat(text: str, kind: str = "文本消息", **fields: Any) -> dict[str, Any]:
    sender = {"isSend": 0, "senderUsername": "wxid_b", "senderDisplayName": "Bo"}
    times = {"createTime": 1685985431, "formattedTime": "2023-06-05 17:17:11"}
    return {"type": kind, "content": text} | times | sender | fields


def chatlab(text: str | None, kind: int = 0, sender: str = "1", **fields: Any) -> dict[str, Any]:
    return {"sender": sender, "timestamp": 1685985431, "type": kind, "content": text} | fields


def qq(text: str, **fields: Any) -> dict[str, Any]:
    elements = [{"type": "text", "data": {"text": text}}] if text else [{"type": "image", "data": {}}]
    sender = {"uid": "u_b", "uin": "10001", "name": "Bo"}
    return {"timestamp": 1685985431000, "sender": sender, "content": {"text": text, "elements": elements}} | fields


def table(text: str, kind: str = "文本", **fields: Any) -> dict[str, Any]:
    return {
        "type_name": kind,
        "is_sender": 0,
        "talker": "Bo",
        "msg": text,
        "CreateTime": "2023-06-05 17:17:11",
    } | fields


OWN = {"isSend": 1, "senderUsername": "wxid_a", "senderDisplayName": "wxid_a"}
SESSION = {"session": {"wxid": "wxid_b", "displayName": "Bo"}}
EXPORTS = {
    "wechat": (
        SESSION
        | {"avatars": {"wxid_b": {"base64": "A" * 70_000}}}  # the messages begin behind what is sniffed
        | {"messages": [wechat("早"), wechat("嗯", "引用消息", **OWN), wechat("[图片]", "图片消息"), wechat("Bo撤回了一条消息", "系统消息"), wechat("", "语音通话")]},
        [("Bo", "早"), ("Me", "嗯")], {"media": 1, "deleted": 1, "call": 1}, "2023-06-05T17:17:11",
    ),
    "chatlab": (
        CHATLAB | {"members": MEMBERS, "messages": [chatlab("hi"), chatlab("yo", 25, "2"), chatlab(None, 5), chatlab("x", 81), chatlab("x", 80)]},
        [("Ana", "hi"), ("Bo", "yo")], {"media": 1, "deleted": 1, "system": 1}, "2023-06-05T17:17:11",
    ),
    "qq": (
        {"metadata": {"version": "5.0.0"}, "chatInfo": {"name": "Bo"}, "messages": [qq("hi"), qq(""), qq("x", recalled=True), qq("x", system=True)]},
        [("Bo", "hi")], {"media": 1, "deleted": 1, "system": 1}, "2023-06-05T17:17:11",
    ),
    "table": ([table("hi"), table("x", "图片"), table("yo", is_sender=1, talker="me")], [("Bo", "hi"), ("Me", "yo")], {"media": 1}, "2023-06-05T17:17:11"),
}  # fmt: skip


@pytest.mark.parametrize("export", EXPORTS)
def test_the_json_of_tools_gives_what_people_wrote(export):
    content, said, skipped, first = EXPORTS[export]
    reading = read(json.dumps(content, ensure_ascii=False))
    assert reading.format == "chat-json"
    assert (reading.said, dict(reading.skipped), reading.times[0]) == (said, skipped, first)


def test_chatlab_may_be_lines_of_json():
    lines = [
        {"_type": "header"} | CHATLAB,
        *({"_type": "member"} | member for member in MEMBERS),
        *({"_type": "message"} | message for message in (chatlab("hi"), chatlab("yo", sender="2", accountName="Bob"))),
    ]
    assert read("\n".join(map(json.dumps, lines))).said == [("Ana", "hi"), ("Bob", "yo")]
