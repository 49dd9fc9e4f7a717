"""Documents: the author's words, without what the program or the printer added."""

import io
import zipfile

import pytest

from personas.importers.base import ImportFailed
from tests.personas.importers import builders
from tests.personas.importers.builders import docx, epub, odt, pdf, read, word_paragraphs, zipped

WORDS = [
    "Dear Ana, the lemon tree has survived.",
    "I walked to the harbour in the rain, and came home wet and late in the evening.",
]
CHAT = ["Ana: Did it survive?", "Beto: It did.", "Ana: Good.", "Beto: Yes."]


def rtf(*paragraphs: str, head: str = "") -> str:
    return (
        r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}}"
        + head
        + "".join(f"\\f0 {p}\\par\n" for p in paragraphs)
        + "}"
    )


def srt(*cues: str) -> str:
    return "\n".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\n{cue}\n" for n, cue in enumerate(cues, start=1))


OF_EACH = {
    "docx": lambda words: docx(word_paragraphs(*words)),
    "odt": lambda words: odt("".join(f"<text:p>{one}</text:p>" for one in words)),
    "rtf": lambda words: rtf(*words),
    "html": lambda words: "<!DOCTYPE html><html><body>" + "".join(f"<p>{one}</p>" for one in words) + "</body></html>",
    "epub": lambda words: epub(
        {"1.xhtml": "<html><body>" + "".join(f"<p>{one}</p>" for one in words) + "</body></html>"}
    ),
    "pdf": lambda words: pdf([words]),
    "subtitles": lambda words: srt(*words),
}


@pytest.mark.parametrize("kind", OF_EACH)
def test_the_author_of_a_document_has_no_name(kind):
    reading = read(OF_EACH[kind](WORDS))
    assert reading.format == kind
    assert reading.said == [("", words) for words in WORDS]


@pytest.mark.parametrize("kind", OF_EACH)
def test_a_talk_that_was_saved_as_a_document_keeps_its_speakers(kind):
    reading = read(OF_EACH[kind](CHAT))
    assert reading.said == [tuple(line.split(": ")) for line in CHAT]
    assert any("read as one" in remark for remark in reading.remarks)


@pytest.mark.parametrize("kind", ["docx", "odt", "pdf", "html"])
def test_a_chat_that_was_saved_as_a_document_keeps_its_times(kind):
    lines = [f"[05/06/2023, 17:1{n}:00] {'Ana' if n % 2 else 'Beto'}: word {n}" for n in range(6)]
    reading = read(OF_EACH[kind](lines))
    assert reading.said[0] == ("Beto", "word 0")
    assert reading.times[0] == "2023-06-05T17:10:00"


# --- Word ---------------------------------------------------------------------------------------------


