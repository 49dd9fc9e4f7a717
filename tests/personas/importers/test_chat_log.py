"""Chats as windows and other tools write them, each layout in several locales."""

import io
from collections import Counter

import pytest

from personas.importers import registry
from personas.importers.base import ImportFailed, Remark, Skipped, Utterance
from personas.importers.chats.any_app.chat_log import ChatLog, looks_like_chat
from personas.importers.chats.messages.chat_heads import read
from tests.personas.importers import builders

WORDS = [
    ("Ana", "Did the lemon tree survive?"),
    ("Beto", "It did: see https://example.org."),
    ("Ana", "At 10:30, then."),
    ("Beto", "Yes"),
]
# How a message is written, its date as 5 March 2021, 10:12. {n} is the name, {w} the words.
LAYOUTS = {
    "web": "[10:12, 5/3/2021] {n}: {w}",
    "web, american": "[10:12 AM, 3/5/2021] {n}: {w}",
    "web, narrow blank": "[10:12\u202fAM, 3/5/2021] {n}: {w}",
    "web, spanish": "[10:12 a.\u00a0m., 5/3/2021] {n}: {w}",
    "web, german": "[10:12, 5.3.2021] {n}: {w}",
    "web, chinese": "[上午10:12, 2021/3/5] {n}: {w}",
    "web, korean": "[오전 10:12, 2021. 3. 5.] {n}: {w}",
    "web, arabic": "[10:12 ص، 5\u200f/3\u200f/2021] {n}: {w}",
    "web, arabic digits": "[١٠:١٢ ص، ٥\u200f/٣\u200f/٢٠٢١] {n}: {w}",
    "web, marks": "\u200e[10:12, 5/3/2021] \u202a{n}\u202c: {w}",
    "viewer": "05.03.2021 - 10:12:27; {n}: {w}",
    "viewer, iso": "2021-03-05 - 10:12:27; {n}: {w}",
    "telegram": "{n}, [05.03.2021 10:12]\n{w}\n",
    "telegram, short year": "{n}, [05.03.21 10:12]\n{w}\n",
    "telegram, words": "{n}, [5 Mar 2021 at 10:12:33]:\n{w}\n",
    "telegram, american": "{n}, [3/5/2021 10:12 AM]\n{w}\n",
    "discord": "{n} — 03/05/2021 10:12 AM\n{w}",
    "discord, 24 hours": "{n} — 05.03.2021 10:12\n{w}",
    "discord, at": "{n} — 05.03.2021 um 10:12 Uhr\n{w}",
    "teams": "[05/03/2021 10:12] {n}\n{w}",
    "skype": "[05/03/2021 10:12:33] {n}: {w}",
    "skype, older": "[10:12:33 05/03/2021] {n}: {w}",
    "pidgin": "(05/03/2021 10:12:33) {n}: {w}",
    "irc": "2021-03-05 10:12:33 <{n}> {w}",
    "irssi": "[2021-03-05 10:12] <{n}> {w}",
    "iso": "2021-03-05T10:12:33Z {n}: {w}",
    "tabs": "2021-03-05 10:12:33\t{n}\t{w}",
    "bars": "05.03.2021, 10:12 | {n} | {w}",
    "name first": "{n} (05/03/2021 10:12): {w}",
    "name first, beneath": "{n} 5/3/2021 10:12:13\n{w}\n",
    "weekday": "Friday, March 5, 2021 10:12 AM - {n}: {w}",
    "words": "5 March 2021, 10:12 - {n}: {w}",
    "german words": "5. März 2021 um 10:12 - {n}: {w}",
    "french words": "5 mars 2021 à 10:12 - {n}: {w}",
    "spanish words": "5 de marzo de 2021, 10:12 - {n}: {w}",
    "russian words": "5 мар. 2021 г., 10:12 - {n}: {w}",
    "dutch words": "5 mrt 2021 10:12 - {n}: {w}",
    "turkish words": "5 Mart 2021 10:12 - {n}: {w}",
    "weekday, short": "Fri, 5 Mar 2021 10:12 - {n}: {w}",
    "japanese words": "2021年3月5日 10:12 {n}: {w}",
    "chinese words": "2021年3月5日 上午10:12 {n}: {w}",
    "zoom": "2021-03-05 10:12:33 From {n} to Everyone:\n\t{w}",
    "markdown": "- 2021-03-05 10:12 **{n}**: {w}",
    "markdown heading": "### {n} — 2021-03-05 10:12\n{w}",
}  # fmt: skip
TIME_ONLY = {
    "discord, compact": "[10:12 AM] {n}: {w}",
    "discord, today": "{n} — Today at 10:12 AM\n{w}",
    "discord, french": "{n} — Aujourd’hui à 10:12\n{w}",
    "slack": "{n}  10:12 AM\n{w}",
    "pidgin": "(10:12:33 AM) {n}: {w}",
    "irc": "10:12 <{n}> {w}",
    "dash": "10:12 - {n}: {w}",
    "syslog": "Mar 05 10:12:33 <{n}>\t{w}",
    "teams, no year": "[05/03 10:12] {n}: {w}",
    "name and time": "{n} (10:12 AM):\n{w}",
    "name and time, 24 hours": "{n} 10:12\n{w}",
    "time above": "10:12:33 {n}\n{w}",
    "zoom, older": "10:12:33\t From  {n} : {w}",
    "qq, phone": "{n}: 03-05 10:12:33\n{w}",
    "qq, no year": "{n} 03-05 10:12:33\n{w}\n",
    "qq, weekday": "{n} 星期五 10:12\n{w}",
    "qq, words": "{n} 3月5日 10:12\n{w}",
}
NAMES = [
    ("Ana", "Beto"),
    ("Ana Lima 🌻", "+44 7700 900123"),
    ("🤓", "安娜"),
    ("Anna de Vries", "~ Beto"),
    ("أحمد", "Бета"),
]


