"""Exports that are damaged, or made to do harm: refused with a sentence, in bounded time and memory."""

import copy
import io
import json
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from personas.importers import registry
from personas.importers.base import ImportFailed, Remark, Skipped, Utterance

pytestmark = pytest.mark.thorough

SECONDS = 30.0  # of processor time, ten times what the longest takes
SAMPLES = Path(__file__).parents[2] / "contracts" / "importers"
JSON = {
    "telegram.json": "telegram", "messenger.json": "messenger", "discord.json": "discord", "discord_package.json": "discord", "google_chat.json": "google-chat",
    "chatgpt.json": "chatgpt", "slack.json": "slack", "tweets.js": "x-archive", "silly_tavern.jsonl": "silly-tavern",
    "chat_json.json": "chat-json", "tiktok.json": "tiktok",
}  # fmt: skip
ALL = JSON | {
    "telegram.html": "telegram", "messenger.html": "messenger", "discord.html": "discord", "discord.txt": "discord", "discord.csv": "discord", "sms.xml": "sms", "linkedin.csv": "linkedin",
}  # fmt: skip
WRONG = [None, True, 0, -1, 1.5, 10**30, 1e308, float("nan"), "", "x", "\0\ud83d", [], {}, [[]], [None], {"a": {}}]


def read(raw: bytes, name: str) -> list[Utterance | Skipped | Remark]:
    """The records, or none if the file is refused with a sentence. Whatever else is raised fails the test."""
    try:
        records = list(registry.get(name).parse(io.BytesIO(raw)))
    except ImportFailed as refusal:
        sentence = refusal.user_message
        records = []
    else:
        sentence = "Read."
    assert sentence.endswith(".")
    assert len(sentence) < 300
    for record in records:
        if isinstance(record, Utterance):
            assert record.text.strip()
            assert len(record.speaker) < 250
            (record.text + record.speaker + record.source_ref).encode()
        if isinstance(record, Utterance | Skipped):
            assert len(record.source_ref) < 250
    return records


def values(sample: str) -> tuple[str, list[Any]]:
    """What stands before the JSON, and its values, several for JSON lines."""
    text = (SAMPLES / sample).read_text(encoding="utf-8")
    if sample.endswith(".jsonl"):
        return "", [json.loads(line) for line in text.splitlines()]
    start = min(place for place in (text.find("["), text.find("{")) if place >= 0)
    return text[:start], [json.loads(text[start:])]


def variants(value: Any, wrong: Any) -> Iterator[Any]:
    """The value with each of its parts in turn replaced."""
    yield wrong
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        for variant in variants(part, wrong):
            changed = copy.copy(value)
            changed[key] = variant
            yield changed


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("sample", JSON)
def test_a_wrong_type_anywhere_breaks_nothing(sample, wrong):
    head, parts = values(sample)
    for place in range(len(parts)):
        for variant in variants(parts[place], wrong):
            written = "\n".join(json.dumps(one) for one in [*parts[:place], variant, *parts[place + 1 :]])
            read((head + written).encode(), JSON[sample])
            registry.get(JSON[sample]).sniff((head + written).encode(), "x")


@pytest.mark.parametrize("sample", ALL)
def test_a_file_that_is_cut_anywhere_is_refused_or_read_as_far_as_it_goes(sample):
    raw = (SAMPLES / sample).read_bytes()
    for end in range(0, len(raw), 37):
        read(raw[:end], ALL[sample])


@pytest.mark.parametrize("sample", ALL)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_a_file_in_another_encoding_with_its_mark_is_read_alike(sample, encoding):
    text = (SAMPLES / sample).read_text(encoding="utf-8").replace("encoding='UTF-8'", "")
    stream = io.BytesIO(text.encode(encoding))
    importer = registry.choose(stream, "x")
    assert importer.name == ALL[sample]
    assert list(importer.parse(stream)) == read(text.encode(), ALL[sample])


@pytest.mark.parametrize("sample", [sample for sample in ALL if not sample.endswith((".txt", ".csv"))])
def test_a_few_bad_bytes_cost_a_few_characters(sample):
    raw = (SAMPLES / sample).read_bytes() + b" " * 40_000
    broken = raw.replace(b"back", b"b\xffck", 1)
    texts = [record.text for record in read(broken, ALL[sample]) if isinstance(record, Utterance)]
    assert any("b\ufffdck" in text for text in texts)
    assert any(isinstance(record, Remark) for record in read(broken, ALL[sample]))