def run(inside: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr>{inside}</w:r>"


HIDDEN = '<w:rStyle w:val="Hid"/>'


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (f"<w:p>{run('<w:t>kept </w:t>')}{run('<w:t>hidden</w:t>', '<w:vanish/>')}{run('<w:t>words</w:t>')}</w:p>", ["kept words"]),
        ("<w:p>" + run("<w:t>kept</w:t>", '<w:vanish w:val="0"/>') + "</w:p>", ["kept"]),
        (f"<w:p><w:del>{run('<w:delText>gone</w:delText>')}</w:del>{run('<w:t>kept</w:t>')}</w:p>", ["kept"]),
        (f"<w:p><w:ins>{run('<w:t>kept</w:t>')}</w:ins><w:moveFrom>{run('<w:t>gone</w:t>')}</w:moveFrom></w:p>", ["kept"]),
        (f"<w:p>{run('<w:t>one</w:t><w:br/><w:t>two</w:t><w:tab/><w:t>three</w:t>')}</w:p>", ["one\ntwo three"]),
        (f"<w:p>{run('<w:instrText>HYPERLINK x</w:instrText>')}{run('<w:t>link</w:t>')}</w:p>", ["link"]),
        (f"<w:tbl><w:tr><w:tc><w:p>{run('<w:t>in a table</w:t>')}</w:p></w:tc></w:tr></w:tbl>", ["in a table"]),
        (
            f"<w:p><w:r><mc:AlternateContent xmlns:mc='m'><mc:Choice><w:txbxContent><w:p>{run('<w:t>in a box</w:t>')}</w:p></w:txbxContent></mc:Choice>"
            f"<mc:Fallback><w:p>{run('<w:t>in a box</w:t>')}</w:p></mc:Fallback></mc:AlternateContent></w:r>{run('<w:t>around</w:t>')}</w:p>",
            ["in a box", "around"],
        ),
        (f"<w:p><w:r><w:pict><w:txbxContent><w:p>{run('<w:t>in an old box</w:t>')}</w:p></w:txbxContent></w:pict></w:r>{run('<w:t>around</w:t>')}</w:p>", ["in an old box", "around"]),
        (f"<w:p>{run('<w:t>shown</w:t>', '<w:rPrChange><w:rPr><w:vanish/></w:rPr></w:rPrChange>')}</w:p>", ["shown"]),
        (f"<w:p>{run('<w:t>secret</w:t>', HIDDEN)}{run('<w:t>open</w:t>')}</w:p>", ["open"]),
        (f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{run('<w:t>one, </w:t>')}</w:p><w:p>{run('<w:t>joined</w:t>')}</w:p>", ["one, joined"]),
        (f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{run('<w:t>last</w:t>')}</w:p>", ["last"]),
    ],
)  # fmt: skip
def test_word_shows_what_its_reader_sees(body, texts):
    styles = '<w:style w:styleId="Hid"><w:name w:val="Hid"/><w:rPr><w:vanish/></w:rPr></w:style>'
    assert read(docx(body, styles=styles)).texts == texts


def test_the_main_part_of_a_word_document_may_have_a_number():
    with zipfile.ZipFile(io.BytesIO(docx(word_paragraphs("words")))) as archive:
        parts = {name.replace("document.xml", "document3.xml"): archive.read(name) for name in archive.namelist()}
    assert read(zipped(parts)).texts == ["words"]


def test_a_heading_of_word_is_known_in_every_language():
    styles = '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
    body = (
        f'<w:p><w:pPr><w:pStyle w:val="berschrift1"/></w:pPr>{run("<w:t>Kapitel eins</w:t>")}</w:p>'
        + word_paragraphs(*WORDS)
    )
    reading = read(docx(body, styles=styles))
    assert reading.texts == WORDS
    assert reading.skipped == {"heading": 1}


def test_a_place_in_a_document_leads_back():
    assert [one.source_ref for one in read(docx(word_paragraphs(*WORDS))).utterances] == ["paragraph 1", "paragraph 2"]
    assert [one.source_ref for one in read(pdf([WORDS[:1], WORDS[1:]])).utterances] == ["page 1", "page 2"]


# --- PDF ----------------------------------------------------------------------------------------------


def test_lines_of_a_page_are_joined_and_hyphens_taken_back():
    pages = [
        ["The lemon tree has survived the winter, and so have the bees in the", "orchard behind the house, though the snow lay deep for seven long win-", "ter weeks.", "I walked to the harbour in the evening, and stood there for a while to", "look at the boats that"],
        ["had come in."],
    ]  # fmt: skip
    texts = read(pdf(pages)).texts
    assert texts == [
        "The lemon tree has survived the winter, and so have the bees in the orchard behind the house, though the snow lay deep for seven long winter weeks.",
        "I walked to the harbour in the evening, and stood there for a while to look at the boats that had come in.",
    ]


def test_a_compound_keeps_the_hyphen_at_the_end_of_a_pages_line():
    lines = [
        "The lemon tree has survived the winter, and so have the well-",
        "known bees in the orchard of my mother-in-",
        "law.",
    ]
    assert read(pdf([lines])).texts == [
        "The lemon tree has survived the winter, and so have the well-known bees in the orchard of my mother-in-law."
    ]


def test_running_heads_and_page_numbers_are_left_out():
    words = [
        f"{place} was wet with rain, and all of the boats stayed in."
        for place in ("Lisbon", "Porto", "Faro", "Sines", "Olhao")
    ]
    pages = [["Letters of Ana", line, f"{number}"] for number, line in enumerate(words, start=7)]
    assert read(pdf(pages)).texts == words


def test_a_greeting_at_the_top_of_each_page_is_no_running_head():
    places = ("Lisbon", "Porto", "Faro")
    pages = [
        ["Dear Beto,", f"{place} was wet with rain, and all of the boats stayed in the harbour."] for place in places
    ]
    assert [text for text in read(pdf(pages)).texts if "Dear Beto," in text] == ["Dear Beto,"] * 3


@pytest.mark.thorough
def test_a_page_without_words_is_counted():
    reading = read(pdf([WORDS, [], []]))
    assert reading.skipped["page without words"] == 2


# --- The others ---------------------------------------------------------------------------------------


def test_an_open_document_shows_what_its_reader_sees():
    body = (
        '<text:tracked-changes><text:deletion><text:p>gone</text:p></text:deletion></text:tracked-changes><text:h>Title</text:h>'
        '<text:p>one<text:line-break/>two<text:s text:c="2"/>three<text:note><text:note-body><text:p>a note</text:p></text:note-body></text:note></text:p>'
        "<table:table><table:table-cell><text:p>in a table</text:p></table:table-cell></table:table>"
    )  # fmt: skip
    reading = read(odt(body))
    assert reading.texts == ["one\ntwo  three", "in a table"]
    assert reading.skipped == {"heading": 1}


SPAN = '<text:p><text:span text:style-name="T1">secret</text:span>open</text:p>'
SPAN_STYLE = '<style:style xmlns:style="s" style:name="T1"><style:text-properties text:display="none"/></style:style>'


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ('<text:p>a<text:hidden-text text:is-hidden="true">secret</text:hidden-text>b</text:p>', ["ab"]),
        ('<text:p><text:hidden-paragraph text:is-hidden="true"/>secret</text:p><text:p>open</text:p>', ["open"]),
        ('<text:section text:display="none"><text:p>secret</text:p></text:section><text:p>open</text:p>', ["open"]),
        ("<text:table-of-content><text:index-body><text:p>One 1</text:p></text:index-body></text:table-of-content><text:p>open</text:p>", ["open"]),
        (SPAN_STYLE + SPAN, ["open"]),
    ],
)  # fmt: skip
def test_hidden_words_and_contents_of_an_open_document_are_left_out(body, texts):
    assert read(odt(body)).texts == texts


