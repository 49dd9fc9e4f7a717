"""Files with more than one layout, quoted chats, missing blanks: what begins a message, and what is part of one."""

import io

import pytest

from personas.importers import registry
from personas.importers.base import Utterance
from personas.importers.chats.whatsapp.export import WhatsApp
from tests.personas.importers.test_whatsapp import parsed


def told(text: str) -> list[tuple[str, str]]:
    return [(one.speaker, one.text) for one in parsed(text)[0]]


HEADS = ["[2026/7/9 02:28:09] ", "09/07/2026, 02:28 - ", "7/9/26, 2:28\u202fAM - ", "[09.07.26, 02:28:09] "]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", ["Emil", "\u202a+44\u00a07700\u00a0900123\u202c", "Tante Lise 🌻", "~ Emil"])
def test_a_known_name_needs_no_blank_after_its_colon(head, name):
    chat = f"{head}Nora: awake?\n{head}{name}:Hi! Bees: all of them.\n{head}{name}: and more\n{head}Nora:😀\n"
    assert [text for _, text in told(chat)] == ["awake?", "Hi! Bees: all of them.", "and more", "😀"]
    assert not parsed(chat)[1]


def test_a_name_that_never_has_a_blank_is_known_when_it_comes_again():
    chat = "".join(f"09/07/2026, 02:2{n} - {name}:word {n}\n" for n, name in enumerate(["Nora", "Emil"] * 3))
    assert told(chat)[:2] == [("Nora", "word 0"), ("Emil", "word 1")]


def test_a_sentence_of_the_app_with_a_colon_is_nobodys():
    utterances, skipped, _ = parsed(
        "09/07/2026, 02:28 - Nora: hello\n09/07/2026, 02:29 - Nora changed the subject from “A: x” to “B: y”\n"
        "09/07/2026, 02:30 - Emil: see https://example.org\n"
    )
    assert [one.speaker for one in utterances] == ["Nora", "Emil"]
    assert skipped == {"system": 1}


def test_lines_that_a_lone_lf_begins_are_quoted_where_records_end_in_crlf():
    chat = (
        "[28/02/17, 15:54:36] Nora: Look:\n[27/02/17, 09:10:11] Emil: I never loved the sea.\n"
        "[28/02/17, 15:54:40] Emil: Sell the boat.\r\n[28/02/17, 15:55:02] Emil: I wrote that.\r\n"
        "[28/02/17, 15:56:00] Nora: I know\nand so do you.\r\n"
    )
    assert [speaker for speaker, _ in told(chat)] == ["Nora", "Emil", "Nora"]
    assert told(chat)[0][1].endswith("Sell the boat.")
    assert told(chat)[2][1] == "I know\nand so do you."


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_where_all_lines_end_alike_each_head_begins_a_message(end):
    chat = end.join(["[28/02/17, 15:54:36] Nora: a", "[28/02/17, 15:55:11] Emil: b", "[28/02/17, 15:56:00] Nora: c"])
    assert len(told(chat + end)) == 3


def test_a_part_that_another_tool_saved_with_lone_lfs_is_read():
    def part(hour: int, end: str) -> str:
        return "".join(f"[28/02/17, {hour}:{minute}:36] Nora: {minute}{end}" for minute in range(10, 30))

    assert len(told(part(15, "\r\n") + part(16, "\n"))) == 40
    assert len(told(part(15, "\n") + part(16, "\r\n"))) == 40


