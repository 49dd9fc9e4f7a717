"""What the readers of a portrait find in lines that are made to show one habit."""

from datetime import UTC, datetime, timedelta

import pytest

from personas.portrait import drawings
from personas.portrait.findings import Line
from personas.portrait.manner import Emoji, Languages, Length, Marks, Phrases
from personas.portrait.names import Names
from personas.portrait.times import Times
from personas.portrait.vocabulary import Vocabulary

START = datetime(2021, 3, 1, 21, 30, tzinfo=UTC)


def lines(*texts, every=timedelta(days=1), start=START, is_paragraph=False):
    return [
        Line.of(number, text, start and start + number * every, is_paragraph=is_paragraph)
        for number, text in enumerate(texts)
    ]


def findings(reader, *texts, **more):
    for line in lines(*texts, **more):
        reader.read(line)
    return {(found.section, found.label): found for found in reader.findings()}


ENGLISH = [
    "Hello darling, did you feed the geese? Love, Gran xx",
    "Hello darling, Tom came by with the marmalade. Love, Gran xx",
    "Hello darling, I dreamt of Whitby again!! Love, Gran xx",
    "Hello darling, we drove to Whitby with Tom. Love, Gran xx",
    "We ate marmalade in Whitby, and Tom said it was too sweet. Love, Gran xx",
    "More marmalade :) Aunt May has sent six jars of it. Love, Gran xx",
]
CHINESE = [
    "宝贝，今天我去北京看你张阿姨了。奶奶",
    "宝贝，张阿姨说北京下雪了，你要多穿衣服。奶奶",
    "宝贝，我又梦见绍兴的老房子了！奶奶",
    "宝贝，桂花糕做好了，寄到北京给你。奶奶",
    "宝贝，桂花开了，我在绍兴做桂花糕。奶奶",
    "张阿姨也要桂花糕，我们在绍兴等你。奶奶",
]


@pytest.mark.parametrize(
    ("language", "texts", "opening", "closing"),
    [("en", ENGLISH, "hello darling", "love, gran xx"), ("zh-Hans", CHINESE, "宝贝", "奶奶")],
)
def test_how_lines_begin_and_end(language, texts, opening, closing):
    found = findings(Phrases(language), *texts)
    assert found["openings", opening].count in {4, 5}
    assert found["openings", opening].lines == tuple(range(found["openings", opening].count))
    assert found["closings", closing].count == 6


def test_the_date_of_a_diary_is_no_opening():
    found = findings(Phrases("zh"), *[f"{day}日 晴。下午得二弟信。" for day in "一二三四五六七八"])
    assert not any("日" in label for _, label in found)


def test_length_is_in_words_or_in_characters():
    assert "A typical message has 11 words" in findings(Length(), *ENGLISH)["manner", "length"].text
    assert "characters" in findings(Length(), *CHINESE)["manner", "length"].text
    assert "paragraph" in findings(Length(), *ENGLISH, is_paragraph=True)["manner", "length"].text


def test_length_is_told_as_a_person_would_where_lines_are_of_one_length():
    def told(*counts, word="word "):
        return findings(Length(), *(word * count for count in counts))["manner", "length"].text

    assert told(20, 20, 20) == "Every message has 20 words."
    assert told(1, 1, 1) == "Every message has 1 word."
    assert told(20, 20, 20, word="桂") == "Every message has 20 characters."
    assert told(5, 20, 20, 20, 20, 700) == (
        "A typical message has 20 words, as most of them do. The shortest has 5, and the longest has 700."
    )
    assert (
        told(5, 10, 20, 30, 40) == "A typical message has 20 words. Half of them have 10 to 30, and the longest has 40."
    )


def test_marks_that_are_habits_are_told_with_their_share():
    found = findings(Marks(), *["ok!!", "see you", "Well... no"] * 10)
    assert "33 % of the lines" in found["manner", "exclamations"].text
    assert "33 % of the lines" in found["manner", "dots"].text
    assert ("manner", "semicolon") not in found


def test_emoji_are_counted_whole():
    found = findings(Emoji(), "👩‍👩‍👧 👍🏽", "👩‍👩‍👧", "👩‍👩‍👧🇫🇷🇫🇷", "plain © text 1")
    assert found["emoji", "👩‍👩‍👧"].count == 3
    assert found["emoji", "🇫🇷"].count == 2
    assert {label for section, label in found if section == "emoji"} == {"👩‍👩‍👧", "👍🏽", "🇫🇷"}
    assert "75 %" in found["manner", "emoji"].text