def test_the_number_of_a_page_in_an_open_document_is_left_out():
    assert read(odt("<text:p>Yes<text:page-number>3</text:page-number></text:p>")).texts == ["Yes"]


def test_an_open_document_may_be_one_xml_file():
    spaces = 'xmlns:office="o" xmlns:text="t" xmlns:draw="d"'
    picture = "<draw:image><office:binary-data>QUJD</office:binary-data></draw:image>"
    flat = f'<?xml version="1.0"?>\n<office:document {spaces} office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text><text:p>one{picture} two</text:p></office:text></office:body></office:document>'
    reading = read(flat, "letter.fodt")
    assert (reading.format, reading.texts) == ("odt", ["one two"])
    with pytest.raises(ImportFailed, match="a spreadsheet"):
        read(flat.replace("opendocument.text", "opendocument.spreadsheet"))


@pytest.mark.parametrize(
    ("paragraph", "text"),
    [
        (r"a{\v secret}b\v more \'e4 \u252? {\b secrets}\v0  c{\deleted gone}d{\v\f0 x}\plain e", "ab cde"),
        (r"co\-operate", "cooperate"),
        (r"caf\'e9 and \u8212?dash", "café and —dash"),
        (r"{\*\hidden no}yes \u26625?\u-10179?\u-8704? emoji", "yes 栁😀 emoji"),
        (r'{\field{\*\fldinst{HYPERLINK "https://example.org"}}{\fldrslt a link}} here', "a link here"),
        (r"{\pict\pngblip 89504e470d0a}after the picture", "after the picture"),
        (r"{\*\objdata 0105}{\b bold} words", "bold words"),
        (r"C:\\f0 stays", r"C:\f0 stays"),
    ],
)  # fmt: skip
def test_rich_text_is_read_with_its_signs(paragraph, text):
    assert read(rtf(paragraph)).texts == [text]


