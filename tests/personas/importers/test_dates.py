"""The dates above letters and diary entries."""

from datetime import UTC, datetime

import pytest

from personas.importers.times import dates
from tests.personas.importers.builders import read

BEFORE = datetime(2022, 11, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        "5.6.2023", "05.06.2023", "2023/6/5", "2023-06-05", "2023．6．5", "2023. 6. 5.", "5. Juni 2023", "le 5 juin 2023",
        "5 de junio de 2023", "5 de junho de 2023", "5 juni 2023", "5 czerwca 2023", "5 июня 2023 г.", "June 5th, 2023",
        "Monday, 5th June 2023", "2023年6月5日 星期一 晴", "二〇二三年六月五日", "2023年6月5號 多云转晴", "2023년 6월 5일",
    ],
)  # fmt: skip
def test_a_date_of_every_usual_form_is_read(line):
    assert dates.leading(line) == (datetime(2023, 6, 5, tzinfo=UTC), "")


@pytest.mark.parametrize(
    ("line", "day"),
    [("31/12/2023", (2023, 12, 31)), ("12/31/2023", (2023, 12, 31)), ("民国三十一年三月五日", (1942, 3, 5))],
)
def test_the_order_and_the_era_of_a_date_follow_from_its_numbers(line, day):
    assert dates.leading(line) == (datetime(*day, tzinfo=UTC), "")


@pytest.mark.parametrize("line", ["5/6/2023", "6/5/23", "98年3月5日", "31.2.2023", "5.6.20234", "May 5", "三月五日"])
def test_a_date_with_two_readings_or_none_is_not_read(line):
    assert dates.leading(line) is None


@pytest.mark.parametrize(
    ("line", "day", "words"),
    [
        ("Monday, 5th June", (2022, 6, 5), ""),
        ("Aug. 12", (2022, 8, 12), ""),
        ("3月5日 星期三 小雨", (2023, 3, 5), ""),
        ("十二月一日。", (2022, 12, 1), ""),
        ("6월 5일", (2022, 6, 5), ""),
        ("五月十二日。晴，今天去看了外婆。", (2023, 5, 12), "今天去看了外婆。"),
    ],
)
def test_a_day_without_its_year_has_that_of_the_date_above_or_the_next(line, day, words):
    assert dates.without_year(line, BEFORE) == (datetime(*day, tzinfo=UTC), words)
    assert dates.without_year(line, None) == (None, words)


def test_a_day_of_the_moons_calendar_has_no_date():
    assert dates.without_year("正月初三 雪", BEFORE) == (None, "")


@pytest.mark.parametrize(
    "line",
    [
        "三月五日我们去了杭州",
        "五月十二日，我们去了外婆家。",
        "May 5 was a good day",
        "March on",
        "六月初三那天",
        "大雨滂沱",
    ],
)
def test_a_sentence_that_begins_with_a_day_is_no_date_line(line):
    assert dates.without_year(line, BEFORE) is None


def test_the_entries_of_a_diary_have_their_days_and_its_weather_is_no_words():
    reading = read(
        "2022年12月30日 星期五 阴\n\n今天很冷。\n\n一月二日 晴\n\n外婆来了。\n\n三月初五\n\n下田。\n\n四月六日\n\n雨。"
    )
    assert reading.texts == ["今天很冷。", "外婆来了。", "下田。", "雨。"]
    assert reading.times == ["2022-12-30T00:00:00", "2023-01-02T00:00:00", "", "2023-04-06T00:00:00"]
    assert reading.skipped == {"date line": 4}


ENTRIES = ["今天去了外婆家。", "下雨了，没出门。", "看了一天书。"]


@pytest.mark.parametrize("between", ["\n", "\n\n"])
@pytest.mark.parametrize("title", ["", "我的日记\n\n"])
@pytest.mark.parametrize(
    "days",
    [
        ("三月五日 晴", "三月六日 阴", "三月八日 小雨"), ("3月5日 星期三 晴", "3月6日 星期四 阴", "3月7日"), ("五日 晴", "六日 阴", "七日"), ("5号", "6号", "8号"),
        ("初三 晴", "初四 阴转多云 北风三级", "十月初五"), ("星期一 晴", "星期二", "星期三"), ("三月五日 天气：晴 12°C", "三月六日 天气晴朗 -3~5℃", "三月七日 夜"),
        ("5月3日（土）晴れ", "5月4日（日）曇りのち雨", "5月5日"), ("正月初三，雪", "正月初四。", "廿五"),
    ],
)  # fmt: skip
def test_a_diary_without_a_year_has_its_entries_in_order_and_no_days_among_its_words(days, title, between):
    reading = read(title + "\n".join(f"{day}{between}{words}" for day, words in zip(days, ENTRIES, strict=True)))
    assert reading.texts == ENTRIES
    assert reading.times == [""] * 3
    assert reading.skipped["date line"] == 3


def test_words_on_the_line_of_a_day_are_kept():
    reading = read("三月五日，晴。今天去了外婆家。\n三月六日 早上我没出门。\n三月八日：看了一天书。")
    assert reading.texts == ["今天去了外婆家。", "早上我没出门。", "看了一天书。"]


def test_a_day_that_is_repeated_beneath_its_date_is_words():
    reading = read("2023年3月5日\n五日 上午去了外婆家。\n\n2023年3月6日\n六日 下雨。\n")
    assert reading.texts == ["五日 上午去了外婆家。", "六日 下雨。"]


def test_days_beneath_a_date_are_of_its_month_or_the_next():
    reading = read("2023年3月30日 晴\n今天去了外婆家。\n三十一日 阴\n下雨了，没出门。\n二日\n看了一天书。")
    assert reading.texts == ENTRIES
    assert reading.times == ["2023-03-30T00:00:00", "2023-03-31T00:00:00", "2023-04-02T00:00:00"]


@pytest.mark.parametrize(
    "text",
    [
        "三月五日我们去了杭州。\n三月六日下雨了。",
        "亲爱的安娜，\n五日 晴\n六日 雨",
        "五日 我们出发。\n他们后来才到。",
        "周一，我们出发。\n周二，我们到了。",
    ],
)
def test_lines_that_only_look_like_days_of_a_diary_are_words(text):
    assert read(text).texts == [text]
