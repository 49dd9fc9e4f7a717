"""Google Chat, LinkedIn, ChatGPT, SillyTavern and Slack."""

import json
from typing import Any

import pytest

from personas.importers import registry
from personas.importers.times import long_dates
from tests.personas.importers.exports import archive, records, said, skipped, times


def test_google_chat_keys_people_by_address_and_leaves_out_what_is_deleted_or_of_a_bot():
    def message(name: str, email: str, text: str | None, **fields: Any) -> dict[str, Any]:
        words = {} if text is None else {"text": text}
        creator = {"name": name, "email": email, "user_type": "Human"}
        return {"creator": creator, "created_date": "Thursday, June 15, 2023 at 8:41:07\u202fPM UTC", "topic_id": "a"} | words | fields  # fmt: skip

    export = {
        "messages": [
            message("Ada", "ada@example.org", "One."),
            message("Ada Brown", "Ada@Example.org", "Two."),
            message("", "gone@example.org", "Three."),
            message("Ada Brown", "ada@example.org", None, attached_files=[{"original_name": "a.png"}]),
            message("Ada Brown", "ada@example.org", None, message_state="DELETED", deletion_metadata={"deletion_type": "CREATOR"}),
            message("Robot", "robot@example.org", "Beep.") | {"creator": {"name": "Robot", "user_type": "Bot"}},
        ]
    }  # fmt: skip
    read = records(export, format="google-chat")
    assert said(read) == [
        ("Ada Brown", "One."),
        ("Ada Brown", "Two."),
        ("Deleted account (gone@example.org)", "Three."),
    ]
    assert skipped(read) == {"media": 1, "deleted": 1, "from a bot": 1}
    assert times(read)[0] == "2023-06-15T20:41:07"


@pytest.mark.parametrize(
    "text",
    [
        "Thursday, June 15, 2023 at 8:41:07\u202fPM UTC", "Thursday, 15 June 2023 at 20:41:07 UTC", "Donnerstag, 15. Juni 2023 um 20:41:07 UTC", "jeudi 15 juin 2023 à 20:41:07 UTC",
        "jueves, 15 de junio de 2023, 20:41:07 UTC", "quinta-feira, 15 de junho de 2023 às 20:41:07 UTC", "giovedì 15 giugno 2023 alle ore 20:41:07 UTC", "donderdag 15 juni 2023 om 20:41:07 UTC",
        "czwartek, 15 czerwca 2023 20:41:07 UTC", "15 Haziran 2023 Perşembe 20:41:07 UTC", "четверг, 15 июня 2023 г. в 20:41:07 UTC", "torsdag 15 juni 2023 kl. 20:41:07 UTC",
        "2023年6月15日木曜日 20:41:07 UTC", "2023年6月15日星期四 UTC 下午8:41:07", "Jun 15, 2023, 8:41:07 PM", "Jun 15, 2023 8:41:07pm",
        "2023-06-15 20:41:07 UTC", "15. kesäkuuta 2023 klo 20.41.07", "الخميس، 15 يونيو 2023، 8:41:07 م", "الخميس، ١٥ يونيو ٢٠٢٣، ٨:٤١:٠٧ م UTC",
        "2023년 6월 15일 목요일 오후 8시 41분 7초 UTC", "יום חמישי, 15 ביוני 2023 בשעה 20:41:07 UTC", "गुरुवार, 15 जून 2023 को 8:41:07 pm UTC बजे", "Thứ Năm, 15 tháng 6, 2023 lúc 20:41:07 UTC",
        "วันพฤหัสบดีที่ 15 มิถุนายน 2566 เวลา 20:41:07 UTC", "2023. június 15., csütörtök 20:41:07 UTC", "четвер, 15 червня 2023 р. о 20:41:07 UTC", "dijous, 15 de juny de 2023, 20:41:07 UTC",
        "15.06.2023, 20:41:07", "15.06.2023 20:41:07", "15. 6. 2023 20:41:07", "15.06.2023 г., 8:41:07 ч. pm", "2023/06/15 20:41:07", "2023. 6. 15. 오후 8:41:07", "6월 15, 2023 8:41:07 오후",
        "6月 15, 2023 8:41:07 下午", "6月 15, 2023 8:41:07 午後", "15/06/2023 20:41:07", "06/15/2023, 8:41:07 PM", "15-06-2023 20:41:07", "15/6/2566 20:41:07", "Tháng 6 15, 2023 8:41:07 CH",
        "15 giu 2023, 20:41:07", "mar 15 giu 2023, 20:41:07", "15 Haz 2023 20:41:07", "15 Haz 2023 ÖS 8:41:07", "15. lip 2023. 20:41:07", "15. 6. 2023 8:41:07 odp.", "jún 15, 2023 8:41:07 du.",
        "15 जून, 2023, 8:41:07 PM", "15 มิ.ย. 2566 20:41:07", "15 juny 2023, 20:41:07", "15 ივნ. 2023, 20:41:07", "15 чэр 2023 г., 20:41:07", "15 birželio 2023 20:41:07",
    ],
)  # fmt: skip
def test_times_in_the_words_of_many_languages_are_read(text):
    moment = long_dates.moment(text)
    assert moment is not None
    assert moment.strftime("%Y-%m-%dT%H:%M:%S") == "2023-06-15T20:41:07"


