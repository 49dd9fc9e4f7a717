import json
import re
from pathlib import Path
from typing import get_args
from uuid import UUID

import pytest
from django.conf import settings

from chat.management.commands import protocol_types
from chat.socket import protocol
from text import cleaning

CLIENT_ID = "2e771e52-2019-4f75-a482-b676beed394f"
DOCS = Path(settings.BASE_DIR, "docs", "protocol.md").read_text(encoding="utf-8")


def frame_types(union: object) -> set[str]:
    return {get_args(member.model_fields["type"].annotation)[0] for member in get_args(get_args(union)[0])}


def test_a_message_is_parsed():
    frame = protocol.parse(f'{{"type": "message.send", "client_id": "{CLIENT_ID}", "text": "Hello."}}')
    assert isinstance(frame, protocol.MessageSend)
    assert frame.text == "Hello."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        '{"type": "message.send"}',
        '{"type": "message.send", "client_id": "1", "text": "x"}',
        '{"type": "handle_disconnect"}',
        f'{{"type": "message.send", "client_id": "{CLIENT_ID}", "text": ""}}',
        f'{{"type": "message.send", "client_id": "{CLIENT_ID}", "text": "x", "is_admin": true}}',
        f'{{"type": "message.send", "client_id": "{CLIENT_ID}", "text": "{"x" * 8001}"}}',
    ],
)
def test_what_is_not_a_frame_is_refused(text):
    with pytest.raises((cleaning.BadJSON, protocol.BadFrame)):
        protocol.parse(text)


def test_a_frame_with_many_values_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr(json, "loads", None)
    with pytest.raises(cleaning.BadJSON, match="values"):
        protocol.parse('{"type":"ping","x":[' + ",".join(["[]"] * 20) + "]}")


def test_commas_and_brackets_in_a_text_are_no_values():
    text = '[{"a,b"}]\\\n' * 500
    frame = protocol.parse(json.dumps({"type": "message.send", "client_id": CLIENT_ID, "text": text}))
    assert frame.text == text


def test_a_message_is_cleaned_as_it_comes_in():
    frame = protocol.parse(
        rf'{{"type": "message.send", "client_id": "{CLIENT_ID}", "text": "Hello\u0000,\r\n\ud83d dear\u0007."}}'
    )
    assert frame.text == "Hello,\n\ufffd dear."


@pytest.mark.parametrize("text", [" ", r"\n\t ", r"\u0000", r"\u200b\u202e", " " * 8_000])
@pytest.mark.parametrize(
    "kind",
    [f'"type": "message.send", "client_id": "{CLIENT_ID}"', f'"type": "message.edit", "message_id": "{CLIENT_ID}"'],
)
def test_a_message_of_blanks_is_no_message(kind, text):
    with pytest.raises(protocol.BadFrame) as bad:
        protocol.parse(f'{{{kind}, "text": "{text}"}}')
    assert "There is nothing to send yet" in str(bad.value.error)
    assert bad.value.client_id == (UUID(CLIENT_ID) if "message.send" in kind else None)


def test_the_browsers_types_are_those_of_the_protocol():
    written = (settings.BASE_DIR / protocol_types.PATH).read_text(encoding="utf-8")
    assert written == protocol_types.declarations(), "Run `manage.py protocol_types`."


def test_every_frame_is_documented_with_an_example():
    shown = set(re.findall(r'"type": "([a-z.]+)"', DOCS))
    assert frame_types(protocol.ClientFrame) | frame_types(protocol.ServerFrame) == shown


def test_every_error_code_is_documented():
    assert all(f"`{code}`" in DOCS for code in get_args(protocol.ErrorCode))
