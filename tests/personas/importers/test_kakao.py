"""KakaoTalk exports of phones, Windows and the Mac."""

import pytest

from tests.personas.importers.builders import read

SAID = [("Ana", "Did it survive?"), ("김 한길", "It did: see 10:30 : really\nsecond line"), ("Ana", "Good")]
LAYOUTS = {
    "android, ko": ("김 한길 님과 카카오톡 대화\n저장한 날짜 : 2016년 2월 6일 오후 1:00\n\n2016년 2월 5일 금요일", "2016년 2월 5일 오후 1:3{t}, {n} : {w}"),
    "iphone, ko": ("Talk_2016.2.6 13:00-1.txt\n저장한 날짜 : 2016. 2. 6. 오후 1:00\n\n\n2016년 2월 5일 금요일", "2016. 2. 5. 오후 1:3{t}, {n} : {w}"),
    "iphone, 24 hours": ("김 한길 님과 카카오톡 대화\n저장한 날짜 : 2016. 2. 6. 13:00\n\n", "2016. 2. 5. 13:3{t}, {n} : {w}"),
    "android, en": ("KakaoTalk Chats with 김 한길\nDate Saved : Feb 6, 2016 1:00 PM\n\n", "February 5, 2016, 1:3{t} PM, {n} : {w}"),
    "iphone, en": ("KakaoTalk Chats with 김 한길\nDate Saved : Feb 6, 2016 at 1:00\u202fPM\n\n", "Feb 5, 2016 at 1:3{t}\u202fPM, {n} : {w}"),
    "ja": ("김 한길さんとのカカオトーク\n保存日時 : 2016年2月6日\n\n", "2016年2月5日 午後1:3{t}, {n} : {w}"),
    "windows, ko": ("김 한길 님과 카카오톡 대화\n저장한 날짜 : 2016-02-06 13:00:00\n\n--------------- 2016년 2월 5일 금요일 ---------------", "[{n}] [오후 1:3{t}] {w}"),
    "windows, en": ("Chat with 김 한길\nDate Saved : 2016-02-06 13:00:00\n\n--------------- Friday, February 5, 2016 ---------------", "[{n}] [1:3{t} PM] {w}"),
    "windows, 24 hours": ("저장한 날짜 : 2016-02-06 13:00:00\n\n--------------- 2016년 2월 5일 금요일 ---------------", "[{n}] [13:3{t}] {w}"),
}  # fmt: skip


def written(layout: str, said: list[tuple[str, str]] = SAID) -> str:
    head, record = LAYOUTS[layout]
    return "\r\n".join([head, *(record.format(t=t, n=n, w=w) for t, (n, w) in enumerate(said)), ""])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_names_words_and_times_are_those_of_the_chat(layout):
    reading = read(written(layout))
    assert reading.format == "kakaotalk"
    assert reading.said == SAID
    assert reading.times == [f"2016-02-05T13:3{minute}:00" for minute in range(3)]


def test_midnight_and_noon_are_told_apart():
    chat = "김 님과 카카오톡 대화\n저장한 날짜 : x\n\n2016년 2월 5일 오전 12:05, 김 : a\n2016년 2월 5일 오후 12:05, 이 : b\n"
    assert read(chat).times == ["2016-02-05T00:05:00", "2016-02-05T12:05:00"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [("사진", "media"), ("사진 3장", "media"), ("이모티콘", "media"), ("동영상", "media"), ("Photo", "media"), ("삭제된 메시지입니다.", "deleted"), ("보이스톡 해요", "call"), ("파일: a.pdf", "media")],
)  # fmt: skip
def test_placeholders_are_counted_and_not_speech(words, reason):
    for layout in ("android, ko", "windows, ko"):
        reading = read(written(layout, [*SAID, ("Ana", words)]))
        assert reading.said == SAID
        assert reading.skipped[reason] == 1


@pytest.mark.parametrize(
    ("layout", "line"),
    [("android, ko", "2016년 2월 5일 오후 2:00, 이님이 들어왔습니다."), ("iphone, ko", "2016. 2. 5. 오후 2:00: 이님이 나갔습니다."), ("windows, ko", "이님이 들어왔습니다.운영정책을 위반한 메시지로 신고 접수 시 카카오톡 이용에 제한이 있을 수 있습니다."), ("windows, en", "Zoe joined this chatroom.")],
)  # fmt: skip
def test_who_came_and_went_is_counted(layout, line):
    reading = read(written(layout) + line + "\r\n")
    assert reading.said == SAID
    assert reading.skipped["system"] == 1


def test_the_table_of_the_mac_is_read_with_its_quotes():
    table = 'Date,User,Message\n2016-02-05 01:33:00,"Ana","Hi, ""you"""\n2016-02-05 01:34:00,"김","두 줄\n입니다"\n2016-02-05 01:35:00,"김","사진"\n'
    reading = read("\ufeff" + table)
    assert reading.format == "chat-table"
    assert reading.said == [("Ana", 'Hi, "you"'), ("김", "두 줄\n입니다")]
    assert reading.times == ["2016-02-05T01:33:00", "2016-02-05T01:34:00"]
    assert reading.skipped == {"media": 1}


@pytest.mark.parametrize(
    ("day", "record"),
    [
        ("2023년 6월 {} 오후 9:40", "2023년 6월 {} 오후 9:41, Ana : {}"),
        ("Jun {}, 2023 at 9:40\u202fPM", "Jun {}, 2023 at 9:41\u202fPM, Ana : {}"),
    ],
)
def test_a_time_on_a_line_of_its_own_begins_a_day(day, record):
    days = ("15일", "16일") if "년" in day else ("15", "16")
    lines = ["KakaoTalk Chats with Ana", "Date Saved : June 20, 2023", ""]
    for number, written in enumerate(days):
        lines += [day.format(written), record.format(written, f"words {number}"), ""]
    assert read("\n".join(lines)).said == [("Ana", "words 0"), ("Ana", "words 1")]


def test_a_table_of_the_mac_gives_events_to_nobody():
    table = 'Date,User,Message\n2023-06-15 21:41:07,"민수","안녕"\n2023-06-15 21:44:07,"민수","민수님이 나갔습니다."\n'
    reading = read(table)
    assert (reading.said, reading.skipped) == ([("민수", "안녕")], {"system": 1})