@pytest.mark.parametrize(
    "text", ["", "yesterday", "June 2023", "31 February 2023 10:00", "June 15, 2023 at 25:00", "1" * 5000]
)
def test_what_is_no_time_is_none(text):
    assert long_dates.moment(text) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("am 15. Juni 2023 um 12:41", "2023-06-15T12:41"),
        ("Jun 15, 2023 12:41 AM", "2023-06-15T00:41"),
        ("15 Μαΐ 2023, 9:41 μ.μ.", "2023-05-15T21:41"),
        ("15. listopada 2023. u 9:41", "2023-10-15T09:41"),
        ("15 juin 2023 à 9 h 41", "2023-06-15T09:41"),
        ("15 listopada 2023, 9:41", "2023-11-15T09:41"),
        ("١٥ كانون الثاني ٢٠٢٣ في ٩:٤١ م", "2023-01-15T21:41"),
        ("05.06.2023, 9:41", "2023-06-05T09:41"),
    ],
)
def test_the_words_beside_a_date_tell_its_month_and_its_hour(text, moment):
    read = long_dates.moment(text)
    assert read is not None
    assert read.strftime("%Y-%m-%dT%H:%M") == moment


def test_a_date_with_two_readings_waits_for_the_other_dates_of_its_file():
    assert long_dates.moment("05/06/2023 9:41") is None
    newest_first = ["06/05/2023 9:41", "05/30/2023 9:41", "05/06/2023 9:41"]
    assert long_dates.order(newest_first) == ("month, day, year", False)
    assert long_dates.order(["15/06/2023", "05/06/2023"]) == ("day, month, year", False)
    assert long_dates.order(["05.06.2023", "June 5, 2023"]) == ("", False)
    assert str(long_dates.moment("05/06/2023 9:41", "month, day, year")) == "2023-05-06 09:41:00+00:00"


HEAD = (
    "CONVERSATION ID,CONVERSATION TITLE,FROM,SENDER PROFILE URL,TO,RECIPIENT PROFILE URLS,DATE,SUBJECT,CONTENT,FOLDER"
)


def test_linkedin_gives_each_conversation_from_its_beginning():
    ada, bo = "https://www.linkedin.com/in/ada", "https://www.linkedin.com/in/bo"
    written = "\r\n".join(
        [
            HEAD,
            f'b,,Ada B.,{ada},Bo,{bo},2023-06-15 20:43:07 UTC,,"Three, ""quoted""\nand more",INBOX',
            f"a,,Bo,{bo},Ada,{ada},2023-06-15 20:42:07 UTC,,<p>Two &amp; <b>more</b></p><p>end</p>,INBOX",
            f"a,,Ada,{ada},Bo,{bo},2023-06-15 20:41:07 UTC,Bees,One <3,INBOX",
            f"c,,,,Ada,{ada},2023-06-15 20:40:07 UTC,,An advertisement,INBOX",
            f"d,,Cy,,Ada,{ada},2023-06-15 20:40:07 UTC,,Buy now,SPAM",
            f"e,,Bo,{bo},Ada,{ada},2023-06-15 20:39:07 UTC,,,INBOX",
        ]
    )
    read = records(written, format="linkedin")
    assert said(read) == [("Ada B.", "One <3"), ("Bo", "Two & more\nend"), ("Ada B.", 'Three, "quoted"\nand more')]
    assert skipped(read) == {"empty": 1, "spam": 1, "system": 1}