def test_rich_text_that_breaks_off_in_hidden_words_gets_no_stray_sign():
    assert read(r"{\rtf1\ansi words\par\v hidden\f0 ").texts == ["words"]


def test_rich_text_with_pictures_as_bytes_is_read():
    raw = rtf("before", "after").encode().replace(b"before", b"before {\\pict\\bin4 }{\\x}")
    assert read(raw).texts[-1] == "after"


def test_a_book_is_read_in_the_order_of_its_spine():
    chapters = {
        "b.xhtml": "<html><body><h1>One</h1><p>First words.</p></body></html>",
        "a.xhtml": "<p>Second&nbsp;words &amp; more.</p>",
    }
    reading = read(epub(chapters))
    assert reading.texts == ["First words.", "Second\u00a0words & more."]
    assert [one.source_ref for one in reading.utterances] == ["chapter 1, paragraph 2", "chapter 2, paragraph 1"]


def test_the_contents_of_a_book_are_left_out_and_a_sealed_chapter_is_refused_but_no_sealed_font():
    guide = '<package xmlns="x"><manifest><item id="t" href="t.html" media-type="application/xhtml+xml"/><item id="c" href="c.html" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="t"/><itemref idref="c"/></spine><guide><reference type="toc" href="t.html"/></guide></package>'
    sealed = '<encryption><CipherReference URI="OEBPS/{}"/></encryption>'
    parts = {"t.html": "<p>Chapter one</p>", "c.html": "<p>Words.</p>"}
    font = epub(parts, **{"OEBPS/book.opf": guide, "META-INF/encryption.xml": sealed.format("f.otf")})
    assert read(font).texts == ["Words."]
    with pytest.raises(ImportFailed, match="protected by its seller"):
        read(epub(parts, **{"META-INF/encryption.xml": sealed.format("c.html")}))


def test_a_fragment_of_html_is_a_page():
    reading = read('<div class="letter"><p>One &amp; two.</p></div>')
    assert (reading.format, reading.texts) == ("html", ["One & two."])


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        ("<p>one</p><script>var x = '<p>no</p>'</script><p>two</p>", ["one", "two"]),
        ("<p>one<br>two</p><div style='display:none'>no</div><p hidden>no</p>", ["one\ntwo"]),
        ("<nav>menu</nav><ul><li>first</li><li>second</li></ul>", ["first", "second"]),
        ("<p>1 < 2 and 3 > 2</p><!-- no --><p title='a>b'>kept</p>", ["1 < 2 and 3 > 2", "kept"]),
        ("<style>p{}</style><title>no</title><P>Caf&eacute; &#x1F34B;</P>", ["Café 🍋"]),
        ("<pre>a\n  b</pre>", ["a\nb"]),
        ("<p>open <b>to the <i>end", ["open to the end"]),
        ("<title/><p>kept<a id='x'/> words</p><script src='x'/><p>too</p>", ["kept words", "too"]),
        ("<p>漢<ruby>字<rp>(</rp><rt>じ</rt><rp>)</rp></ruby></p>", ["漢字"]),
        ('<p>one<a epub:type="noteref">1</a></p><aside role="doc-footnote"><p>a note</p></aside>', ["one"]),
    ],
)
def test_a_page_shows_what_its_reader_sees(page, texts):
    assert read(f"<!doctype html><html><body>{page}").texts == texts


def test_a_page_is_read_in_the_charset_that_it_names():
    page = '<html><head><meta charset="gb2312"></head><body><p>柠檬树还活着，我很高兴。</p></body></html>'
    assert read(page.encode("gb18030")).texts == ["柠檬树还活着，我很高兴。"]


