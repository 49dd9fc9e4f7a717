"""Discord: the four forms of DiscordChatExporter, and the data package."""

from typing import Any

import pytest

from tests.personas.importers.exports import archive, records, said, skipped, times

RULE = "=" * 62


def message(number: int, content: str, kind: str = "Default", author: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:  # fmt: skip
    ada = {"id": "1", "name": "ada", "discriminator": "0000", "nickname": "Ada", "isBot": False}
    stamp = f"2023-06-05T17:17:{number:02}.12+02:00"
    return {
        "id": str(number),
        "type": kind,
        "timestamp": stamp,
        "content": content,
        "author": ada | (author or {}),
    } | fields


def export(*messages: dict[str, Any]) -> dict[str, Any]:
    head = {
        "guild": {"id": "0", "name": "Direct Messages"},
        "channel": {"id": "5", "type": "DirectTextChat", "name": "x"},
    }
    return head | {"dateRange": {}, "messages": list(messages), "messageCount": len(messages)}


def test_json_gives_what_people_wrote_under_their_latest_name_by_the_clock_of_the_export():
    read = records(
        export(
            message(1, "One."),
            message(2, "Two.", "Reply", reference={"messageId": "1"}),
            message(3, "Beep.", author={"id": "9", "isBot": True}),
            message(4, "Used a command.", "20"),
            message(5, "Started a call that lasted 3 minutes.", "Call"),
            message(6, "Pinned a message.", "ChannelPinnedMessage"),
            message(7, "Joined the server.", "GuildMemberJoin"),
            message(8, "", attachments=[{"fileName": "x.png"}]),
            message(9, "", forwardedMessage={"content": "Somebody else's words"}),
            message(10, "", stickers=[{"name": "wave"}]),
            message(11, "Three.", author={"id": "2", "name": "Deleted User", "nickname": "Deleted User"}),
            message(12, "Four.", author={"id": "3", "name": "Deleted User", "nickname": "Deleted User"}),
            message(13, "", author={"nickname": "Ada B."}),
        ),
        format="discord",
    )
    assert said(read) == [("Ada B.", "One."), ("Ada B.", "Two."), ("Deleted User (2)", "Three."), ("Deleted User (3)", "Four.")]  # fmt: skip
    assert skipped(read) == {"from a bot": 2, "call": 1, "system": 2, "media": 2, "forwarded": 1, "empty": 1}
    assert times(read)[0] == "2023-06-05T17:17:01"


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (("6/5/2023 9:41\u202fPM", "6/15/2023 9:42\u202fPM"), "2023-06-05T21:41:00"),
        (("05/06/2023 21:41", "15/06/2023 21:42"), "2023-06-05T21:41:00"),
        (("05.06.2023 21:41", "15.06.2023 21:42"), "2023-06-05T21:41:00"),
        (("2023/6/5 21:41", "2023/6/15 21:42"), "2023-06-05T21:41:00"),
        (("2023-06-05 21:41", "2023-06-15 21:42"), "2023-06-05T21:41:00"),
        (("5-6-2023 21:41", "15-6-2023 21:42"), "2023-06-05T21:41:00"),
        (("05-Jun-23 09:41 PM", "15-Jun-23 09:42 PM"), "2023-06-05T21:41:00"),
        (("5. 6. 2023 21:41", "15. 6. 2023 21:42"), "2023-06-05T21:41:00"),
    ],
)
def test_text_has_the_times_of_any_language(stamps, expected):
    first, second = stamps
    written = (
        f"{RULE}\nGuild: Bees\nChannel: general\nTopic: hives\n{RULE}\n\n[{first}] ada#1234\nOne.\n\n[{second}] not a head\n"
        f"see [{second}] bo\n\n[{second}] bo (pinned)\n\n\n{{Embed}}\nhttps://example.org\nA title\n\n\n"
        f"[{second}] bo\nTwo.\n\n{{Reactions}}\n❤\n\n[{second}] ada#1234\nPinned a message.\n\n"
        f"[{second}] ada#1234\n\n\n{{Forwarded Message}}\nNot mine\nOriginally sent: {first}\n\n{RULE}\nExported 5 message(s)\n{RULE}\n"
    )
    read = records(written, format="discord")
    # A blank line and a head inside a message cannot be told from a new message.
    assert [text for _, text in said(read)] == ["One.", f"see [{second}] bo", "Two."]
    assert skipped(read) == {"media": 1, "system": 1, "forwarded": 1}
    assert times(read)[0] == expected