def test_chatgpt_is_read_along_the_branch_that_was_shown_last():
    def node(
        key: str, parent: str | None, role: str, parts: list[Any], children: list[str], **content: Any
    ) -> dict[str, Any]:
        return {"id": key, "parent": parent, "children": children, "message": {"author": {"role": role}, "create_time": 1686861667.5, "content": {"content_type": "text", "parts": parts} | content, "metadata": {}}}  # fmt: skip

    mapping = {
        "root": {"id": "root", "message": None, "parent": None, "children": ["s"]},
        "s": node("s", "root", "system", [""], ["q"]),
        "q": node("q", "s", "user", ["A question."], ["old", "new"]),
        "old": node("old", "q", "assistant", ["A draft."], []),
        "new": node("new", "q", "assistant", ["An answer."], ["t"]),
        "t": node("t", "new", "tool", ["result"], ["code"]),
        "code": node("code", "t", "assistant", [], ["p"], content_type="code", text="print(1)"),
        "p": node("p", "code", "user", [{"content_type": "image_asset_pointer", "asset_pointer": "x"}, "And this?"], ["v"], content_type="multimodal_text"),
        "v": node("v", "p", "user", [{"content_type": "audio_transcription", "text": "Said aloud."}], [], content_type="multimodal_text"),
    }  # fmt: skip
    circle = {"a": node("a", "b", "user", ["x"], ["b"]), "b": node("b", "a", "user", ["y"], ["a"])}
    conversations = [
        {"title": "t", "mapping": mapping, "current_node": "v"},
        {"mapping": circle, "current_node": "a"},
        {"mapping": None},
    ]
    read = records(conversations, format="chatgpt")
    assert said(read) == [
        ("Me", "A question."),
        ("ChatGPT", "An answer."),
        ("Me", "And this?"),
        ("Me", "Said aloud."),
        ("Me", "y"),
        ("Me", "x"),
    ]
    assert skipped(read) == {"system": 2, "tool": 1}
    assert said(records(conversations[0], format="chatgpt"))[0] == ("Me", "A question.")
    unnamed = {"mapping": {"q": mapping["q"] | {"children": []}, "s": mapping["s"]}}
    assert said(records([unnamed], format="chatgpt")) == [("Me", "A question.")]


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2023-6-15@20h41m7s", "2023-06-15T20:41:07"), ("2023-06-15 @20h 41m 07s 123ms", "2023-06-15T20:41:07"), ("June 15, 2023 8:41pm", "2023-06-15T20:41:00"),
        ("2023-06-15T20:41:07.000Z", "2023-06-15T20:41:07"), (1686861667000, "2023-06-15T20:41:07"), ("1686861667000", "2023-06-15T20:41:07"), (None, ""),
    ],
)  # fmt: skip
def test_sillytavern_has_written_its_times_in_many_ways(stamp, expected):
    lines = [
        {"user_name": "Bo", "character_name": "Ada", "chat_metadata": {}},
        {"name": "Ada", "is_user": False, "mes": "*waves* Hello.", "send_date": stamp, "swipes": ["x"]},
        {"name": "Note", "is_system": True, "mes": "hidden"},
        {"name": "", "is_user": True, "mes": "Hi."},
    ]
    read = records("\n".join(json.dumps(line) for line in lines), format="silly-tavern")
    assert said(read) == [("Ada", "*waves* Hello."), ("Me", "Hi.")]
    assert (times(read)[0], skipped(read)) == (expected, {"system": 1})


def test_slack_names_people_from_its_list_and_shows_its_marks_as_a_reader_sees_them():
    day = [
        {"type": "message", "user": "U1", "ts": "1686861667.000200", "text": "Hi <@U2>, see <https://example.org|this> &amp; <#C1|bees> <!here> <mailto:a@b.org|a@b.org>"},
        {"type": "message", "user": "U2", "ts": "1686861668.000200", "text": "Yes", "thread_ts": "1686861667.000200"},
        {"type": "message", "subtype": "channel_join", "user": "U2", "ts": "1686861669.000200", "text": "<@U2> has joined"},
        {"type": "message", "subtype": "bot_message", "bot_id": "B1", "ts": "1686861670.000200", "text": "Beep"},
        {"type": "message", "user": "U1", "ts": "1686861671.000200", "text": "", "files": [{"id": "F1"}]},
        {"type": "message", "user": "U1", "ts": "1686861672.000200", "text": "gone", "subtype": "tombstone"},
    ]  # fmt: skip
    files = {
        "export/bees/2023-06-16.json": [day[1]],
        "export/bees/2023-06-15.json": day,
        "export/users.json": [{"id": "U1", "profile": {"display_name": "Ada", "real_name": "Ada Brown"}}, {"id": "U2", "name": "bo", "profile": {}}],
        "export/channels.json": [{"id": "C1", "name": "bees"}],
    }  # fmt: skip
    assert "export/channels.json" in registry.get("slack").members(list(files))
    read = archive(files, format="slack")
    assert said(read) == [("Ada", "Hi @bo, see this & #bees @here a@b.org"), ("bo", "Yes"), ("bo", "Yes")]
    assert skipped(read) == {"system": 1, "from a bot": 1, "media": 1, "deleted": 1}
    assert times(read)[0] == "2023-06-15T20:41:07"


def test_a_day_of_slack_alone_names_people_as_its_messages_do():
    def message(user: str, text: str, **profile: str) -> dict[str, object]:
        fields = {"user_profile": profile} if profile else {}
        return {"type": "message", "ts": "1685984460.1", "user": user, "text": text, **fields}

    day = [
        message("U1", "Ask <@U2>.", real_name="Ana"),
        message("U2", "Yes, <@U3>", display_name="Beto"),
        message("U1", "Good."),
    ]
    assert said(records(json.dumps(day), format="slack")) == [
        ("Ana", "Ask @Beto."),
        ("Beto", "Yes, @U3"),
        ("Ana", "Good."),
    ]
