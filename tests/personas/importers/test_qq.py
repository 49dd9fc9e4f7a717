"""Text exports of QQ, and WeChat's in the same layout, by mail and as a table."""

import pytest

from tests.personas.importers.builders import read

BANNER = "消息记录（此消息记录为文本格式，不支持重新导入）\n\n================================================================\n消息分组:我的好友\n================================================================\n消息对象:{}\n================================================================\n\n"
SAID = [("安娜", "柠檬树还活着吗？"), ("Beto", "活着。\n\n看：https://example.org"), ("安娜", "好")]


def chat(head: str, said: list[tuple[str, str]] = SAID, names: dict[str, str] | None = None) -> str:
    names = names or {"安娜": "安娜(10001)", "Beto": "Beto(10002)"}
    return "".join(f"{head.format(t=t)} {names.get(n, n)}\n{w}\n\n" for t, (n, w) in enumerate(said))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize(
    "head", ["2019-07-16 8:15:0{t}", "2019-07-16 08:15:0{t}", "2019-07-16 8:15:0{t} AM", "2019/07/16 上午8:15:0{t}"]
)
def test_names_words_and_times_are_those_of_the_chat(head, encoding):
    reading = read((BANNER.format("安娜") + chat(head)).replace("\n", "\r\n").encode(encoding))
    assert reading.format == "qq"
    assert reading.said == SAID
    assert reading.times == [f"2019-07-16T08:15:0{second}" for second in range(3)]


def test_an_address_or_a_title_belongs_to_the_head_and_not_to_the_name():
    names = {"安娜": "【管理员】安娜(10001)", "Beto": "Beto<beto@example.org>"}
    assert read(BANNER.format("群") + chat("2019-07-16 8:15:0{t}", names=names)).said == SAID


def test_a_person_who_changed_their_name_stays_one_person():
    text = BANNER.format("群") + chat("2019-07-16 8:15:0{t}") + "2019-07-17 8:00:00 柠檬(10001)\n在吗\n\n"
    assert read(text).said[-1] == ("安娜", "在吗")


NUMBERED = {"安娜": "安娜(12345678)", "Beto": "Beto（87654321）"}


@pytest.mark.parametrize(
    "names",
    [
        NUMBERED,
        {"安娜": "【群主】安娜(12345678)", "Beto": "Beto<beto@example.org>"},
        {"安娜": "安娜<anna@example.org>", "Beto": "Beto (87654321)"},
    ],
)
@pytest.mark.parametrize("stamp", ["2019/7/16 18:15:0{t}", "18:15:0{t}", "2019-07-16 下午6:15:0{t}"])
def test_what_was_copied_out_of_a_window_has_names_without_numbers(names, stamp):
    text = "".join(f"{names[name]} {stamp.format(t=t)}\n{words}\n\n" for t, (name, words) in enumerate(SAID))
    assert read(text).said == SAID


@pytest.mark.parametrize("head", ["{}: ", "2019-07-16 18:15:0{t} {}: ", "[2019-07-16 18:15:0{t}] {}: "])
def test_what_a_tool_wrote_on_one_line_has_names_without_numbers(head):
    said = [("安娜", "在吗"), ("Beto", "在"), ("安娜", "好"), ("Beto", "嗯")]
    text = "".join(f"{head.format(NUMBERED[name], t=t)}{words}\n" for t, (name, words) in enumerate(said))
    assert read(text).said == said


def test_the_people_of_a_copied_window_are_known_by_their_numbers():
    text = (
        "安娜(10001) 18:15:01\n在\n\n安娜(10002) 18:15:02\n嗯\n\n安(10001) 18:15:03\n好\n\n安娜(10001) 18:15:04\n行\n"
    )
    assert [speaker for speaker, _ in read(text).said] == [
        "安娜 (10001)",
        "安娜 (10002)",
        "安娜 (10001)",
        "安娜 (10001)",
    ]


def test_one_message_alone_is_read():
    reading = read("2019-07-16 18:15:05 安娜(12345678)\n柠檬树还活着吗？\n")
    assert (reading.said, reading.times) == ([SAID[0]], ["2019-07-16T18:15:05"])