def written(layout: str, first: str = "Ana", second: str = "Beto") -> str:
    names = {"Ana": first, "Beto": second}
    return "\n".join(layout.format(n=names[name], w=words) for name, words in WORDS) + "\n"


def parsed(text: str) -> tuple[list[Utterance], Counter[str], list[str]]:
    stream = io.BytesIO(text.encode())
    records = list(registry.choose(stream, "chat.txt").parse(stream))
    return (
        [record for record in records if isinstance(record, Utterance)],
        Counter(record.reason for record in records if isinstance(record, Skipped)),
        [record.text for record in records if isinstance(record, Remark)],
    )


@pytest.mark.parametrize("layout", [*LAYOUTS.items(), *TIME_ONLY.items()], ids=lambda item: item[0])
def test_each_layout_gives_its_messages(layout):
    utterances, skipped, _ = parsed(written(layout[1]))
    assert [(one.speaker, one.text) for one in utterances] == WORDS
    assert not skipped
    if layout[0] in LAYOUTS and LAYOUTS[layout[0]] == layout[1]:
        assert {one.sent_at.strftime("%Y-%m-%d %H:%M") for one in utterances} == {"2021-03-05 10:12"}
    else:
        assert {one.sent_at for one in utterances} == {None}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("names", NAMES)
def test_names_of_every_kind_are_read(layout, names):
    utterances, _, _ = parsed(written(LAYOUTS[layout], *names))
    assert [one.speaker for one in utterances] == [*names, *names]


@pytest.mark.parametrize("layout", [name for name, form in LAYOUTS.items() if form.endswith("{n}: {w}")])
def test_lines_beneath_belong_to_the_message(layout):
    chat = written(LAYOUTS[layout]).replace("survive?", "survive?\n\nI hope so\nNote: water it")
    assert parsed(chat)[0][0].text == "Did the lemon tree survive?\n\nI hope so\nNote: water it"


def test_a_known_name_needs_no_blank_after_its_colon():
    chat = "[10:12, 5/3/2021] Ana: a\n[10:13, 5/3/2021] Beto:b\n[10:14, 5/3/2021] Beto: c\n[10:14, 5/3/2021] Ana:d\n"
    assert [one.text for one in parsed(chat)[0]] == ["a", "b", "c", "d"]


