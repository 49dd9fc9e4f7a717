"""LINE exports, each layout in several languages."""

import pytest

from tests.personas.importers.builders import read

SAID = [
    ("Ana", "Did the lemon tree survive?"),
    ("Beto Ruiz", "It did.\n\nSee https://example.org: really"),
    ("Ana", "Good"),
]
# title, day line, a record with {t} minutes; all of 15 June 2023, 9:4x
LAYOUTS = {
    "en": ("[LINE] Chat history with Beto Ruiz\nSaved on: 6/16/2023, 09:00", "Thu, 6/15/2023", "09:4{t}\t{n}\t{w}"),
    "en, day first": ("[LINE] Chat history in Garden\nSaved on: 16/06/2023, 09:00", "Thu, 15/06/2023", "09:4{t}AM\t{n}\t{w}"),
    "en, brackets": ("[LINE] Chat history with Beto Ruiz\nSaved on: 2023/06/16 09:00", "2023/06/15(Thu)", "9:4{t} AM\t{n}\t{w}"),
    "ja": ("[LINE] Beto Ruizとのトーク履歴\n保存日時：2023/06/16 09:00", "2023/06/15(木)", "09:4{t}\t{n}\t{w}"),
    "ja, 12 hours": ("[LINE] 庭のトーク履歴\n保存日時：2023/06/16 09:00", "2023/6/15(木)", "午前9:4{t}\t{n}\t{w}"),
    "ja, era": ("[LINE] 庭のトーク履歴\n保存日時：R5/06/16 09:00", "R5/06/15(木)", "09:4{t}    {n}    {w}"),
    "zh-TW": ("[LINE] 與Beto Ruiz的聊天記錄\n儲存日期：2023/06/16 09:00", "2023/06/15（四）", "上午09:4{t}\t{n}\t{w}"),
    "zh-TW, 週": ("[LINE] 與Beto Ruiz的聊天\n儲存日期：2023/06/16 09:00", "2023/6/15(週四)", "09:4{t}\t{n}\t{w}"),
    "zh-CN": ("[LINE] 与Beto Ruiz的聊天记录\n保存日期：2023/06/16 09:00", "2023/06/15（四）", "09:4{t}\t{n}\t{w}"),
    "ko": ("[LINE] Beto Ruiz님과의 대화\n저장한 날짜: 2023. 6. 16.", "2023년 6월 15일 목요일", "오전 09:4{t}\t{n}\t{w}"),
    "th": ("[LINE] ประวัติการแชทกับ Beto Ruiz\nบันทึกเมื่อ: 16/6/2566", "พฤ. 15/6/2566", "09:4{t}\t{n}\t{w}"),
    "computer": ("[LINE] Chat history with Beto Ruiz\nSaved on: 2023.06.16", "2023.06.15 Thursday", "09:4{t} {n} {w}"),
    "computer, ja": ("[LINE] Beto Ruizとのトーク履歴", "2023.06.15 木曜日", "09:4{t} {n} {w}"),
    "without title": ("", "2023.06.15 Thursday", "09:4{t}\t{n}\t{w}"),
}  # fmt: skip


def written(layout: str, said: list[tuple[str, str]] = SAID) -> str:
    title, day, record = LAYOUTS[layout]
    lines = [
        record.format(t=minute, n=name, w=f'"{words}"' if "\n" in words else words)
        for minute, (name, words) in enumerate(said)
    ]
    return "\n".join([title, "", day, *lines, ""]).lstrip("\n")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_names_words_and_times_are_those_of_the_chat(layout):
    reading = read(written(layout, [*SAID, *SAID]))
    assert reading.format == "line"
    assert reading.said == [*SAID, *SAID]
    assert reading.times == [f"2023-06-15T09:4{minute}:00" for minute in range(6)]
    assert not [remark for remark in reading.remarks if "read as" in remark]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("19:00\tAna\t[Photo]", "media"), ("19:00\tAna\t[スタンプ]", "media"), ("19:00\tAna\t[貼圖]", "media"), ("19:00\tAna\t[File] list.pdf", "media"),
        ("19:00\tAna\t[사진]", "media"), ("19:00\tAna\t[สติกเกอร์]", "media"), ("19:00\tAna\t☎ Missed call", "call"), ("19:00\tAna\t☎ 通話時間 1:23", "call"),
        ("19:00\t\tAna unsent a message.", "deleted"), ("19:00\tAna unsent a message.", "deleted"), ("19:00\tAnaがメッセージの送信を取り消しました", "deleted"),
        ("19:00\tAna已收回訊息", "deleted"), ("19:00\t\tAna joined the group.", "system"), ("19:00\tAnaがBetoを招待しました。", "system"),
    ],
)  # fmt: skip
def test_what_the_app_wrote_is_counted_and_not_speech(record, reason):
    reading = read(f"{written('en')}{record}\n")
    assert reading.said == SAID
    assert reading.skipped[reason] == 1


