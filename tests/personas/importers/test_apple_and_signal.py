"""Chats that exporters write from Signal and from iMessage."""

import pytest

from tests.personas.importers.builders import read

SIGNAL = """[2023-06-15, 21:41] Ana: Did it survive?
[2023-06-15, 21:42] Me: It did:
12/06/2023, 10:00 - still the same
[2023-06-15, 21:43] Ana: Good
"""
SAID = [("Ana", "Did it survive?"), ("Me", "It did:\n12/06/2023, 10:00 - still the same"), ("Ana", "Good")]


def test_signal_is_read_with_the_owner_as_me():
    reading = read(SIGNAL)
    assert (reading.format, reading.said) == ("signal", SAID)
    assert reading.times[0] == "2023-06-15T21:41:00"


def test_the_newer_layout_has_seconds_and_two_blanks_at_each_end():
    text = (
        SIGNAL.replace(", 21:4", " 21:4")
        .replace("1] Ana", "1:07] Ana")
        .replace("2] Me", "2:08] Me")
        .replace("3] Ana", "3:09] Ana")
    )
    reading = read(text.replace("\n[", "  \n["))
    assert (reading.format, reading.said) == ("signal", SAID)
    assert reading.times[0] == "2023-06-15T21:41:07"


def test_whatsapp_in_the_same_brackets_stays_whatsapp():
    lines = "".join(f"[2023-06-15 21:4{n}:07] {'Ana' if n % 2 else 'Beto'}: word {n}\n" for n in range(6))
    assert read(lines).format == "whatsapp"


@pytest.mark.parametrize(
    ("words", "reason"),
    [("![x.jpg](./media/x.jpg)  ", "media"), ("[v.mp4](media/v.mp4)", "media"), ("(media not exported)  ", "media"), ("(( 😀 ))", "media"), ("(This message was deleted)", "deleted"), ("Missed voice call", "call"), ("Outgoing voice call (accepted, 1m 2s)", "call")],
)  # fmt: skip
def test_what_signal_wrote_is_counted_and_not_speech(words, reason):
    reading = read(f"{SIGNAL}[2023-06-15, 21:44] Ana: {words}\n")
    assert reading.said == SAID
    assert reading.skipped == {reason: 1}


def test_quoted_words_and_reactions_are_not_the_speakers():
    reading = read(f"{SIGNAL}[2023-06-15, 21:44] Ana: \n\n> Good\n> or bad\n\nNeither  \n(- Me: 👍 -)\n")
    assert reading.said[-1] == ("Ana", "Neither")


def test_a_name_with_a_colon_is_read_whole():
    text = "".join(
        f"[2023-06-15, 21:4{n}] Team: Garden: word {n}\n[2023-06-15, 21:4{n}] Me: a{n}: b\n" for n in range(3)
    )
    assert {speaker for speaker, _ in read(text).said} == {"Team: Garden", "Me"}


IMESSAGE = """May 17, 2022  5:29:42 PM (Read by you after 1 hour, 49 minutes)
Ana Reed
Did it survive?

May 17, 2022  5:30:01 PM
Me
It did.

Second paragraph

May 17, 2022 10:31:00 PM
+15551234567
Good
Tapbacks:
Loved by Me

"""


def test_imessage_is_read_by_its_blocks():
    reading = read(IMESSAGE)
    assert reading.format == "imessage"
    assert reading.said == [
        ("Ana Reed", "Did it survive?"),
        ("Me", "It did.\n\nSecond paragraph"),
        ("+15551234567", "Good"),
    ]
    assert reading.times == ["2022-05-17T17:29:42", "2022-05-17T17:30:01", "2022-05-17T22:31:00"]


def test_a_reply_that_is_written_twice_is_read_once():
    block = "May 17, 2022  6:00:00 PM\nMe\nHello?\n    May 17, 2022  6:01:00 PM\n    Ana Reed\n    Here\n\n\n"
    again = "May 17, 2022  6:01:00 PM\nAna Reed\nHere\nThis message responded to an earlier message.\n\n"
    assert read(block + again).said == [("Me", "Hello?"), ("Ana Reed", "Here")]
    assert read(block + again).skipped == {"shown twice": 1}
    assert read(block).said == [("Me", "Hello?"), ("Ana Reed", "Here")]


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("May 17, 2022  6:00:00 PM You renamed the conversation to Garden\n\n", "system"),
        ("May 17, 2022  6:00:00 PM\nMe\nattachments/2022/IMG_0001.jpeg\n\n", "media"),
        ("May 17, 2022  6:00:00 PM\nMe\n/Users/me/Library/Messages/Attachments/a b/x.heic\n\n", "media"),
        ("May 17, 2022  6:00:00 PM\nMe\nYou unsent a message part 2 minutes after sending!\n\n", "deleted"),
        ("May 17, 2022  6:00:00 PM\nMe\nThis message was deleted from the conversation!\nold words\n\n", "deleted"),
    ],
)
def test_what_the_exporter_wrote_is_counted_and_not_speech(block, reason):
    reading = read(IMESSAGE + block)
    assert len(reading.said) == 3
    assert reading.skipped == {reason: 1}