def test_csv_gives_every_cell_whole():
    written = (
        '\ufeffAuthorID,Author,Date,Content,Attachments,Reactions\r\n"1","ada#1234","15-Jun-23 09:41 PM","One, ""two""\r\nthree","",""\r\n'
        '"2","bo","15-Jun-23 09:42 PM","","https://example.org/a.png",""\r\n"1","ada2","15-Jun-23 09:43 PM","Started a call that lasted 1,204 minutes.","",""\r\n'
    )
    read = records(written, format="discord")
    assert said(read) == [("ada2", 'One, "two"\nthree')]
    assert (times(read), skipped(read)) == (["2023-06-15T21:41:00"], {"media": 1, "call": 1})


def test_pages_of_older_versions_name_a_group_before_its_messages():
    written = """<!DOCTYPE html><html><body><div class="chatlog">
    <div class="chatlog__message-group"><div class="chatlog__author-avatar-container"></div><div class="chatlog__messages">
      <span class="chatlog__author-name" title="ada#1234" data-user-id="1">Ada</span><span class="chatlog__bot-tag"></span>
      <span class="chatlog__timestamp">15-Jun-20 09:41 PM</span>
      <div class="chatlog__message" data-message-id="722200000000000000" id="message-1"><div class="chatlog__content"><div class="markdown"><span class="preserve-whitespace">One.</span></div></div></div>
      <div class="chatlog__message" data-message-id="722200000000000001" id="message-2"><div class="chatlog__attachment"><img></div></div>
    </div></div></div></body></html>"""  # fmt: skip
    read = records(written, format="discord")
    assert (said(read), times(read), skipped(read)) == ([("Ada", "One.")], ["2020-06-15T21:41:00"], {"media": 1})


def test_pages_leave_out_bots_events_forwards_and_previews():
    def container(number: int, inside: str) -> str:
        return f'<div class="chatlog__message-container" data-message-id="{1115320871112704000 + number}"><div class="chatlog__message">{inside}</div></div>'  # fmt: skip

    def header(name: str, tag: str = "") -> str:
        return f'<div class="chatlog__header"><span class="chatlog__author" title="{name}" data-user-id="{len(name)}">{name}</span>{tag}<span class="chatlog__timestamp" title="Thursday, June 15, 2023 9:41 PM">x</span></div>'  # fmt: skip

    def words(text: str) -> str:
        return f'<div class="chatlog__content chatlog__markdown"><span class="chatlog__markdown-preserve">{text}</span></div>'  # fmt: skip

    group = '<div class="chatlog__message-group">{}</div>'
    written = (
        '<!DOCTYPE html><html><body><div class="chatlog">'
        + group.format(container(1, header("Robot", '<span class="chatlog__author-tag">BOT</span>') + words("Beep.")) + container(2, words("Boop.")))
        + group.format(container(3, '<span class="chatlog__system-notification-author" title="ada" data-user-id="3">Ada</span><span class="chatlog__system-notification-content"><span>started a call that lasted 2 minutes</span></span>'))
        + group.format(container(4, header("Ada") + words("Look: https://example.org") + '<div class="chatlog__embed"><div class="chatlog__content">A preview</div></div>') + container(5, '<div class="chatlog__forwarded"><div class="chatlog__forwarded-content">Not mine</div></div>'))
        + "</div></body></html>"
    )  # fmt: skip
    read = records(written, format="discord")
    assert said(read) == [("Ada", "Look: https://example.org")]
    assert skipped(read) == {"from a bot": 2, "call": 1, "forwarded": 1}


def test_the_data_package_has_its_owners_messages_of_every_channel_in_order():
    files = {
        "package/account/user.json": {"id": "1", "username": "ada", "global_name": "Ada Brown"},
        "package/messages/index.json": {"5": "Direct Message with bo#0"},
        "package/Messages/c5/channel.json": {"id": "5", "type": "DM"},
        "package/Messages/c5/messages.json": [
            {"ID": 3, "Timestamp": "2023-06-05 17:18:02", "Contents": "Two.", "Attachments": ""},
            {
                "ID": 2,
                "Timestamp": "2023-06-05 17:17:11",
                "Contents": "",
                "Attachments": "https://cdn.example.org/a.png",
            },
            {"ID": 1, "Timestamp": "2023-06-05 17:17:11", "Contents": "One.", "Attachments": ""},
        ],
        "package/messages/c6/messages.csv": "ID,Timestamp,Contents,Attachments\n7,2021-01-01 10:00:00.123000+00:00,Three.,\n",
    }
    read = archive(files, format="discord")
    assert said(read) == [("Ada Brown", "One."), ("Ada Brown", "Two."), ("Ada Brown", "Three.")]
    assert skipped(read) == {"media": 1}