A = "03.08.21, 12:30 - Greta: a\n03.08.21, 12:31 - Karl: b\n03.08.21, 12:32 - Greta: c\n04.08.21, 08:00 - Karl: d\n"
SECONDS = {
    "12 hours": "8/5/21, 9:15 AM - Greta: e\n8/5/21, 9:16 AM - Karl: f\n",
    "brackets": "[05.08.21, 09:15:00] Greta: e\n[05.08.21, 09:16:00] Karl: f\n",
    "other padding": "5.8.21, 9:15 - Greta: e\n5.8.21, 9:16 - Karl: f\n",
    "long years": "05.08.2021, 09:15 - Greta: e\n05.08.2021, 09:16 - Karl: f\n",
    "no comma": "05.08.21 09:15 - Greta: e\n05.08.21 09:16 - Karl: f\n",
    "arabic": "\u200f5\u200f/8\u200f/2021، 9:15 ص - Greta: e\n\u200f5\u200f/8\u200f/2021، 9:16 ص - Karl: f\n",
    "before": "05.07.2021, 09:15 - Greta: e\n05.07.2021, 09:16 - Karl: f\n05.07.2021, 09:17 - Karl: g\n",
}


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("is_first", [True, False])
def test_the_layouts_of_two_phones_are_both_read(second, is_first):
    chat = SECONDS[second] + A if is_first else A + SECONDS[second]
    assert sorted(text for _, text in told(chat)) == list("abcdefg"[: 6 + (second == "before")])
    assert any("2 layouts" in remark for remark in parsed(chat)[2])
    assert {one.sent_at.year for one in parsed(chat)[0]} == {2021}


def test_a_single_message_of_the_new_phone_is_read():
    assert told(f"{A}8/5/21, 9:15 AM - Greta: e\n")[-1] == ("Greta", "e")


def test_a_single_older_line_of_another_layout_stays_quoted():
    assert told(f"{A}[01.02.20, 09:15:00] Greta: e\n")[-1] == ("Karl", "d\n[01.02.20, 09:15:00] Greta: e")


def test_a_layout_between_two_parts_of_another_is_read_where_its_times_go_on():
    middle = "".join(f"[04.08.21, 09:1{n}:00] Greta: m{n}\n" for n in range(5))
    after = "05.08.21, 12:30 - Greta: e\n05.08.21, 12:31 - Karl: f\n"
    assert len(told(A + middle + after)) == 11


def test_an_older_chat_of_another_layout_inside_a_message_stays_quoted_and_is_told():
    quoted = "".join(f"[01.02.20, 09:1{n}:00] Karl: old {n}\n" for n in range(4))
    chat = f"{A}04.08.21, 09:00 - Greta: he wrote\n{quoted}05.08.21, 12:30 - Karl: e\n"
    utterances, _, remarks = parsed(chat)
    assert len(utterances) == 6
    assert utterances[4].text.endswith("old 3")
    assert any(remark.startswith("4 lines begin like messages of another layout") for remark in remarks)


def test_lines_copied_from_a_window_are_counted_and_not_glued():
    copied = (
        "[10:12, 6/8/2021] Greta: cake\n[10:13, 6/8/2021] Karl: plates\nand spoons\n[10:14, 6/8/2021] Greta: fine\n"
    )
    utterances, skipped, _ = parsed(A + copied)
    assert [one.text for one in utterances] == ["a", "b", "c", "d"]
    assert skipped == {"in another layout": 4}


def test_one_line_copied_from_a_window_stays_in_its_message():
    assert told(f"{A}[10:12, 6/8/2021] Greta: cake\nlook\n")[-1] == ("Karl", "d\n[10:12, 6/8/2021] Greta: cake\nlook")


def test_a_diary_with_times_is_no_chat():
    diary = (
        "2021-03-05 10:12 Went to town.\n2021-03-06 11:12 Planted beans: two rows.\n2021-03-07 09:12 Rain: all day.\n"
    )
    assert registry.choose(io.BytesIO(diary.encode()), "diary.txt").name == "plain-text"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_line_ends_tell_the_same_in_every_encoding(encoding):
    chat = "[28/02/17, 15:54:36] Nora: see\n[27/02/17, 09:10:11] Emil: old\r\n[28/02/17, 15:55:02] Emil: new\r\n"
    raw = (("\ufeff" if encoding == "utf-16-be" else "") + chat * 3).encode(encoding)
    assert len([one for one in WhatsApp().parse(io.BytesIO(raw)) if isinstance(one, Utterance)]) == 6