def test_effects_go_and_the_last_version_of_an_edited_message_stays():
    reading = read(
        IMESSAGE
        + "May 17, 2022  6:00:00 PM\nMe\nMay 17, 2022  6:00:00 PM Helo\nEdited 5 seconds later: Hello\nSent with Slam\n\n"
    )
    assert reading.said[-1][1] == "Hello"


# --- iMessage as HTML --------------------------------------------------------------------------------


def html_message(words: str, *, sender: str = "Nora", time: str = "Feb 13, 2021  9:05:00 AM", id: str = "") -> str:
    kind = "sent iMessage" if sender == "Me" else "received"
    identity = f', id="{id}"' if id else ""
    return (
        f'<div class="message"{identity}>\n<div class="{kind}">\n<p><span class="timestamp">{time}</span>\n'
        f'<span class="sender">{sender}</span></p>\n{words}</div>\n</div>\n'
    )


def part(words: str) -> str:
    return f'<hr><div class="message_part">\n<span class="bubble">{words}</span>\n</div>\n'


def html_page(*messages: str) -> str:
    return f'<html>\n<meta charset="UTF-8">\n<style>\n.message {{}}\n</style>\n{"".join(messages)}</html>'


def test_a_page_of_imessage_gives_who_said_what_and_when():
    reading = read(
        html_page(
            html_message(part("Does the clock run? &lt;tick&gt;")),
            html_message(
                part("It does.") + part("Since Sunday."), sender="Me", time="Feb 13, 2021 12:05:01 PM (Read by them)"
            ),
        )
    )
    assert reading.format == "imessage"
    assert reading.said == [("Nora", "Does the clock run? <tick>"), ("Me", "It does.\nSince Sunday.")]
    assert reading.times == ["2021-02-13T09:05:00", "2021-02-13T12:05:01"]


def test_a_time_may_be_a_link_to_the_app():
    link = '<a title="Reveal in Messages app" href="sms://open?message-guid=K9">Feb 13, 2021 12:05:01 PM</a> (Read)'
    reading = read(html_page(html_message(part("Tick."), time=link), html_message(part("Tock."), sender="Me")))
    assert reading.times == ["2021-02-13T12:05:01", "2021-02-13T09:05:00"]


def test_a_reply_on_a_page_is_read_once():
    inner = html_message('<span class="reply_anchor"><a href="#r-K1">x</a></span>' + part("It does."), sender="Me")
    lost = html_message('<span class="reply_anchor"><a href="#r-K2">x</a></span>' + part("Only here."), sender="Me")
    replies = (
        f'<div class="replies"><div class="reply" id="K1">{inner}</div><div class="reply" id="K2">{lost}</div></div>'
    )
    top = html_message(part("It does."), sender="Me", id="r-K1")
    reading = read(html_page(html_message(part("Does it run?") + replies), top))
    assert reading.said == [("Nora", "Does it run?"), ("Me", "Only here."), ("Me", "It does.")]
    assert reading.skipped == {"shown twice": 1}


def test_what_is_no_speech_on_a_page_is_counted():
    table = '<div class="edited"><table><tr><td><span class="timestamp"></span></td><td>Helo</td></tr><tfoot><tr><td><span class="timestamp">Edited 5 seconds later</span></td><td>Hello</td></tr></tfoot></table></div>'
    reading = read(
        html_page(
            html_message(
                part("Hi") + '<div class="tapbacks"><hr><p>Tapbacks:</p><span><b>Loved</b> by Me</span></div>'
            ),
            html_message('<hr><div class="message_part"><div class="attachment"><img src="a.jpeg"></div></div>'),
            html_message(f'<hr><div class="message_part">{table}</div>', sender="Me"),
            html_message(
                '<span class="deleted">This message was deleted from the conversation!</span></p>' + part("x")
            ),
            '<div class ="announcement"><p><span class="timestamp">May 17, 2022  5:29:42 PM</span> You named the conversation <b>Hi</b></p></div>',
        )
    )
    assert reading.said == [("Nora", "Hi"), ("Me", "Hello")]
    assert reading.skipped == {"media": 1, "deleted": 1, "system": 1}