def test_date_lines_and_bare_times_are_counted_and_the_date_is_used():
    chat = "Friday, March 5, 2021\nAna  10:12 AM\nhello\n10:13 AM\nstill here?\nBeto  10:14 AM\nyes\n--- March 6, 2021 ---\nAna  9:00 AM\ngood\n"
    utterances, skipped, _ = parsed(chat)
    assert [one.sent_at.isoformat()[:16] for one in utterances] == [
        "2021-03-05T10:12",
        "2021-03-05T10:14",
        "2021-03-06T09:00",
    ]
    assert utterances[0].text == "hello\nstill here?"
    assert skipped == {"date line": 2, "time": 1}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("[ Photo ]", "media"), ("[ 😀 Sticker ]", "media"), ("[Voice message]", "media"), ("<Media omitted>", "media"), ("[图片]", "media"),
        ("This message was deleted", "deleted"), ("Missed voice call", "call"), ("[Forwarded from News]\nFrost", "forwarded"), ("", "empty"),
    ],
)  # fmt: skip
def test_what_the_app_wrote_is_counted_and_not_speech(words, reason):
    chat = written(LAYOUTS["telegram"]).replace("At 10:30, then.", words)
    utterances, skipped, _ = parsed(chat)
    assert [one.text for one in utterances] == [WORDS[0][1], WORDS[1][1], WORDS[3][1]]
    assert skipped == {reason: 1}


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("[In reply to Beto]\nNo", "No"),
        ("No (edited)\nNever", "No\nNever"),
        ("[ Photo ]\nThe garden", "The garden"),
        ("[sic] no", "[sic] no"),
    ],
)
def test_what_a_person_wrote_beside_it_is_kept(words, kept):
    assert parsed(written(LAYOUTS["telegram"]).replace("At 10:30, then.", words))[0][2].text == kept


def test_events_between_messages_are_counted():
    chat = written(LAYOUTS["web"]).replace("[10:12, 5/3/2021] Beto: Yes", "Beto added Ana\n[10:12, 5/3/2021] Beto: Yes")
    assert parsed(chat)[1] == {"system": 1}
    assert parsed(written(LAYOUTS["irc"]) + "2021-03-05 10:12:33 -!- Beto has quit\n")[1] == {"system": 1}


@pytest.mark.parametrize("layout", ["web", "telegram", "discord", "teams", "skype", "irssi"])
def test_two_messages_are_enough_where_the_layout_is_plain_to_see(layout):
    lines = [LAYOUTS[layout].format(n=name, w=words) for name, words in WORDS[:2]]
    utterances, _, _ = parsed("\n".join(lines))
    assert [(one.speaker, one.text) for one in utterances] == WORDS[:2]


def test_an_edited_line_of_skype_is_a_message_and_what_a_reply_quotes_is_left_out():
    chat = written(LAYOUTS["skype"]).replace("10:12:33] Beto: It", "10:12:33 | Edited 10:13:02] Beto: It")
    assert [(one.speaker, one.text) for one in parsed(chat)[0]] == WORDS
    quoting = written(LAYOUTS["skype"]).replace("Yes", "[05/03/2021 10:12:33] Ana: At 10:30, then.\n\n<<< Yes")
    assert [(one.speaker, one.text) for one in parsed(quoting)[0]] == WORDS
    assert [(one.speaker, one.text) for one in parsed(quoting.replace("2021 10", "2021, 10"))[0]] == WORDS


@pytest.mark.parametrize("layout", ["teams", "teams, time only"])
def test_a_name_may_begin_with_the_family_name_in_a_layout_with_brackets(layout):
    form = (LAYOUTS | {"teams, time only": "[10:12 AM] {n}\n{w}"})[layout]
    assert [one.speaker for one in parsed(written(form, "Lima, Ana"))[0]] == ["Lima, Ana", "Beto"] * 2