@pytest.mark.parametrize(("words", "reason"), [("Photos", "media"), ("スタンプ", "media"), ("joined the group.", "system"), ("unsent a message.", "deleted")])  # fmt: skip
def test_computers_write_the_apps_words_without_brackets(words, reason):
    reading = read(f"{written('computer', [*SAID, *SAID])}19:00 Ana {words}\n")
    assert reading.said == [*SAID, *SAID]
    assert reading.skipped[reason] == 1


def test_a_day_and_a_chat_line_inside_quotes_stay_part_of_the_message():
    words = "Note:\n2023/06/16(金)\n12/06/2023, 10:00 - still the same"
    reading = read(written("ja", [("Ana", words), ("Beto", "ok")]))
    assert reading.said == [("Ana", words), ("Beto", "ok")]
    assert reading.times[1].startswith("2023-06-15")


def test_a_text_that_only_begins_with_a_quote_swallows_nothing():
    chat = (
        written("ja", [("Ana", '"hello'), ("Beto", "hi")])
        + '\n2023/06/16(金)\n08:00\tAna\t"again\n\n2023/06/17(土)\n08:00\tBeto\tyes\n'
    )
    reading = read(chat)
    assert reading.texts == ['"hello', "hi", '"again', "yes"]
    assert [time[:10] for time in reading.times] == ["2023-06-15", "2023-06-15", "2023-06-16", "2023-06-17"]


def test_doubled_quotes_inside_a_text_of_several_lines_are_one():
    reading = read(written("en") + '10:00\tAna\t"He said ""yes""\nand left"\n')
    assert reading.texts[-1] == 'He said "yes"\nand left'


def test_a_weekday_decides_the_order_of_day_and_month():
    american = "[LINE] Chat history with B\n\nMon, 6/5/2023\n10:00\tA\tx\n10:01\tB\ty\n"
    british = american.replace("Mon, 6/5", "Sat, 6/5")
    assert read(american).times[0].startswith("2023-06-05")
    assert read(british).times[0].startswith("2023-05-06")


def test_an_order_that_nothing_tells_is_a_guess_that_is_told():
    reading = read("[LINE] Chat history with B\n\n5/6/2023\n10:00\tA\tx\n10:01\tB\ty\n")
    assert any("were read as day, month, year" in remark for remark in reading.remarks)


def test_a_computers_export_is_known_without_its_title():
    words = ["Did it survive?", "It did", "And the roses?", "They too", "Good", "Come over", "When?", "Soon"]
    said = list(zip(["Ana", "Beto"] * 4, words, strict=True))
    lines = ["2023.06.15 木曜日", *(f"21:4{minute} {name} {words}" for minute, (name, words) in enumerate(said))]
    reading = read("\n".join(lines))
    assert (reading.format, reading.said) == ("line", said)


def test_a_diary_with_times_is_no_chat():
    lines = ["2023.06.15 木曜日", "07:10 Got up late", "08:00 Tea", "09:30 To the harbour", "12:00 Rain", "18:00 Home"]
    assert read("\n".join(lines)).format == "plain-text"
    lines = [
        "2023.06.15 Thursday",
        "08:00 I woke",
        "09:00 I went out",
        "12:00 Lunch with Bo",
        "15:00 I read",
        "21:00 I slept",
    ]
    assert read("\n".join(lines)).format == "plain-text"


def test_places_notes_and_albums_are_placeholders_with_a_title():
    words = [
        "[null] Tokyo https://maps.google.com/?q=1,2",
        "[Notes] Trip",
        '[Albums] "Trip" has been created',
        "See you",
    ]
    lines = "".join(f"09:4{number}\tAna\t{text}\n" for number, text in enumerate(words))
    reading = read(f"[LINE] Chat history with Ana\nSaved on: 20/06/2023, 10:00\n\nThu, 15/06/2023\n{lines}")
    assert (reading.texts, reading.skipped["media"]) == (["See you"], 3)


def test_a_short_export_of_a_computer_is_known_though_names_have_two_words():
    chat = (
        "2023.06.15 星期四\n21:41 小花 哈囉 你好\n21:42 阿 明 貼圖\n21:43 阿 明 第一行\n第二行\n21:44 小花 圖片\n"
        "21:45 小花已收回訊息\n2023.06.16 星期五\n09:00 阿 明 早\n"
    )
    reading = read(chat)
    assert (reading.format, reading.said) == (
        "line",
        [("小花", "哈囉 你好"), ("阿 明", "第一行\n第二行"), ("阿 明", "早")],
    )
    assert reading.times[-1] == "2023-06-16T09:00:00"