def test_languages_by_script_and_short_words():
    german = "Ich habe das nicht gewusst, und wir sind auch noch hier."
    found = findings(Languages(), *ENGLISH, *CHINESE, *[german] * 6, *["今天天氣很好，我們說說話。"] * 6)
    assert {label: each.count for (_, label), each in found.items()} == {"English": 6, "Chinese": 12, "German": 6}
    assert "50 % of these have traditional characters" in found["languages", "Chinese"].text


@pytest.mark.parametrize(
    ("language", "texts", "words"), [("en", ENGLISH, {"marmalade"}), ("zh-Hans", CHINESE, {"桂花"})]
)
def test_favourite_words_are_those_that_people_in_general_use_less(language, texts, words):
    labels = {label for section, label in findings(Vocabulary(language), *texts * 3) if section == "words"}
    assert words <= labels
    assert not {"the", "of", "with", "whitby", "tom", "的", "我", "了"} & labels


def test_a_word_is_counted_once_whatever_its_hyphen():
    found = findings(Vocabulary("en"), *["I shall come to-day.", "I came today, my dear."] * 4)
    assert ("words", "to-day") not in found
    assert found.get(("words", "today")) is None or found["words", "today"].count == 8


def test_a_common_word_that_is_never_used_is_told():
    text = "The boat is in the harbour and the gulls are on the wall, so it goes with the wind and the tide here."
    found = findings(Vocabulary("en"), *[text] * 400)
    assert "never" in found["rare words", "like"].text


def test_people_and_places_come_with_their_dates():
    found = findings(Names("en"), *ENGLISH)
    assert found["people", "Tom"].text == "Tom: 3 times, 2 Mar 2021 to 5 Mar 2021."
    assert found["places", "Whitby"].text == "Whitby: 3 times, 3 Mar 2021 to 5 Mar 2021."
    found = findings(Names("zh"), *CHINESE)
    assert found["people", "张阿姨"].count == 3
    assert found["places", "北京"].count == 3
    assert found["places", "绍兴"].count == 3


def test_undated_names_have_no_dates():
    assert findings(Names("en"), *ENGLISH, start=None)["people", "Tom"].text == "Tom: 3 times."


def test_titles_stay_with_their_names():
    found = findings(Names("en"), *["I met Mrs. Knight in Bath with dear Fanny."] * 3)
    assert ("people", "Mrs. Knight") in found
    assert ("places", "Bath") in found
    assert not {("people", "Mrs"), ("people", "Knight")} & found.keys()


def test_chinese_names_of_three_characters():
    found = findings(Names("zh"), *["下午许季上来，得钱稻孙信。", "访许季上，钱稻孙来。", "夜钱稻孙来，致许季上信。"])
    assert {"许季上", "钱稻孙"} <= {label for section, label in found if section == "people"}


def test_german_nouns_are_not_taken_for_names():
    assert not findings(Names("de"), *["Ich bin mit dem Hund in der Stadt, und der Hund sagte nichts."] * 5)


def test_times_tell_period_and_hours():
    found = findings(Times(), *["x"] * 60)
    assert "from 1 Mar 2021 to 29 Apr 2021" in found["time", "period"].text
    assert "21:00" in found["time", "hours"].text
    reader = Times()
    findings(reader, *["x"] * 200)
    assert [label for label, _ in reader.figures()["time"]][:2] == ["Mar 2021", "Apr 2021"]


def test_a_diary_without_hours_has_no_hours():
    reader = Times()
    found = findings(reader, *["x"] * 60, start=START.replace(hour=0, minute=0))
    assert ("time", "hours") not in found
    assert reader.figures()["hours"] == []


def test_a_long_time_is_shown_by_years_with_the_empty_ones():
    reader = Times()
    findings(reader, *["x"] * 20, every=timedelta(days=500))
    rows = reader.figures()["time"]
    assert rows[0][0] == "2021"
    assert len(rows) == 27
    assert 0 in [value for _, value in rows]


def test_a_plot_has_a_column_for_each_row_and_says_its_height():
    plot = drawings.columns([("May", 1), ("June", 0), ("July", 4)], unit="lines")
    assert [bar.title for bar in plot.bars] == ["May: 1 lines", "June: 0 lines", "July: 4 lines"]
    assert [float(bar.height) for bar in plot.bars] == [24.0, 0.0, 96.0]
    assert drawings.columns([], unit="lines") is None
    assert drawings.columns([("May", 0)], unit="lines") is None


def test_words_point_to_the_side_of_their_use():
    plot = drawings.shifts([("marmalade", 5.0), ("please", -2.0)])
    more, less = plot.rows
    assert (more.is_more, less.is_more) == (True, False)
    assert float(more.bar.x) == 180
    assert float(less.bar.x) + float(less.bar.width) == pytest.approx(180, abs=0.02)