def test_a_log_of_irc_names_no_operator_and_tells_the_day_in_its_own_lines():
    chat = (
        "--- Log opened Fri Mar 05 10:12:11 2021\n10:12 < Ana> Hello\n10:12 <@Beto> Hi\n10:13 < Ana> Tea?\n"
        "--- Day changed Sat Mar 06 2021\n09:01 <@Beto> Yes\n"
    )
    utterances, skipped, _ = parsed(chat)
    assert [one.speaker for one in utterances] == ["Ana", "Beto", "Ana", "Beto"]
    assert [one.sent_at.strftime("%m-%d %H:%M") for one in utterances] == [
        "03-05 10:12", "03-05 10:12", "03-05 10:13", "03-06 09:01",
    ]  # fmt: skip
    assert skipped == {"heading": 2}
    tabs = "2021-03-05 10:12:33\t-->\tCleo (x@y) has joined\n" + written(LAYOUTS["tabs"], "Ana", "@Beto")
    assert [(one.speaker, one.text) for one in parsed(tabs)[0]] == WORDS


def test_what_zoom_tells_beside_the_words_is_left_out():
    chat = written(TIME_ONLY["zoom, older"])
    chat = chat.replace("At 10:30, then.", 'Reacted to "It did" with 👍').replace("Yes", 'Replying to "At"\n\nYes')
    utterances, skipped, _ = parsed(chat)
    assert [one.text for one in utterances] == [WORDS[0][1], WORDS[1][1], "Yes"]
    assert skipped == {"system": 1}


def test_the_tabs_before_zooms_words_are_no_words():
    chat = "".join(
        f"2023-06-15 21:4{n}:07 From {name} to Everyone:\n\t{words}\n"
        for n, (name, words) in enumerate([("Ana", "one\n\ttwo"), ("Bo", 'Replying to "one"\n\t\n\tyes'), ("Ana", "x")])
    )
    assert [one.text for one in parsed(chat)[0]] == ["one\ntwo", "yes", "x"]


def test_what_a_message_copied_from_wechat_quotes_is_left_out():
    chat = "".join(
        f"{name} 2023/6/15 21:4{n}:07\n{words}\n\n"
        for n, (name, words) in enumerate(
            [("小明", "你好"), ("我", "嗯嗯"), ("小明", "「我：嗯嗯」\n- - - - - - - - - -\n对")]
        )
    )
    assert [one.text for one in parsed(chat)[0]] == ["你好", "嗯嗯", "对"]


def test_a_talk_may_have_its_names_in_headings_and_rules_between_its_turns():
    headings = "# Tea\n\n## User\nA cup?\n\n## Assistant\nYes\n\nNow\n\n## User\nGood\n\n## Assistant\nHere\n"
    said = [("User", "A cup?"), ("Assistant", "Yes\n\nNow"), ("User", "Good"), ("Assistant", "Here")]
    assert [(one.speaker, one.text) for one in parsed(headings)[0]] == said
    diary = headings.replace("User", "Morning").replace("Assistant", "Evening")
    assert {one.speaker for one in parsed(diary)[0]} == {""}
    ruled = f"\n{'=' * 18}\n".join(f"{name}: {words}" for name, words in WORDS)
    assert [(one.speaker, one.text) for one in parsed(ruled)[0]] == WORDS
    stamped = written("{n}: {w}").replace("Beto: Yes", "\n3/5/2021, 10:12 AM\nBeto: Yes")
    assert [(one.speaker, one.text) for one in parsed(stamped)[0]] == WORDS


def test_two_layouts_of_the_same_people_are_both_read():
    utterances, _, _ = parsed(written(LAYOUTS["web"]) + written(LAYOUTS["viewer"]))
    assert [(one.speaker, one.text) for one in utterances] == WORDS + WORDS


def test_a_layout_of_nobody_who_is_known_is_told():
    _, _, remarks = parsed(written(LAYOUTS["web"]) + written(LAYOUTS["irssi"], "Zoe", "Yan"))
    assert any("4 lines begin like messages of another layout" in remark for remark in remarks)


