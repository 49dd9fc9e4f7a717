"""No pattern and no loop of a reader takes more than a time that grows with the length of what it is given."""

import contextlib
import io
import json
import re
import time
from xml.sax.saxutils import escape, quoteattr

import pytest

from personas.importers import registry
from personas.importers.base import ImportFailed
from personas.importers.cards import afterword, card_examples
from personas.importers.chats import app_words
from personas.importers.chats.messages import placeholders
from personas.importers.chats.whatsapp import app_words as whatsapp_words
from personas.importers.mail import own_text
from personas.importers.syntax import emphasis, markup
from tests.personas.importers import builders

pytestmark = pytest.mark.thorough

HEAD = "05/06/23, 17:17 - Ada: "
REPEATED = [
    " ", "a", "1", "<", "[", "(a", '"', ": ", ". ", "- ", "# ", "* ", "*a ", "_a ", "**a ", "\t", "\r", "\u200e", "\u200e<a ", "\u200f1",
    "05/06/23, ", "10:12 ", "10:12:", "1/1/", "a.jpg (", "{{", "<START>", "Ada ", "Ada: ", "Boris added ", "konu grup ", "image ", "[Forwarded from ", HEAD, "年月日",
    "<a ", "<!--", "<p>", "</p>", "<a b='", "&amp;", "> ", "On 2023 ", "From: ", "--\n", "=?utf-8?b?", "\\f0 ", "{\\pict", "{\\field{\\*\\fldinst{HYPERLINK \"", "\\", "\\a ", "{", "\\footnote{", "\\verb|", "%", "$", "\\begin{figure}", "{1}{2}|", "00:00:01,000 --> ", "[Photo]", '"\n', "\n",
]  # fmt: skip
LENGTH = 40_000
SECONDS = 5.0  # of processor time; a square takes longer at this length, a line a fiftieth of it


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


def own_words(words: str) -> str:
    line = {"speaker": words, "text": words, "sent_at": None, "source_ref": words}
    return '{"afterword": "words", "version": 1}\n' + json.dumps(line) + "\n"