WRAPPED = {
    "telegram": '{"name":"a","type":"personal_chat","id":1,"messages":[{"id":1,"type":"message","date":"","text":%s}]}',
    "messenger": '{"participants":[],"messages":[{"sender_name":"a","timestamp_ms":1,"content":%s}]}',
    "x-archive": 'window.YTD.tweets.part0 = [{"tweet":{"id_str":"1","full_text":%s}}]',
    "discord": '{"guild":{},"channel":{},"messages":[{"id":"1","type":"Default","author":{"name":"a"},"content":%s}]}',
    "google-chat": '{"messages":[{"creator":{"name":"a"},"message_id":"1","text":%s}]}',
    "chatgpt": '[{"current_node":"a","mapping":{"a":{"message":{"author":{"role":"user"},"content":{"parts":[%s]}}}}}]',
    "silly-tavern": '{"name":"a","is_user":true,"mes":%s}',
    "slack": '[{"type":"message","ts":"1","user":"U1","text":%s}]',
    "tiktok": '{"Comment":{"Comments":{"CommentsList":[{"date":"","comment":%s}]}}}',
    "chat-json": '{"chatlab":{},"messages":[{"sender":"1","accountName":"a","type":0,"content":%s}]}',
}
HARM = {
    "lists inside lists": "[" * 100_000 + "]" * 100_000,
    "objects inside objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "lists that never end": "[" * 1_000_000,
    "a long number": "1" * 1_000_000,
    "an endless exponent": "1e" + "9" * 100_000,
    "a text of 10 MB": '"' + "word " * 2_000_000 + '"',
    "a text that never ends": '"' + "a" * 5_000_000,
    "escapes": '"' + "\\u0000\\ud83d" * 200_000 + '"',
    "wrong escapes": '"' + "\\q" * 200_000 + '"',
    "bytes as in C": '"' + "\\x41\\\\x41" * 50_000 + '"',
}


@pytest.mark.parametrize("name", WRAPPED)
@pytest.mark.parametrize("harm", HARM)
def test_harmful_json_is_refused_or_passed_over_in_bounded_time_and_memory(name, harm):
    raw = (WRAPPED[name] % HARM[harm]).encode()
    tracemalloc.start()
    start = time.process_time()
    read(raw, name)
    seconds = time.process_time() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < SECONDS
    assert peak < 12 * len(raw) + 32 * 1024**2


def test_a_record_of_more_than_the_limit_is_refused_with_the_limit():
    raw = (WRAPPED["telegram"] % ('"' + "a" * 40_000_000 + '"')).encode()
    with pytest.raises(ImportFailed, match="16 million characters, which is the limit"):
        list(registry.get("telegram").parse(io.BytesIO(raw)))


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("telegram", b'<div class="page_wrap">' + b'<div class="message default clearfix">' * 50_000),
        ("telegram", b'<div class="page_wrap"><div class="message default clearfix"><div class="text">' + b"<b>" * 200_000),
        ("messenger", b'<div class="thread"><div class="message"><span class="user">a</span>' + b"<p" * 200_000),
        ("discord", b'<div class="chatlog"><div class="chatlog__message-container">' + b"<!--" * 200_000),
        ("discord", b'<div class="chatlog"><div class="chatlog__message-container" class="' + b"a" * 2_000_000),
        ("sms", b"<smses>" + b"<a>" * 100_000),
        ("sms", b'<smses><sms body="' + b"word " * 1_000_000 + b'" type="1"/></smses>'),
        ("sms", b'<smses><sms body="' + b"&#55357;" * 300_000 + b'" type="1"/></smses>'),
        ("linkedin", b"CONVERSATION ID,FROM,TO,DATE,CONTENT\n1,a,b,c,\"" + b"x" * 2_000_000),
        ("linkedin", b"CONVERSATION ID,FROM,TO,DATE,CONTENT\n" + b",,,,\n" * 200_000),
    ],
    ids=range(10),
)  # fmt: skip
def test_harmful_markup_and_tables_are_refused_or_passed_over_in_bounded_time(name, raw):
    start = time.process_time()
    read(raw, name)
    assert time.process_time() - start < SECONDS