@pytest.mark.parametrize("name", ["Ana (1990)", "(12345678)", "Ana(0123)"])
def test_a_name_in_whose_brackets_is_no_number_of_qq_stays(name):
    assert [speaker for speaker, _ in read(f"{name}: a\nBo: b\n{name}: c\nBo: d\n").said] == [name, "Bo", name, "Bo"]


def test_two_people_of_one_name_are_told_apart():
    text = BANNER.format("群") + chat("2019-07-16 8:15:0{t}") + "2019-07-17 8:00:00 安娜(10009)\n我也是\n\n"
    assert {speaker for speaker, _ in read(text).said} == {"安娜 (10001)", "安娜 (10009)", "Beto"}


@pytest.mark.parametrize(
    ("who", "words", "reason"),
    [("安娜(10001)", "[图片]", "media"), ("安娜(10001)", "[图片][表情]", "media"), ("安娜(10001)", "安娜撤回了一条消息", "deleted"), ("系统消息(10000)", "你已添加了Beto", "system"), ("系统消息(1000000)", "安娜撤回了一条消息", "deleted"), ("安娜(10001)", "[语音通话]", "call"), ("安娜(10001)", "通话时长 02:11", "call")],
)  # fmt: skip
def test_what_the_app_wrote_is_counted_and_not_speech(who, words, reason):
    reading = read(BANNER.format("安娜") + chat("2019-07-16 8:15:0{t}") + f"2019-07-16 9:00:00 {who}\n{words}\n\n")
    assert reading.said == SAID
    assert reading.skipped[reason] == 1


def test_words_beside_a_picture_are_kept():
    text = BANNER.format("安娜") + chat("2019-07-16 8:15:0{t}") + "2019-07-16 9:00:00 安娜(10001)\n[图片]看这个\n\n"
    assert read(text).said[-1] == ("安娜", "看这个")


def test_a_sentence_about_something_cancelled_is_speech():
    text = BANNER.format("安娜") + chat("2019-07-16 8:15:0{t}") + "2019-07-16 9:00:00 安娜(10001)\n已取消预约了\n\n"
    assert read(text).said[-1] == ("安娜", "已取消预约了")


def test_several_chats_of_one_file_are_read():
    text = (
        BANNER.format("安娜")
        + chat("2019-07-16 8:15:0{t}")
        + BANNER.format("Caro")
        + "2019-07-16 9:00:00 Caro(10003)\n你好\n\n"
    )
    assert read(text).said == [*SAID, ("Caro", "你好")]


def test_a_head_inside_a_text_stays_part_of_it():
    words = "他说：\n2019-07-15 8:00:00 安娜(10001)\n不去"
    reading = read(BANNER.format("安娜") + chat("2019-07-16 8:15:0{t}", [*SAID, ("Beto", words)]))
    assert reading.said[-1] == ("Beto", words)


def test_wechat_is_read_without_a_banner_and_without_numbers():
    text = chat("2023-06-05 17:17:1{t}", names={"安娜": "安娜"})
    reading = read(text)
    assert (reading.format, reading.said) == ("qq", SAID)


def test_a_diary_with_times_is_no_chat():
    diary = "2023-06-05 17:17 晴\n今天去了镇上。\n\n2023-06-06 18:02 雨\n种了豆子。\n\n2023-06-07 9:10 阴\n下雨。\n"
    assert read(diary, "diary.txt").format == "plain-text"


def test_wechats_mail_of_a_chat_is_read_by_its_day_rules():
    text = "微信（WeChat）群聊“花园”的聊天记录如下:\n\n—————  2020-2-21  —————\n\n安娜  23:50:12\n\n还活着吗\n\nBeto  23:51\n\n活着\n\n—————  2020-2-22  —————\n\n安娜  00:10\n\n好\n"
    reading = read(text)
    assert reading.said == [("安娜", "还活着吗"), ("Beto", "活着"), ("安娜", "好")]
    assert reading.times == ["2020-02-21T23:50:12", "2020-02-21T23:51:00", "2020-02-22T00:10:00"]


