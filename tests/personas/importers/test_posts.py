"""Posts, comments, notes, blogs and notebooks, and the pages of MemoTrace."""

import json
from typing import Any

import pytest

from personas.importers.base import DamagedFile, ImportFailed, UnknownFormat
from tests.personas.importers.builders import read, zipped

WHEN = "2023-06-05T21:20:00"


def escaped(text: str) -> str:
    """A text as Facebook and Instagram write it."""
    return text.encode().decode("latin-1")


def of_instagram(key: str, text: str) -> dict[str, Any]:
    return {"string_map_data": {escaped(key): {"value": escaped(text)}, "Media Owner": {"value": "beto"}, "Time": {"timestamp": 1686000000}}}  # fmt: skip


@pytest.mark.parametrize(
    ("export", "said"),
    [
        ([{"timestamp": 1686000000, "data": [{"post": escaped("Schön!")}], "title": "Ana updated her status."}], ("", "Schön!")),
        ({"comments_v2": [{"timestamp": 1686000000, "data": [{"comment": {"timestamp": 1686000000, "comment": "Fine.", "author": "Ana"}}]}]}, ("Ana", "Fine.")),
        ([{"media": [{"uri": "a.jpg", "creation_timestamp": 1686000000, "title": escaped("Baum — grün")}]}], ("", "Baum — grün")),
        ([{"media": [{"uri": "a.jpg", "creation_timestamp": 1, "title": ""}], "title": "Two pictures", "creation_timestamp": 1686000000}], ("", "Two pictures")),
        ({"text_post_app_text_posts": [{"media": [{"uri": "", "creation_timestamp": 1686000000, "title": "A thread."}]}]}, ("", "A thread.")),
        ([of_instagram("Comment", "So nah!")], ("", "So nah!")),
        ({"comments_reels_comments": [of_instagram("评论", "真好")]}, ("", "真好")),
        ({"isTrashed": False, "textContent": "Water it.", "title": "Tree", "userEditedTimestampUsec": 1686000000000000}, ("", "Water it.")),
        ({"isTrashed": False, "listContent": [{"text": "milk"}, {"text": "tea"}], "createdTimestampUsec": 1686000000000000}, ("", "milk\ntea")),
        ([{"uri": "at://a/app.bsky.feed.post/1", "value": {"$type": "app.bsky.feed.post", "text": "It lives.", "createdAt": WHEN + "Z"}}], ("", "It lives.")),
        ({"activeNotes": [{"id": "a", "content": "It lives.", "creationDate": WHEN + "Z"}], "trashedNotes": []}, ("", "It lives.")),
    ],
)  # fmt: skip
def test_posts_comments_and_notes_are_their_authors_words(export, said):
    reading = read(json.dumps(export))
    assert (reading.format, reading.said, reading.times) == ("posts", [said], [WHEN])


def test_what_others_wrote_and_what_was_deleted_is_left_out():
    boost = {"type": "Announce", "published": WHEN + "Z", "object": "https://other.example/1"}
    note = {
        "type": "Create",
        "published": WHEN + "Z",
        "object": {"type": "Note", "content": "<p>@beto It lives.</p><p>So green.</p>"},
    }
    reading = read(json.dumps({"type": "OrderedCollection", "orderedItems": [note, boost]}))
    assert (reading.texts, reading.skipped) == (["It lives.\n\nSo green."], {"shared from others": 1})
    with pytest.raises(DamagedFile):
        read(json.dumps({"isTrashed": True, "textContent": "gone", "userEditedTimestampUsec": 1}))


def test_the_paragraphs_of_a_diary_stand_apart_without_marks_of_markdown():
    text = "# Tree\n\nIt **lives**\\. Well\\!\n\n![](dayone-moment://A)\n\nSo do I."
    reading = read(json.dumps({"metadata": {}, "entries": [{"uuid": "A", "creationDate": WHEN + "Z", "text": text}]}))
    assert (reading.texts, reading.skipped) == (["It lives. Well!", "So do I."], {"heading": 1})


def test_pages_beside_notes_do_not_repeat_them():
    note = {"isTrashed": False, "textContent": "Water it.", "userEditedTimestampUsec": 1686000000000000}
    reading = read(zipped({"Keep/Tree.json": json.dumps(note), "Keep/Tree.html": "<html><body><p>Water it.</p></body></html>"}))  # fmt: skip
    assert reading.texts == ["Water it."]


def test_facebooks_page_of_posts_takes_no_title_for_a_name():
    def post(title: str, words: str) -> str:
        return f'<div class="_a6-g"><div class="_a6-h _a6-i">{title}</div><div class="_a6-p"><div>{words}</div><div>Updated Jun 05, 2023 5:02:11 pm</div></div><div class="_a6-o"><div class="_a72d">Jun 05, 2023 5:01:09 pm</div></div></div>'  # fmt: skip

    page = post("Ana updated her status.", "It lives.<br>Well.") + post("Ana was at Lemons.", "So green.")
    reading = read(f"<html><body>{page}</body></html>")
    assert reading.said == [("", "It lives.\nWell."), ("", "So green.")]
    assert reading.times[0] == "2023-06-05T17:01:09"