REFUSED = {
    "stamps above names": "".join(f"05.03.2021 10:1{n}:07\n{'Me' if n % 2 else 'Beto'}\nword {n}\n\n" for n in range(6)),
    "times after words": "".join(f"{'Ana' if n % 2 else 'Beto'} wrote; word {n}; 05.03.2021 10:1{n}\n" for n in range(6)),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_chat_that_cannot_be_read_is_refused_and_never_one_authors_text(case):
    stream = io.BytesIO(REFUSED[case].encode())
    with pytest.raises(ImportFailed, match=r"looks like a chat .*Export the chat from the app"):
        registry.choose(stream, "chat.txt")


@pytest.mark.parametrize(
    "text",
    [
        "Ana 10:12\nDid the box arrive?\nBeto 10:13\nIt did.\nAna 10:15\nGood.\n",
        "Ana\n10:12\nDid the box arrive?\nBeto\n10:13\nIt did.\nAna\n10:15\nGood.\n",
        "安娜 10:12\nDid the box arrive?\n\n贝托 10:13\nIt did.\n\n安娜 10:15\nGood.\n",
        "10:12 Ana: Did the box arrive?\n10:13 Beto: It did.\n10:15 Ana: Good.\n",
        "[10:12] Ana: Did the box arrive?\n[10:13] Beto: It did.\n[10:15] Ana: Good.\n",
    ],
)
def test_a_few_copied_messages_with_times_alone_are_a_chat(text):
    reading = builders.read(text)
    assert reading.texts == ["Did the box arrive?", "It did.", "Good."]
    assert [speaker for speaker, _ in reading.said] in (["Ana", "Beto", "Ana"], ["安娜", "贝托", "安娜"])


def test_a_few_lines_with_names_alone_are_a_talk_where_somebody_speaks_again():
    reading = builders.read("Ana: Did the box arrive?\nBeto: It did.\nAna: Good.\n")
    assert reading.said == [("Ana", "Did the box arrive?"), ("Beto", "It did."), ("Ana", "Good.")]


@pytest.mark.parametrize(
    "text",
    [
        "Ana: Did the box arrive?\nBeto: It did.",
        "Tel: home\nTel: work\nMail: none",
        "Eggs: 3\nMilk: 1\nEggs: 4",
        "note: buy milk\ntodo: walk\nnote: sleep",
        "Note: buy milk\nand eggs\nRemark: walk\nNote: sleep",
    ],
)
def test_a_few_lines_with_colons_are_no_talk(text):
    assert builders.read(text).format == "plain-text"


def test_two_lines_with_times_in_brackets_are_a_chat():
    reading = builders.read("[10:12] Ana: Did it arrive?\n[10:13] Beto: It did.\n")
    assert reading.said == [("Ana", "Did it arrive?"), ("Beto", "It did.")]


ONE_AUTHOR = {
    "diary": "5/3/2021 10:12\nWent to town and saw Ana.\n\n6/3/2021 11:12\nPlanted beans: two rows.\n\n7/3/2021 9:12\nRain all day.\n\n8/3/2021 9:15\nRain again.\n",
    "diary, same line": "2021-03-05 10:12 Went to town.\n2021-03-06 11:12 Planted beans.\n2021-03-07 09:12 Rain all day.\n2021-03-08 09:12 Rain.\n",
    "diary, dashes": "05.03.2021 10:12 - Went to town.\n06.03.2021 11:12 - Planted beans.\n07.03.2021 09:12 - Rain all day.\n",
    "hours": "10:12 Tea\nwith Ana in the garden\n11:00 Walk\nto the mill and back\n13:00 Tea\nalone\n",
    "hours behind": "Tea 10:12\nwith Ana in the garden\nWalk 11:00\nto the mill and back\nTea 13:00\nalone\n",
    "hours, same line": "10:12 Tea: with Ana\n11:00 Walk: to the mill\n13:00 Tea: alone\n",
    "two hours": "Tea 10:12\nwith Ana in the garden\nWalk 10:20\nto the mill and back\n",
    "times": "leave 10:12\nfrom the mill\narrive 10:20\nin town\nleave 10:30\nby bus\n",
    "letter": "My dear Ana,\n\nwe meet on 5/3/2021 at 10:12 by the mill, as we did on 4/3/2021 at 10:12.\nBring the bread.\n\nYours, Beto\n",
    "sayings": "See you at 10:12\nIt was 9:30: we left\nNever before 8:00\n",
}  # fmt: skip


@pytest.mark.parametrize("case", ONE_AUTHOR)
def test_one_authors_text_with_times_is_no_chat(case):
    stream = io.BytesIO(ONE_AUTHOR[case].encode())
    assert registry.choose(stream, "text.txt").name == "plain-text"
    assert not looks_like_chat(ONE_AUTHOR[case])


@pytest.mark.parametrize(
    "line", ["https://example.org: 10:12", "10:12", "", "Ana: at 10:12 we met the others there, all of us."]
)
def test_a_line_that_only_holds_a_time_is_no_head(line):
    assert read(line) is None


def test_mails_are_no_transcript():
    mails = "".join(f"From: {name}\nDate: 05/03/2021 10:12\n{words}\n\n" for name, words in WORDS)
    with pytest.raises(ImportFailed, match="a list of mails"):
        registry.choose(io.BytesIO(mails.encode()), "mails.txt")


def test_a_file_of_something_else_is_refused_with_a_sentence():
    with pytest.raises(ImportFailed, match="as those of a chat do"):
        list(ChatLog().parse(io.BytesIO(b"A letter.\n")))


LINES = [
    "Did the box arrive?",
    "It did.",
    "Good, I was worried",
    "ok",
    "ok",
    "How is mum?",
    "Better.",
    "Bring cake",
    "ok",
]


def copied(head, people=("Ada Byron", "Ben Low")):
    return "".join(f"{head.format(people[number % 2], 15 + number)}\n{line}\n" for number, line in enumerate(LINES))


@pytest.mark.parametrize(
    "head",
    [
        "{}\nYesterday 10:{} AM",
        "{}\n10:{} AM",
        "{}\n  6/5/2023 10:{} AM",
        "{}\n10:{} AM\n",
        "{}\n — \nToday at 10:{} AM",
        "{}, Mon 10:{} AM",
        "10:{1}:00 From {0} to Everyone:",
    ],
)
def test_a_name_and_the_time_beneath_it_are_one_head(head):
    reading = builders.read(copied(head))
    assert reading.texts == LINES
    assert [name for name, _ in reading.said] == [("Ada Byron", "Ben Low")[number % 2] for number in range(len(LINES))]
    assert not reading.skipped


def test_a_time_beneath_words_begins_no_message_by_them():
    """Slack shows only the time above the next message of the same person."""
    chat = copied("{}\n  10:{} AM").replace("How is mum?", "How is mum?\n10:21\nAnd dad")
    reading = builders.read(chat)
    assert [text for _, text in reading.said][5] == "How is mum?\nAnd dad"
    assert {name for name, _ in reading.said} == {"Ada Byron", "Ben Low"}
    assert reading.skipped == {"time": 1}


def test_a_copy_of_three_messages_names_each_person_also_one_who_spoke_once():
    chat = "Ada\n10:15 AM\nDid it arrive?\nBen\n10:17 AM\nIt did.\nAda\n10:18 AM\nGood.\n"
    assert builders.read(chat).said == [("Ada", "Did it arrive?"), ("Ben", "It did."), ("Ada", "Good.")]


@pytest.mark.parametrize(
    "plan",
    [
        "Dentist\n10:15\nHair\n11:30\nTea\n16:00\n",
        "Up at\n10:15\nand out\n10:15\nand home\n",
        "".join(f"Dear diary\n22:15\nDay {day} of rain.\n" for day in range(8)),
    ],
)
def test_a_list_of_times_is_no_chat(plan):
    assert builders.read(plan).format == "plain-text"
