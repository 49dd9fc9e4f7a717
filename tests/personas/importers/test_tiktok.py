"""TikTok's download of a person's data."""

import json
from typing import Any

import pytest

from personas.importers.base import ImportFailed
from tests.personas.importers.builders import read


def message(name: str, words: Any, minute: int) -> dict[str, Any]:
    return {"Date": f"2023-06-15 20:4{minute}:07", "From": name, "Content": words}


CHAT = [
    message("bo", "No idea", 2),
    message("ana", "Hi", 1),
    message("bo", "https://www.tiktokv.com/share/video/1/", 3),
    message("bo", None, 4),
]
COMMENTS = [{"date": "2023-06-16 10:00:00", "comment": "Nice garden", "photo": "N/A"}]
OLD = {
    "Activity": {"Video Browsing History": {"VideoList": [{"Date": "2023-06-15 20:41:07", "Link": "x"}] * 2_000}},
    "Comment": {"Comments": {"CommentsList": COMMENTS}},
    "Direct Messages": {"Chat History": {"ChatHistory": {"Chat History with ana:": CHAT}}},
    "Profile": {"Profile Information": {"ProfileMap": {"userName": "bo"}}},
}
NEW = {
    "Profile And Settings": {"Profile Info": {"ProfileMap": {"userName": "bo"}}},
    "Comment": {"Comments": {"CommentsList": COMMENTS}},
    "Direct Message": {"Direct Messages": {"ChatHistory": {"Chat History with ana:": CHAT}}},
    "Your Activity": {"Watch History": {"VideoList": None}},
}


@pytest.mark.parametrize("export", [OLD, NEW])
def test_messages_and_comments_have_their_writers_and_times(export):
    reading = read(json.dumps(export))
    assert reading.format == "tiktok"
    assert sorted(reading.said) == [("ana", "Hi"), ("bo", "Nice garden"), ("bo", "No idea")]
    assert sorted(reading.times) == ["2023-06-15T20:41:07", "2023-06-15T20:42:07", "2023-06-16T10:00:00"]
    assert reading.said.index(("ana", "Hi")) < reading.said.index(("bo", "No idea"))
    assert reading.skipped == {"media": 1, "empty": 1}


def test_a_download_without_words_is_refused():
    with pytest.raises(ImportFailed, match="no messages and no comments"):
        read(json.dumps(OLD | {"Comment": {"Comments": {}}, "Direct Messages": {"Chat History": {"ChatHistory": {}}}}))
