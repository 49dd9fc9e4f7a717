"""Tumblr's export of a blog."""

from xml.sax.saxutils import escape

import pytest

from personas.importers.base import DamagedFile
from personas.importers.syntax import xml_parts
from tests.personas.importers.builders import read, zipped
from tests.personas.importers.exports import archive, records, remarks, said, skipped, times


def post(field: str, words: str, *, kind: str = "regular", state: str = "published") -> str:
    return (
        f'<post id="1" type="{kind}" unix-timestamp="1685984460" state="{state}" tumblelog="lemons">'
        f"<regular-title>A title</regular-title><{field}>{escape(words)}</{field}><tag>garden</tag></post>"
    )


def posts(*each: str) -> str:
    return f'<?xml version="1.0"?><tumblr version="1.0"><posts>{"".join(each)}</posts></tumblr>'


def conversation(people: list[str], *messages: tuple[str, str]) -> str:
    names = "".join(f'<participant avatar_url="a">{name}</participant>' for name in people)
    lines = "".join(
        f'<message ts="{1685984460 + number}" participant="{key}" type="TEXT">{words}</message>'
        for number, (key, words) in enumerate(messages)
    )
    return f"<conversation><participants>{names}</participants><messages>{lines}</messages></conversation>"


def messages(*each: str) -> str:
    return f'<tumblr version="1.0"><conversations>{"".join(each)}</conversations></tumblr>'


def page(body: str, stamp: str = "June 5th, 2023 6:01pm") -> str:
    footer = f'<div id="footer">\n <span id="timestamp">{stamp}</span>\n <span class="tag">garden</span></div>'
    return f"<!DOCTYPE HTML>\n<html>\n<body>\n{body}\n{footer}\n</body></html>"


def test_the_words_of_each_kind_of_post_are_read():
    export = posts(
        post("regular-body", "<p>One &ndash; two.</p><p>Three.</p>"),
        post("photo-caption", "A tree", kind="photo"),
        post("video-caption", "A bee", kind="video"),
        post("audio-caption", "A song", kind="audio"),
        post("link-description", "Read it", kind="link"),
        post("answer", "<p>Yes.</p>", kind="answer").replace("<answer>", "<question>Did it?</question><answer>"),
        post("photo-url", "https://example.org/1.jpg", kind="photo"),
        post("quote-text", "To be", kind="quote"),
        post("regular-body", "Not yet", state="draft"),
        post("regular-body", "By a reader", state="submission"),
    )
    read = records(export, format="tumblr")
    texts = ["One – two.", "Three.", "A tree", "A bee", "A song", "Read it", "Yes."]
    assert said(read) == [("lemons", text) for text in texts]
    assert set(times(read)) == {"2023-06-05T17:01:00"}
    assert skipped(read) == {"media": 1, "empty": 1, "draft": 1, "of another kind": 1}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('<p><a class="tumblr_blog" href="x">figs-2</a>:</p><blockquote><p>Theirs.</p></blockquote><p>Mine.</p>', ["Mine."]),
        ('<p>Mine.</p><p>(via <a href="x">figs</a>)</p>', ["Mine."]),
        ("<p>Note:</p><p>Mine.</p>", ["Note:", "Mine."]),
    ],
)  # fmt: skip
def test_a_reblog_gives_only_what_its_owner_added(body, words):
    assert [text for _, text in said(records(posts(post("regular-body", body)), format="tumblr"))] == words


CHAT = (
    '<post type="conversation" unix-timestamp="1685984460" state="published" tumblelog="lemons"{}><conversation>'
    '<line name="me" label="me:">It &amp;lt;3 lives!&#13;</line><line name="mum" label="mum &lt;b&gt;:">No.</line>'
    "</conversation></post>"
)