WORDPRESS = """<?xml version="1.0"?><rss xmlns:content="c" xmlns:excerpt="e" xmlns:dc="d" xmlns:wp="w"><channel><title>Lemons</title>
<item><title>Tree</title><dc:creator><![CDATA[ana]]></dc:creator><content:encoded><![CDATA[{}]]></content:encoded><excerpt:encoded>Short.</excerpt:encoded>
<wp:post_date>2023-06-05 21:20:00</wp:post_date><wp:post_type>post</wp:post_type><wp:status>{}</wp:status><wp:comment><wp:comment_author>Beto</wp:comment_author><wp:comment_content>Nice!</wp:comment_content></wp:comment></item>
<item><title>a.jpg</title><content:encoded>caption</content:encoded><wp:post_type>attachment</wp:post_type></item></channel></rss>"""


def test_a_blog_gives_its_posts_without_comments_and_drafts():
    page = '<!-- wp:paragraph --><p>It lives.</p><!-- /wp:paragraph --><blockquote><p>So they say.</p></blockquote>[gallery ids="1"]'
    reading = read(WORDPRESS.format(page, "publish"))
    assert (reading.format, reading.said, reading.times) == ("blog", [("ana", "It lives.")], [WHEN])
    assert reading.skipped == {"quotation": 1, "of another kind": 1}
    assert read(WORDPRESS.format("It lives.\n\nSo\ngreen.", "private")).texts == ["It lives.", "So\ngreen."]
    with pytest.raises(DamagedFile):
        read(WORDPRESS.format(page, "draft"))


def test_a_feed_and_a_notebook_are_read():
    atom = '<feed xmlns="a"><entry><published>2023-06-05T21:20:00.000+02:00</published><category scheme="http://s#kind" term="http://s#post"/><content type="html">&lt;p&gt;It lives.&lt;/p&gt;</content><author><name>Ana</name></author></entry></feed>'
    assert (read(atom).said, read(atom).times) == ([("Ana", "It lives.")], [WHEN])
    enex = '<?xml version="1.0"?><!DOCTYPE en-export SYSTEM "http://x/a.dtd"><en-export><note><title>T</title><created>20230605T212000Z</created><content><![CDATA[<en-note><div>It lives.</div><div>Green.</div></en-note>]]></content><resource><data>AAAA</data></resource></note></en-export>'
    assert (read(enex).said, read(enex).times) == ([("", "It lives."), ("", "Green.")], [WHEN, WHEN])


def test_a_notebook_that_declares_entities_is_refused():
    with pytest.raises(ImportFailed):
        read('<?xml version="1.0"?><!DOCTYPE en-export [<!ENTITY a "b">]><en-export><note><content>&a;</content></note></en-export>')  # fmt: skip


def test_memotrace_writes_messages_into_a_script():
    page = """<html><script>const chatMessages = [
{ type:0, text: '2023-06-05 21:20:00',is_send:0},
{ type:1, text: 'It\\'s &lt;alive&gt;\\nwell',is_send:0,avatar_path:'./a.png',timestamp:1686000000,is_chatroom:0,displayname:'安娜'},{ type:3, text: './a.png',is_send:1,displayname:'贝托'},
{"type":49,"text":"好的","is_send":1,"timestamp":1686000000,"displayname":"贝托","refer_text":"安娜：树"},
{ type:10000, text: '你撤回了一条消息',is_send:1}]</script></html>"""
    reading = read(page)
    assert (reading.format, reading.said) == ("chat-page", [("安娜", "It's <alive>\nwell"), ("贝托", "好的")])
    assert (reading.skipped, reading.times) == ({"media": 1, "system": 1}, [WHEN, WHEN])


def test_a_copy_of_two_messages_is_a_chat():
    reading = read("王芳 2023-06-05 21:20:07\n树还活着\n\n李明 2023-06-05 21:21:09\n好的\n")
    assert reading.said == [("王芳", "树还活着"), ("李明", "好的")]


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ('<?xml version="1.0"?><root><a>hello</a></root>', "is XML of another program"),
        ("BEGIN:VCARD\nFN:Ana\nEND:VCARD\n", "holds contacts or dates"),
        ('{"watched": ["a"]}', "is JSON, but"),
    ],
)
def test_files_of_other_programs_are_nobodys_words(file, told):
    with pytest.raises(UnknownFormat, match=told):
        read(file)


def test_weibo_gives_the_authors_own_words_of_a_repost():
    crawler = {"bid": "I5x", "user_id": 1, "screen_name": "小明", "created_at": "2019-09-09T13:44:44"}
    posts = [
        crawler | {"text": "今天天气真好"},
        crawler | {"text": "说得对//@阿华:是吗//@小红:嗯", "retweet": {"text": "原文", "screen_name": "小红"}},
        crawler | {"text": "转发微博", "retweet": {"text": "原文"}},
        crawler | {"text": "//@阿华:是吗", "retweet": {"text": "原文"}},
    ]
    reading = read(json.dumps({"user": {"screen_name": "小明"}, "weibo": posts}))
    assert (reading.format, reading.said) == ("posts", [("小明", "今天天气真好"), ("小明", "说得对")])
    assert (reading.times[0], reading.skipped) == ("2019-09-09T13:44:44", {"repost": 2})
    spider = [
        {"content": "你好", "publish_time": "2019-09-09 13:44", "original": True},
        {
            "content": "转发理由:哈哈\n原始用户:小红\n转发内容:原文",
            "publish_time": "2019-09-09 13:45",
            "original": False,
        },
    ]
    assert read(json.dumps({"user": {"nickname": "小明"}, "weibo": spider})).texts == ["你好", "哈哈"]