def files(words: str) -> dict[str, str]:
    return {
        "afterword-words": own_words(words),
        "whatsapp": f"{HEAD}hi\n05/06/23, 17:18 - Bo: {words}\n{HEAD}x\n{words}\n05/06/23, 17:18 - {words}\n",
        "chat-log": f"[10:12, 5/3/2021] Ana: {words}\n[10:13, 5/3/2021] Bo: x\n{words}\n[10:13, 5/3/2021] {words}\n",
        "transcript": f"Ana: {words}\nBo: x\nAna: y\nBo: {words}\n{words}",
        "plain-text": words,
        "line": f'[LINE] Chat history with Bo\n\n2023/06/05(Mon)\n10:12\tAna\t{words}\n10:13\tBo\t"{words}\n{words}\n10:14\t{words}\n',
        "kakaotalk": f"Bo 님과 카카오톡 대화\n저장한 날짜 : x\n2016년 2월 5일 오전 1:33, Ana : {words}\n{words}\n[Bo] [오전 1:01] {words}\n",
        "qq": f"消息对象:x\n\n2019-07-16 18:15:05 Ana(10001)\n{words}\n\n2019-07-16 18:15:06 {words}\n",
        "signal": f"[2023-06-15, 21:41] Ana: {words}\n{words}\n[2023-06-15, 21:42] {words}\n",
        "imessage": f"Jun 15, 2023  9:41:07 PM\nAna\n{words}\n\nJun 15, 2023  9:42:07 PM {words}\n",
        "chat-json": json.dumps(
            {"chatlab": {}, "messages": [{"sender": "1", "accountName": words, "type": 0, "content": words}]}
        ),
        "chat-table": f"Date,User,Message\n2016-02-05 01:33:00,Ana,{words}\n",
        "chat-page": f'<html><div class="hChatLog hfeed"><div class="message"><abbr class="dt" title="{words[:9_000]}">'
        f'</abbr><cite class="sender">{words}</cite><q>{words}</q></div></div>',
        "mail": builders.mbox(
            builders.mail(words), builders.mail("x", sender=f"{words[:9_000]} <a@example.org>", minute=2, X_Words=words)
        ).decode(),
        "html": f"<!doctype html><html><body>{words}",
        "subtitles": f"WEBVTT\n\n00:01.000 --> 00:02.000\n{words}\n\n00:02.000 --> {words}\n",
        "latex": f"\\begin{{document}}\n{words}\n\\section{{{words}}}\n\\footnote{{{words}",
        "rtf": "{\\rtf1" + words + "}",
        "telegram": json.dumps({"type": "personal_chat", "id": 1, "messages": [telegram(words), telegram("x")]}),
        "messenger": json.dumps({"participants": [{"name": words}], "messages": [messenger(words), messenger("x")]}),
        "x-archive": "window.YTD.tweets.part0 = " + json.dumps([{"tweet": {"id_str": "1", "full_text": words}}]),
        "discord": f"{'=' * 62}\nGuild: a\nChannel: b\n{'=' * 62}\n\n[6/5/2023 5:17 PM] ada\n{words}\n\n{words}\n",
        "sms": f'<smses><sms type="1" address="1" date="1" body={quoteattr(words)}/></smses>',
        "google-chat": json.dumps(
            {"messages": [{"creator": {"name": words}, "created_date": words, "message_id": "1", "text": words}]}
        ),
        "linkedin": f"CONVERSATION ID,FROM,TO,DATE,CONTENT\n1,Ada,Bo,{words[:50_000]},<p {words[:50_000]}\n",
        "tiktok": json.dumps(
            {
                "Comment": {"Comments": {"CommentsList": [{"date": words, "comment": words}]}},
                "Direct Messages": {
                    "Chat History": {"ChatHistory": {f"Chat History with {words}": [{"Content": words}]}}
                },
            }
        ),
        "posts": json.dumps([{"timestamp": 1686000000, "data": [{"post": f"a {words}"}]}]),
        "tumblr": f"<tumblr><post tumblelog={quoteattr(words)}><answer>{escape(words)}</answer></post><message participant="
        f"{quoteattr(words)}>{escape(words)}</message></tumblr>",
        "kindle": f"Sea\n- Your Note | Added on {words}\n\n{words}\n==========\n{words}\n- {words} Note | {words}\n\n{words}",
        "blog": f"<rss><channel><item><description><![CDATA[<p>a {words}</p>]]></description></item></channel></rss>",
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


CONTENTS = json.dumps(
    {
        "format": afterword.FORMAT,
        "version": 1,
        "sources": [{"words": "words/1.jsonl", "name": "a.txt", "format": "plain-text", "speaker": ""}],
    }
)
ARCHIVES = {
    "docx": lambda words: builders.docx(builders.word_paragraphs(escape(words))),
    "odt": lambda words: builders.odt(f"<text:p>{escape(words)}</text:p>"),
    "epub": lambda words: builders.epub({"1.xhtml": words}),
    # A page of blanks alone would be recognised as a picture, which takes seconds and has no pattern.
    "pdf": lambda words: builders.pdf(
        [["Ada wrote:", *words.encode("latin-1", "replace").decode("latin-1").splitlines()]]
    ),
    "zip": lambda words: builders.zipped({"a.txt": words}),
    "afterword": lambda words: builders.zipped({"afterword.json": CONTENTS, "words/1.jsonl": own_words(words)}),
}


WITHOUT_TEXT = {"scan", "recording"}  # a machine recognises their words


def content_of(name: str, words: str) -> str | bytes:
    return ARCHIVES[name](words) if name in ARCHIVES else files(words)[name]


def seconds_for(name: str, text: str | bytes) -> float:
    """Processor time of sniffing and reading, also where the file is refused."""
    raw = text.encode() if isinstance(text, str) else text
    start = time.process_time()
    registry.get(name).sniff(raw[: 64 * 1024], "file")
    with contextlib.suppress(ImportFailed):
        for _ in registry.get(name).parse(io.BytesIO(raw)):
            pass
    return time.process_time() - start


@pytest.mark.parametrize("name", sorted(set(registry.IMPORTERS) - WITHOUT_TEXT))
def test_one_long_line_is_read_in_linear_time(name):
    seconds_for(name, content_of(name, " "))  # loads libraries, and what recognises a page without words
    taken = {unit: seconds_for(name, content_of(name, (unit * LENGTH)[:LENGTH])) for unit in REPEATED}
    assert {unit: seconds for unit, seconds in taken.items() if seconds >= SECONDS} == {}


@pytest.mark.parametrize("name", sorted(set(registry.IMPORTERS) - WITHOUT_TEXT))
def test_a_line_of_a_megabyte_does_not_stall(name):
    assert seconds_for(name, content_of(name, "*a " * 350_000)) < 2 * SECONDS


def test_many_names_do_not_slow_the_reading_of_a_chat():
    lines = "".join(f"05/06/23, 17:17 - {'n' * (n % 90)}{n}: Boris added konu grup {n}\n" for n in range(10_000))
    assert seconds_for("whatsapp", lines) < 3 * SECONDS


@pytest.mark.parametrize("text", ["a*b*c", "*a* **b** _c_ __d__", "*a b", "* a *", "**a*", "*a\nb*", "snake_case_name", "*a* *b", "_a *b* c_", "***a***", "x*", "*"])  # fmt: skip
def test_emphasis_goes_as_by_the_rule_written_as_one_pattern(text):
    rule = re.compile(r"(?<!\w)(\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1(?!\w)")
    assert emphasis.removed(text) == rule.sub(r"\2", text)


def test_the_small_readers_of_foreign_text_are_linear_too():
    for unit in REPEATED:
        words = unit * 8_000
        start = time.process_time()
        whatsapp_words.without_tail(words + ">")
        whatsapp_words.kind(words)
        card_examples.read(words, name="Mira Holm")
        card_examples.persona_names(words)
        app_words.kind(words)
        app_words.kind(words[:150])
        placeholders.without_placeholders(words)
        own_text.own_words(words)
        own_text.own_words(words[:40_000].replace(" ", "\n"))
        list(markup.paragraphs(words))
        assert time.process_time() - start < SECONDS, unit