def test_a_chat_in_a_post_is_its_writers_and_a_reblogged_one_is_not():
    read = records(posts(CHAT.format(""), CHAT.format(' is_reblog="true"')), format="tumblr")
    assert said(read) == [("lemons", "me: It <3 lives!\nmum <b>: No.")]
    assert skipped(read) == {"shared from others": 1}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>It <b>does</b> live, <a href='x'>see</a>.</p><p>Two &lt;3.</p>", ["It does live, see.", "Two <3."]),
        ("One<br/>two<br></br>three", ["One\ntwo\nthree"]),
        ("Mine.<blockquote><p>Theirs.</p></blockquote>", ["Mine."]),
        ('One <center>two <font color="red">three</font></center> four.', ["One\ntwo three\nfour."]),
        ("<table><tr><td>One</td></tr><tr><td>two</td></tr></table><p>Three.</p>", ["One\ntwo\nThree."]),
        ("<center>One</center><center>two</center><p>three.</p><center>Four.</center>", ["One\ntwo\nthree.\nFour."]),
        (
            "<table><tr><th>One</th> <td align='left'>two</td></tr><tr><td><p>three</p></td></tr></table>",
            ["One two\nthree"],
        ),
        ("<center>Mine.</center><blockquote><p>Theirs.</p></blockquote><p>Mine, too.</p>", ["Mine.\nMine, too."]),
        ("One <tag>two</tag> <answer>three</answer> four.", ["One two three four."]),
    ],
)
def test_elements_within_a_text_may_stand_unescaped(body, words):
    export = posts(f'<post type="regular" tumblelog="lemons"><regular-body>{body}</regular-body><tag>b</tag></post>')
    assert [text for _, text in said(records(export, format="tumblr"))] == words


def test_a_centred_page_of_an_older_export_is_one_text():
    read = records(page("<center>One</center>\n<table><tr><td>two</td><td>three</td></tr></table>"), format="tumblr")
    assert [text for _, text in said(read)] == ["One\ntwo three"]


def test_elements_within_a_message_are_no_words():
    export = messages(conversation(["lemons", "figs"], ("lemons", "It <b>lives</b>.<br/>Yes"), ("figs", "x")))
    assert said(records(export, format="tumblr")) == [("lemons", "It lives.\nYes"), ("figs", "x")]


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["\x0b", "\x00", "\x1f", "&#11;", "&#x1F;", "&#x0;", "&#008;"])
@pytest.mark.parametrize("split", range(8))
def test_control_characters_are_dropped(wrong, split):
    """Also where a reference begins in one piece of the file and ends in the next."""
    begin, end = "<tumblr><x>", '</x><posts><post tumblelog="lemons" a="'
    filling = "a" * (xml_parts.CHUNK - len(begin) - len(end) - split)
    export = f'{begin}{filling}{end}{wrong}"><answer>One {wrong}two</answer></post></posts></tumblr>'
    assert said(records(export, format="tumblr")) == [("lemons", "One two")]


def test_other_references_and_utf_16_are_left_as_they_are():
    export = posts(post("answer", "One")).replace("One", "One&#9;&#x41;&#65;&#233;\u0d0a")
    for raw in (export, export.replace("?>", ' encoding="utf-16"?>').encode("utf-16")):
        assert said(records(raw, format="tumblr")) == [("lemons", "One AAé\u0d0a")]


def test_the_writers_of_messages_are_told_by_who_is_in_every_conversation():
    export = messages(
        conversation(["lemons", "figs"], ("t:1", "Hi"), ("t:2", "Hello")),
        conversation(["pears-deactivated20190101", "lemons"], ("t:3", "Hey"), ("t:1", "Yes?")),
        conversation(["plums", "lemons"], ("plums", "By name"), ("t:4", "By id")),
    )
    read = records(export, format="tumblr")
    assert said(read) == [
        ("lemons", "Hi"), ("figs", "Hello"), ("pears", "Hey"), ("lemons", "Yes?"), ("plums", "By name"), ("plums", "By id"),
    ]  # fmt: skip
    assert times(read)[:2] == ["2023-06-05T17:01:00", "2023-06-05T17:01:01"]
    assert not remarks(read)