def test_subtitles_that_count_frames_are_read():
    film = "{1}{1}25\n{100}{150}Did the lemon tree|survive?\n{3000}{3100}{y:i}It did.\n{3200}{3300}- Good.|- Yes.\n"
    reading = read(film)
    assert (reading.format, reading.texts) == ("subtitles", ["Did the lemon tree survive?", "It did.", "Good.", "Yes."])
    assert [one.source_ref for one in reading.utterances[:2]] == ["00:00:04", "00:02:00"]
    assert [read(film.replace("}25", rate)).utterances[-1].source_ref for rate in ("}00", "}10", "}999")] == [
        "00:02:08", "00:05:20", "00:02:08",
    ]  # fmt: skip
    viewer = "[INFORMATION]\n[END INFORMATION]\n[SUBTITLE]\n00:00:35.03,00:00:38.82\nDid the tree[br]survive?\n\n00:00:40.03,00:00:42.82\nIt did.\n\n"
    assert read(viewer).texts == ["Did the tree survive?", "It did."]


def test_the_lines_of_one_subtitle_stay_together_after_a_pause():
    assert (
        read(
            srt("One.").replace("00:00:0", "00:01:0") + "\n2\n00:09:00,000 --> 00:09:02,000\nIt did\nsurvive.\n\n"
        ).texts[-1]
        == "It did survive."
    )


def test_subtitles_join_pieces_to_sentences_and_leave_sounds_out():
    reading = read(srt("The lemon tree", "<i>has survived.</i>", "[music]", "- Good.", "- Yes."))
    assert reading.texts == ["The lemon tree has survived.", "Good.", "Yes."]
    assert reading.skipped == {"sound": 1}
    assert any("do not say who speaks" in remark for remark in reading.remarks)


def test_a_named_voice_of_webvtt_is_the_speaker():
    vtt = "WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:02.000 align:start\n<v Ana>Did it <b>survive</b>?\n\n00:00:03.000 --> 00:00:04.000\n<v.loud Beto>It did.</v>\n"
    assert read(vtt).said == [("Ana", "Did it survive?"), ("Beto", "It did.")]


def test_captions_that_roll_show_each_line_once():
    assert read(srt("the tree", "the tree\nhas survived", "has survived\nthe winter.")).texts == [
        "the tree has survived the winter."
    ]


REFUSED = {
    "a scan": (lambda: pdf([[], []]), "no words that can be read, neither as text nor in pictures"),
    "a pdf that is locked": (lambda: pdf([WORDS], extra=f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{'41' * 32}> /U <{'42' * 32}> /P -4 >> /ID [<00><00>]"), "protected by a password|encrypted"),
    "a pdf cut off": (lambda: pdf([WORDS])[:200], "damaged"),
    "an old word document": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Word, Excel or Outlook document, or one that is protected by a password"),
    "a spreadsheet": (lambda: builders.zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<x/>"}), "a spreadsheet"),
    "a presentation": (lambda: builders.zipped({"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<x/>"}), "a presentation"),
    "an odt with a password": (lambda: odt("<text:p>x</text:p>", manifest="<manifest:encryption-data/>"), "protected by a password"),
    "an ods": (lambda: odt("<text:p>x</text:p>", kind="spreadsheet"), "a spreadsheet"),
    "a book of a shop": (lambda: epub({"1.xhtml": "<p>x</p>"}, **{"META-INF/rights.xml": "<r/>"}), "protected by its seller"),
    "a pages document": (lambda: builders.zipped({"Index/Document.iwa": b"x", "preview.jpg": b"x"}), "Pages, Numbers or Keynote"),
    "a web archive of qq": (lambda: "From: <Save by Tencent MsgMgr>\nSubject: Tencent IM Message\nMIME-Version: 1.0\n\nx", r"web archive \(.mht\). In QQ, export"),
    "a video": (lambda: bytes(4) + b"ftypisom" + bytes(600), "damaged, or of a kind that cannot be read"),
    "a film of matroska": (lambda: b"\x1aE\xdf\xa3" + bytes(600), "damaged, or of a kind that cannot be read"),
    "an outlook mailbox": (lambda: b"!BDN" + bytes(600), r"Outlook \(.pst\)"),
    "a word document without words": (lambda: docx("<w:p/>"), "holds no words"),
}  # fmt: skip


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.slow] * (case == "a scan")) for case in REFUSED]
)
def test_a_wrong_file_says_what_it_is_and_what_to_do(case):
    content, sentence = REFUSED[case]
    with pytest.raises(ImportFailed, match=sentence) as refused:
        read(content())
    assert refused.value.user_message.endswith((".", "”."))