def test_the_table_of_wechats_tools_tells_the_owner_apart():
    table = (
        "localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,NickName,Sender\n"
        "1,2,1,0,0,1686000000,3,你好,2023-06-05 17:17:11,安娜,Ana,wxid_a\n2,2,1,0,1,1686000001,3,在,2023-06-05 17:17:12,,Me,wxid_m\n"
        "3,2,3,0,0,1686000002,3,<img>,2023-06-05 17:17:13,安娜,Ana,wxid_a\n4,2,10000,0,0,1686000003,3,撤回了一条消息,2023-06-05 17:17:14,安娜,Ana,wxid_a\n"
    )
    reading = read(table)
    assert reading.said == [("安娜", "你好"), ("Me", "在")]
    assert reading.skipped == {"media": 1, "deleted": 1}


QUOTE = (
    "<msg><appmsg><title>好的，明天见 &amp;amp; 早点来</title><type>57</type><refermsg><displayname>Bo</displayname>"
    "<content>明天来吗？</content></refermsg></appmsg></msg>"
)


def table(*rows: str) -> str:
    head = "localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,NickName,Sender"
    return "\n".join([head, *rows]) + "\n"


def test_a_quoting_message_of_wechats_table_is_its_senders_words_alone():
    written = table(
        "1,9,1,0,0,1686000000,2,明天来吗？,2023-06-05 17:17:11,,Bo,wxid_b",
        f'2,9,49,57,1,1686000001,2,"{QUOTE}",2023-06-05 17:17:12,,Bo,wxid_a',
        '3,9,49,5,0,1686000002,2,"<msg><appmsg><title>A link</title><type>5</type></appmsg></msg>",2023-06-05 17:17:13,,Bo,wxid_b',
    )
    reading = read(written)
    assert reading.said == [("Bo", "明天来吗？"), ("Me", "好的，明天见 &amp; 早点来")]
    assert reading.skipped == {"media": 1}


@pytest.mark.parametrize(
    "words",
    ["好的\n\n[引用](2023-06-05 17:17:11)Bo:明天来吗？", "「Bo：明天来吗？」\n- - - - - - - - - - - - - - -\n好的"],
)
def test_a_quoted_message_is_not_the_senders_words(words):
    written = f"2023-06-05 17:17:11 Bo\n明天来吗？\n\n2023-06-05 17:17:12 Ana\n{words}\n\n2023-06-05 17:17:13 Bo\n好。\n\n2023-06-05 17:17:14 Ana\n嗯。\n"
    assert read(written).said == [("Bo", "明天来吗？"), ("Ana", "好的"), ("Bo", "好。"), ("Ana", "嗯。")]


def test_tools_for_wechat_put_names_into_quotes_and_lengths_behind_placeholders():
    lines = ("'Bo'\n早", "'Ana'\n[语音] 3秒", "'Ana'\n[表情包]", "'Ana'\n嗯", "'Bo'\n好")
    written = "\n\n".join(f"2023-06-05 17:17:1{number} {line}" for number, line in enumerate(lines)) + "\n"
    reading = read(written)
    assert reading.said == [("Bo", "早"), ("Ana", "嗯"), ("Bo", "好")]
    assert reading.skipped == {"media": 2}


def test_words_may_follow_a_name_and_a_wide_colon():
    written = "".join(
        f"2023-06-05 17:17:1{number} {line}\n"
        for number, line in enumerate(("Bo：早", "Ana：嗯", "Bo：[图片]", "Bo：好：的", "Ana：走"))
    )
    assert read(written).said == [("Bo", "早"), ("Ana", "嗯"), ("Bo", "好：的"), ("Ana", "走")]


def test_a_table_may_tell_the_kind_of_a_message_in_words():
    written = "序号,时间,发送者,微信ID,消息类型,消息内容\n1,2023/06/05 17:17:11,Bo,b,文本消息,早\n2,2023/06/05 17:17:12,Ana,a,引用消息,嗯\n3,2023/06/05 17:17:13,Ana,a,图片消息,x\n"
    reading = read(written)
    assert (reading.said, dict(reading.skipped)) == ([("Bo", "早"), ("Ana", "嗯")], {"media": 1})


def test_a_picture_that_lies_beside_a_mailed_chat_is_no_speech():
    chat = "—————  2023-06-15  —————\n\n小明  21:41\n\n你好啊\n\n我  21:42\n\n[图片(可在附件中查看)]\n\n小明  21:43\n\n明天见\n"
    reading = read(chat)
    assert (reading.said, reading.skipped["media"]) == ([("小明", "你好啊"), ("小明", "明天见")], 1)
