"""No pattern and no loop of a reader takes more than a time that grows with the length of what it is given."""

import contextlib
import io
import json
import re
import time
from xml.sax.saxutils import quoteattr

import pytest

from personas.importers import card_examples, emphasis, registry, whatsapp_words
from personas.importers.base import ImportFailed

HEAD = "05/06/23, 17:17 - Ada: "
REPEATED = [
    " ", "a", "1", "<", "[", "(a", '"', ": ", ". ", "- ", "# ", "* ", "*a ", "_a ", "**a ", "\t", "\r", "\u200e", "\u200e<a ", "\u200f1",
    "05/06/23, ", "10:12 ", "10:12:", "1/1/", "a.jpg (", "{{", "<START>", "Ada ", "Ada: ", "Boris added ", "konu grup ", "image ", "[Forwarded from ", HEAD, "年月日",
]  # fmt: skip
LENGTH = 100_000
SECONDS = 5.0  # of processor time; a square takes minutes at this length, a line less than half a second


def telegram(words: str) -> dict[str, object]:
    return {
        "id": 1,
        "type": "message",
        "date": words,
        "from": words,
        "from_id": words,
        "text": [words, {"text": words}],
    }


def messenger(words: str) -> dict[str, object]:
    return {"sender_name": "Ada", "timestamp_ms": 1, "content": words[:399] if len(words) > 1 else words}


def files(words: str) -> dict[str, str]:
    return {
        "whatsapp": f"{HEAD}hi\n05/06/23, 17:18 - Bo: {words}\n{HEAD}x\n{words}\n05/06/23, 17:18 - {words}\n",
        "chat-log": f"[10:12, 5/3/2021] Ana: {words}\n[10:13, 5/3/2021] Bo: x\n{words}\n[10:13, 5/3/2021] {words}\n",
        "transcript": f"Ana: {words}\nBo: x\nAna: y\nBo: {words}\n{words}",
        "plain-text": words,
        "telegram": json.dumps({"type": "personal_chat", "id": 1, "messages": [telegram(words), telegram("x")]}),
        "messenger": json.dumps({"participants": [{"name": words}], "messages": [messenger(words), messenger("x")]}),
        "x-archive": "window.YTD.tweets.part0 = " + json.dumps([{"tweet": {"id_str": "1", "full_text": words}}]),
        "discord": f"{'=' * 62}\nGuild: a\nChannel: b\n{'=' * 62}\n\n[6/5/2023 5:17 PM] ada\n{words}\n\n{words}\n",
        "sms": f'<smses><sms type="1" address="1" date="1" body={quoteattr(words)}/></smses>',
        "google-chat": json.dumps(
            {"messages": [{"creator": {"name": words}, "created_date": words, "message_id": "1", "text": words}]}
        ),
        "linkedin": f"CONVERSATION ID,FROM,TO,DATE,CONTENT\n1,Ada,Bo,{words[:50_000]},<p {words[:50_000]}\n",
        "chatgpt": json.dumps(
            [
                {
                    "current_node": "a",
                    "mapping": {"a": {"message": {"author": {"role": "user"}, "content": {"parts": [words]}}}},
                }
            ]
        ),
        "silly-tavern": json.dumps({"name": words, "is_user": True, "mes": words, "send_date": words}),
        "slack": json.dumps([{"type": "message", "ts": "1", "user": "U1", "text": words}]),
        "character-card": json.dumps(
            {"spec": "chara_card_v2", "data": {"name": words[:5000], "description": words, "mes_example": words}}
        ),
    }


def seconds_for(name: str, text: str) -> float:
    """Processor time of sniffing and reading, also where the file is refused."""
    raw = text.encode()
    start = time.process_time()
    registry.get(name).sniff(raw[: 64 * 1024], "file")
    with contextlib.suppress(ImportFailed):
        for _ in registry.get(name).parse(io.BytesIO(raw)):
            pass
    return time.process_time() - start


@pytest.mark.parametrize("name", registry.IMPORTERS)
@pytest.mark.parametrize("unit", REPEATED)
def test_one_long_line_is_read_in_linear_time(name, unit):
    assert seconds_for(name, files((unit * LENGTH)[:LENGTH])[name]) < SECONDS


@pytest.mark.parametrize("name", registry.IMPORTERS)
def test_a_line_of_a_megabyte_does_not_stall(name):
    assert seconds_for(name, files("*a " * 350_000)[name]) < 2 * SECONDS


def test_many_names_do_not_slow_the_reading_of_a_chat():
    lines = "".join(f"05/06/23, 17:17 - {'n' * (n % 90)}{n}: Boris added konu grup {n}\n" for n in range(10_000))
    assert seconds_for("whatsapp", lines) < 3 * SECONDS


@pytest.mark.parametrize("text", ["a*b*c", "*a* **b** _c_ __d__", "*a b", "* a *", "**a*", "*a\nb*", "snake_case_name", "*a* *b", "_a *b* c_", "***a***", "x*", "*"])  # fmt: skip
def test_emphasis_goes_as_by_the_rule_written_as_one_pattern(text):
    rule = re.compile(r"(?<!\w)(\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1(?!\w)")
    assert emphasis.removed(text) == rule.sub(r"\2", text)


def test_the_small_readers_of_foreign_text_are_linear_too():
    start = time.process_time()
    for unit in REPEATED:
        words = unit * 8_000
        whatsapp_words.without_tail(words + ">")
        whatsapp_words.kind(words)
        card_examples.read(words, name="Mira Holm")
        card_examples.persona_names(words)
    assert time.process_time() - start < 2 * SECONDS