def test_a_backup_of_qq_says_what_to_do():
    with pytest.raises(ImportFailed, match="a backup that only its own app can read"):
        read(b"\x01\x02\0\0" * 500, "old.bak")


SCRIPT = """[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,{},0,0,0,,{{\\i1}}The tree{{\\i0}} lives,\\Nmy child.
Comment: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,a note
"""


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (SCRIPT.format("Ana"), [("Ana", "The tree lives, my child.")]),
        (SCRIPT.format(""), [("", "The tree lives, my child.")]),
        ("0:00:01.000,0:00:03.000\nThe tree lives,\n\n0:00:03.000,0:00:05.000\nmy child.\n", [("", "The tree lives, my child.")]),
        ("[ti:Tree]\n[00:00.10]作词：安娜\n[00:12.00]The <00:12.50>tree\n[00:15.30][00:45.30]lives\n[00:20.00]lives\n", [("", "The tree"), ("", "lives")]),
    ],
)  # fmt: skip
def test_scripts_captions_and_lyrics_are_subtitles(file, said):
    reading = read(file)
    assert (reading.format, reading.said) == ("subtitles", said)


def test_a_chat_with_times_in_brackets_is_no_song():
    assert (
        read("[10:12] Ana: Tea?\n[10:13] Beto: Yes.\n[10:14] Ana: Good.\n[10:15] Beto: Soon.\n").format != "subtitles"
    )


def test_what_readers_wrote_under_a_post_is_not_its_authors():
    page = '<html><body><a class="skip-link">Skip</a><article><p>The tree lives.</p></article><div id="comments" class="comments-area"><p>Nice!</p></div><p>So do I.</p></body></html>'
    assert read(page).texts == ["The tree lives.", "So do I."]


def test_a_note_in_markdown_is_read_without_its_properties_links_and_pictures():
    note = "---\ntitle: Tree\ntags:\n  - a\n---\n\n# Tree\n\nIt **lives**, see [my page](https://x.org/a).\n\n![a](a.jpg)\n\n- [ ] water it\n"
    assert read(note, "tree.md").texts == ["It lives, see my page.", "water it"]
    assert read("---\nIt lives.\n---\nSo do I.\n", "tree.md").texts == ["It lives.", "So do I."]


def test_title_pages_of_a_book_are_left_out():
    title = '<html><body><section epub:type="titlepage"><p>by Ana</p></section></body></html>'
    book = epub({"a.xhtml": title, "b.xhtml": "<html><body><p>The tree lives.</p></body></html>"})
    assert read(book).texts == ["The tree lives."]


def test_contents_and_outlines_of_a_word_document_are_no_words():
    contents = '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr><w:sdtContent><w:p><w:r><w:t>Inhalt</w:t></w:r></w:p></w:sdtContent></w:sdt>'
    other = '<w:sdt><w:sdtContent><w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:r><w:t>Tree</w:t></w:r></w:p></w:sdtContent></w:sdt>'
    reading = read(docx(contents + other + word_paragraphs("The tree lives.")))
    assert (reading.texts, reading.skipped) == (["The tree lives."], {"heading": 1})


def test_a_chinese_rich_text_is_read_in_its_code_also_in_fonts_of_western_letters():
    text = r"{\rtf1\ansi\ansicpg936{\fonttbl{\f0\fcharset0 Times;}}\f0 \'ca\'f7\u27963?\par}"
    assert read(text).texts == ["树活"]