def test_a_single_conversation_does_not_say_who_is_who():
    read = records(messages(conversation(["lemons", "figs"], ("t:1", "Hi"), ("t:2", "Hello"))), format="tumblr")
    assert said(read) == [("t:1", "Hi"), ("t:2", "Hello")]
    assert "have an id as a name" in remarks(read)[0]


def test_pictures_and_shared_posts_are_no_words_of_a_message():
    export = messages(conversation(["lemons", "figs"], ("lemons", "Hi"), ("figs", "x"), ("figs", "https://a.org")))
    export = export.replace('type="TEXT">x', 'type="IMAGE"><photo-url>x</photo-url>')
    export = export.replace('type="TEXT">https', 'type="POSTREF">https')
    read = records(export, format="tumblr")
    assert said(read) == [("lemons", "Hi")]
    assert skipped(read) == {"media": 1, "forwarded": 1}


def test_a_page_of_an_older_export_has_a_time_and_its_tags_are_no_words():
    read = records(page("<h1>A title</h1><p>The tree lives.</p>"), format="tumblr")
    assert said(read) == [("", "The tree lives.")]
    assert times(read) == ["2023-06-05T18:01:00"]
    for stamp in ("February 31st, 2023 6:01pm", "once"):
        assert times(records(page("<p>Words</p>", stamp), format="tumblr")) == [""]


def test_a_post_of_pictures_has_no_words():
    assert skipped(records(page('<img src="../../media/1.jpg"/>'), format="tumblr")) == {"media": 1}
    export = posts(
        post("photo-caption", '<img src="1.jpg"/>', kind="photo"), post("regular-body", "<br>"), post("answer", "A")
    )
    assert skipped(records(export, format="tumblr")) == {"media": 1, "empty": 1}


def test_pages_that_repeat_the_posts_are_not_read_and_submissions_never():
    files = {
        "posts/posts.xml": posts(post("regular-body", "From the XML")),
        "posts/html/1.html": page("<p>From the page</p>"),
        "posts/html/submissions/2.html": page("<p>By a reader</p>"),
    }
    assert [text for _, text in said(archive(files, format="tumblr"))] == ["From the XML"]
    assert read(zipped(files)).texts == ["From the XML"]
    del files["posts/posts.xml"]
    assert read(zipped(files)).texts == ["From the page"]


def test_the_download_of_a_blog_is_read_with_the_archive_of_posts_inside_it():
    """payload-0.json tells of the account, and holds no words."""
    files = {
        "posts.zip": zipped({"posts.xml": posts(post("answer", "Mine.")), "html/1.html": page("<p>Mine.</p>")}),
        "messages.xml": messages(conversation(["lemons", "figs"], ("lemons", "Hi"))),
        "payload-0.json": '[{"data": {"email": "a@example.org", "last_active_times": ["2023-06-05"], "unfollows": []}}]',
        "media/1.jpg": b"\xff\xd8\xff\xe0" + bytes(90),
    }
    reading = read(zipped(files))
    assert sorted(reading.said) == [("lemons", "Hi"), ("lemons", "Mine.")]
    assert reading.skipped == {"picture": 1, "file that cannot be read": 1}


def test_an_export_without_words_is_refused():
    with pytest.raises(DamagedFile, match="no posts and no messages with words"):
        records(posts(), format="tumblr")


def test_conversations_of_one_pair_alone_do_not_say_who_is_who():
    pair = ["lemons", "figs"]
    text = messages(
        conversation(pair, ("t:2", "Yes")),
        conversation(pair, ("t:2", "No"), ("t:1", "So")),
        conversation(["lemons", "pears"], ("t:3", "Well")),
    )
    read = records(text, format="tumblr")
    assert [speaker for speaker, _ in said(read)] == ["t:2", "t:2", "t:1", "t:3"]
    assert remarks(read)


def test_another_posts_xml_is_read_as_what_it_is():
    feed = "<rss><channel><item><title>A</title><description>Words of a feed.</description></item></channel></rss>"
    other, named = (read(zipped({name: feed})).texts for name in ("feed.xml", "export/posts.xml"))
    assert named == other
    assert named
