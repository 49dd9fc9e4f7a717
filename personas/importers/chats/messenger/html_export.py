"""Pages of Facebook's and Instagram's download as HTML: message_1.html, and messages.htm of the years to 2017."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext

from personas.importers.base import DamagedFile, Record, Remark, Skipped, Utterance
from personas.importers.chats.messages import class_page
from personas.importers.chats.messages.class_page import IGNORED, Block
from personas.importers.chats.messenger.app_words import AppWords
from personas.importers.syntax import export_values
from personas.importers.times import long_dates, time_order

_OLD = re.compile(r"<div class=\"(?:thread|message_header)\"")
_NEW = re.compile(r"class=\"[^\"]{0,120}\b(?:_a6-g|_2lej|_a706)\b")
_OLD_FIELDS = {"user": "name", "meta": "date", "<p>": "text"}
# Facebook renamed its classes around 2021.
_NEW_FIELDS = {
    "_2lel": "name", "_a6-h": "name", "_2let": "text", "_a6-p": "text", "_2lem": "date", "_a6-o": "date",
    "_tqp": IGNORED, "_a6-q": IGNORED, "_a72d": "date",
}  # fmt: skip
_MEDIA = frozenset({"_a6_o", "_a6_n", "_3-9g", "_2yuc", "_403j"})
_MOST_NAMES = 1_000
_UPDATED = re.compile(
    r"^(?:Updated|Aktualisiert|Mis à jour|Actualizado|Atualizado|Aggiornato|更新于) [^\n]{4,60}$", re.MULTILINE
)


def is_page(head: bytes) -> bool:
    text = class_page.beginning(head)
    return bool(_OLD.search(text) or _NEW.search(text))


def records(stream: BinaryIO) -> Iterator[Record]:
    text, remarks = class_page.read(stream)
    yield from remarks
    if _OLD.search(text):
        begins, fields = frozenset({"thread", "message"}), _OLD_FIELDS
    else:
        begins, fields = frozenset({"_2lej", "_a6-g"}), _NEW_FIELDS
    blocks = list(class_page.blocks(text, begins=begins, fields=fields))
    messages = [block for block in blocks if block.text("name")]
    if not messages:
        raise DamagedFile(
            gettext("This page of Facebook or Instagram holds no messages that can be read. Upload its JSON form.")
        )
    order, is_guessed = long_dates.order(block.text("date") for block in messages)
    if is_guessed:
        yield Remark(gettext("The dates were read as %(order)s; the file does not say.") % {"order": gettext(order)})
    if _are_posts(messages):
        posts = (_post(block, f"entry {number}", order) for number, block in enumerate(messages, 1))
        yield from time_order.in_order(posts)
        return
    names = dict.fromkeys(export_values.name(block.text("name")) for block in messages)
    words = AppWords(list(names)[:_MOST_NAMES])
    thread: list[Record] = []
    for number, block in enumerate(blocks, start=1):
        if "thread" in class_page.classes(block.tag):
            yield from time_order.in_order(thread)
            thread = []
        elif block.text("name"):
            thread.append(_record(block, words, f"message {number}", order))
    yield from time_order.in_order(thread)


def _are_posts(blocks: list[Block]) -> bool:
    """Whether sentences stand where messages have names: "Ana updated her status." """
    sentences = sum(block.text("name").endswith((".", "。")) for block in blocks)
    return sentences * 2 > len(blocks)


def _post(block: Block, source_ref: str, order: str) -> Utterance | Skipped:
    text = export_values.words(_UPDATED.sub("", block.text("text")))
    if not text or len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long" if text else "media", source_ref)
    return Utterance("", text, long_dates.moment(block.text("date"), order), source_ref)


def _record(block: Block, words: AppWords, source_ref: str, order: str) -> Utterance | Skipped:
    name, text = export_values.name(block.text("name")), export_values.words(block.text("text"))
    if not text:
        return Skipped("media" if block.marks & _MEDIA or "_a6-p" in block.marks else "empty", source_ref)
    if reason := words.kind(text, name):
        return Skipped(reason, source_ref)
    if len(text) > export_values.LONGEST_TEXT:
        return Skipped("too long", source_ref)
    return Utterance(name, text, long_dates.moment(block.text("date"), order), source_ref)
