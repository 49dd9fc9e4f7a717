"""The archive of X (Twitter)."""

from typing import Any

import pytest

from personas.importers.base import DamagedFile
from tests.personas.importers.exports import archive, raw, records, remarks, said, skipped, times


def js(kind: str, value: Any, part: int = 0) -> bytes:
    return f"window.YTD.{kind}.part{part} = ".encode() + raw(value)


def post(number: int, text: str, day: int = 5, **fields: Any) -> dict[str, Any]:
    stamp = f"Mon Jun {day:02} 17:17:11 +0000 2023"
    return {"tweet": {"id_str": str(1600 + number), "created_at": stamp, "full_text": text, "entities": {}} | fields}


ACCOUNT = js("account", [{"account": {"username": "ada", "accountId": "11", "accountDisplayName": "Ada Brown"}}])


def test_posts_come_in_the_order_of_their_ids_without_reposts_links_and_the_people_they_answer():
    written = js(
        "tweets",
        [
            post(3, "RT @bo: Somebody else's words", 7),
            post(
                2, "@bo @cy_1 You are right &amp; &lt;kind&gt;, @bo https://t.co/abc", 6, in_reply_to_screen_name="bo"
            ),
            post(1, "@bo is not answered here, &amp;amp; that stays"),
            post(4, "https://t.co/xyz", 8, entities={"media": [{"url": "https://t.co/xyz"}]}),
            post(5, "@bo", 9, in_reply_to_status_id_str="1"),
        ],
    )
    read = records(written, format="x-archive")
    assert said(read) == [("", "@bo is not answered here, &amp; that stays"), ("", "You are right & <kind>, @bo")]
    assert skipped(read) == {"repost": 1, "media": 1, "empty": 1}
    assert times(read) == ["2023-06-05T17:17:11", "2023-06-06T17:17:11"]


def test_an_archive_gives_the_name_of_its_owner_and_long_posts_once_and_in_full():
    long = "A long post about bees. " * 30
    short = long[:270] + "… https://t.co/more"
    files = {
        "twitter/data/tweets.js": js("tweets", [post(1, short), post(2, "Short.")]),
        "twitter/data/tweets-part1.js": js("tweets", [post(9, "Later.")], part=1),
        "twitter/data/note-tweet.js": js("note_tweet", [{"noteTweet": {"noteTweetId": "9", "createdAt": "2023-06-05T17:17:11.000Z", "core": {"text": long}}}]),
        "twitter/data/deleted-tweets.js": js("deleted_tweets", [post(3, "Deleted.")]),
        "twitter/data/like.js": js("like", [{"like": {"fullText": "Somebody else's words"}}]),
        "twitter/data/account.js": ACCOUNT,
        "twitter/data/direct-messages.js": js("direct_messages", [conversation("11-12", event("11", "Hello."), event("12", "Hi."))]),
    }  # fmt: skip
    read = archive(files, format="x-archive")
    assert said(read) == [
        ("Ada Brown", long.strip()),
        ("Ada Brown", "Short."),
        ("Ada Brown", "Later."),
        ("Ada Brown", "Hello."),
        ("12", "Hi."),
    ]
    assert skipped(read) == {"short form of a long post": 1, "file of another kind": 2}


def event(sender: str, text: str, second: int = 0, **fields: Any) -> dict[str, Any]:
    created = f"2023-06-05T17:17:{second:02}.000Z"
    return {
        "messageCreate": {"senderId": sender, "text": text, "createdAt": created, "mediaUrls": [], "urls": []} | fields
    }


def conversation(name: str, *events: dict[str, Any]) -> dict[str, Any]:
    return {"dmConversation": {"conversationId": name, "messages": list(events)}}


def test_messages_alone_name_their_owner_by_the_id_that_all_conversations_share():
    written = js(
        "direct_messages",
        [
            conversation("11-12", event("12", "Two &lt;3", 9), event("11", "One", 1), {"joinConversation": {}}),
            conversation("11-13", event("13", "https://t.co/a", 3, mediaUrls=["https://x.com/a.jpg"])),
        ],
    )
    read = records(written, format="x-archive")
    assert said(read) == [("Me", "One"), ("12", "Two <3")]
    assert skipped(read) == {"system": 1, "media": 1}
    assert len(remarks(read)) == 1


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [("deleted_tweets", "posts that their writer deleted"), ("like", r"like\.js\) holds no posts.*Upload tweets\.js")],
)
def test_a_file_of_an_archive_that_holds_no_words_of_its_owner_says_so(kind, sentence):
    with pytest.raises(DamagedFile, match=sentence):
        records(js(kind, [post(1, "x")]), format="x-archive")
