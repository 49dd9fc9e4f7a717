"""Cards as people have them: other encodings, broken copies, WebP, examples in every style."""

import base64
import io
import json
import random
import struct
from collections import Counter

import pytest

from personas.importers import registry
from personas.importers.base import ImportFailed, Remark, Skipped, Utterance
from personas.importers.cards import card_examples, character_card
from tests.contracts.test_importers import png
from tests.personas.importers.builders import zipped

FIELDS = {
    "name": "Mira Holm",
    "description": "{{char}} keeps the lighthouse.",
    "personality": "dry",
    "scenario": "A storm.",
    "first_mes": "Mind the step.",
    "mes_example": "<START>\n{{user}}: Cold?\n{{char}}: Only at night.",
}
V1, V2 = dict(FIELDS), {"spec": "chara_card_v2", "spec_version": "2.0", "data": FIELDS}
V3 = {"spec": "chara_card_v3", "spec_version": "3.0", "data": FIELDS | {"nickname": "Lamp"}}


def packed(card: dict) -> bytes:
    return base64.b64encode(json.dumps(card).encode())


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for kind, data in [(b"VP8L", b"/\0\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0"), *chunks]
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def exif(comment: bytes) -> bytes:
    """An Exif block whose only value is a UserComment, in its own folder as cameras and card tools write it."""
    folder = struct.pack("<HHHII", 1, 0x8769, 4, 1, 26) + struct.pack("<I", 0)
    inner = struct.pack("<HHHII", 1, 0x9286, 7, len(comment), 44) + struct.pack("<I", 0)
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + folder + inner + comment


def imported(raw: bytes, name: str = "card") -> tuple[list[Utterance], Counter[str], list[str]]:
    stream = io.BytesIO(raw)
    importer = registry.choose(stream, name)
    assert importer.name == "character-card"
    records = list(importer.parse(stream))
    return (
        [record for record in records if isinstance(record, Utterance)],
        Counter(record.reason for record in records if isinstance(record, Skipped)),
        [record.text for record in records if isinstance(record, Remark)],
    )


TEXT = json.dumps(V2)
NUMBERS = ",".join(str(byte) for byte in json.dumps(V2).encode()).encode()
WHOLE = {
    "v1": json.dumps(V1).encode(),
    "v2": TEXT.encode(),
    "v3": json.dumps(V3).encode(),
    "v2 whose fields stand only at the top": json.dumps(V1 | {"spec": "chara_card_v2", "data": {}}).encode(),
    "byte order mark": TEXT.encode("utf-8-sig"),
    "utf-16": TEXT.encode("utf-16"),
    "utf-16 big-endian": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "utf-16 without a mark": TEXT.encode("utf-16-le"),
    "png": png((b"tEXt", b"chara\0" + packed(V2))),
    "png without padding": png((b"tEXt", b"chara\0" + packed(V2).rstrip(b"="))),
    "png with url-safe base64": png((b"tEXt", b"chara\0" + base64.urlsafe_b64encode(TEXT.encode()))),
    "png with line breaks": png((b"tEXt", b"chara\0" + base64.encodebytes(TEXT.encode()).replace(b"\n", b"\r\n"))),
    "png with a mark inside": png((b"tEXt", b"chara\0" + base64.b64encode(TEXT.encode("utf-8-sig")))),
    "webp": webp((b"EXIF", exif(b"ASCII\0\0\0" + TEXT.encode()))),
    "webp without a character set": webp((b"EXIF", exif(TEXT.encode()))),
    "webp in unicode": webp((b"EXIF", exif(b"UNICODE\0" + TEXT.encode("utf-16-le")))),
    "webp in base64": webp((b"EXIF", exif(b"ASCII\0\0\0" + packed(V2)))),
    "webp in numbers": webp((b"EXIF", exif(bytes(8) + NUMBERS))),
    "webp in xmp": webp((b"XMP ", b"<x:xmpmeta><chara>" + packed(V2) + b"</chara></x:xmpmeta>")),
    "webp in an xmp attribute": webp((b"XMP ", b'<rdf:Description chara="' + packed(V2) + b'"/>')),
}


def jpeg(*segments: tuple[int, bytes], behind: bytes = b"") -> bytes:
    """The frame of a JPEG picture; nothing decodes it here."""
    written = b"".join(bytes((0xFF, kind)) + struct.pack(">H", len(body) + 2) + body for kind, body in segments)
    return b"\xff\xd8" + written + b"\xff\xda\0\2pixels\xff\xd9" + behind


CHARX = zipped({"assets/big.bin": bytes(random.Random(1).randbytes(70_000)), "card.json": json.dumps(V3)})
WHOLE |= {
    "jpeg": jpeg((0xE0, b"JFIF\0"), (0xE1, exif(b"ASCII\0\0\0" + TEXT.encode()))),
    "jpeg comment": jpeg((0xFE, packed(V2))),
    "jpeg in xmp": jpeg((0xE1, b"http://ns.adobe.com/xap/1.0/\0<chara>" + packed(V2) + b"</chara>")),
    "charx behind a picture": jpeg((0xE0, b"JFIF\0"), behind=CHARX),
    "charx whose card stands at its end": CHARX,
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_card_is_read_from_whatever_holds_it(case):
    utterances, skipped, remarks = imported(WHOLE[case])
    assert [(one.speaker, one.text) for one in utterances] == [
        ("{{user}}", "Cold?"),
        ("Mira Holm", "Only at night."),
    ]
    assert not skipped
    assert not remarks


def test_a_field_under_data_wins_over_its_copy_at_the_top():
    card = V2 | {"name": "Somebody else"}
    assert character_card.read(io.BytesIO(json.dumps(card).encode())).name == "Mira Holm"


def nested(levels: int) -> bytes:
    return TEXT[:-2].encode() + b', "x": ' + b"[" * levels + b"]" * levels + b"}}"


BROKEN = {
    "nested 200 levels": nested(200),
    "nested 500 levels": nested(500),
    "nested 100,000 levels": nested(100_000),
    "version 10^400": json.dumps(V2 | {"spec_version": 10**400}).encode(),
    "version 10^400 as text": json.dumps(V2 | {"spec_version": "1" + "0" * 400}).encode(),
    "version 1e400": TEXT.replace('"2.0"', "1e400").encode(),
    "version below zero": json.dumps(V2 | {"spec_version": -1}).encode(),
    "version infinite": json.dumps(V2 | {"spec_version": "inf"}).encode(),
    "number of 5,000 digits": TEXT[:-1].encode() + b', "x": ' + b"9" * 5000 + b"}",
    "fraction of 5,000 digits": TEXT[:-1].encode() + b', "x": 0.' + b"9" * 5000 + b"}",
    "assets that are a number": json.dumps(V3 | {"data": {"assets": 5}})[:-1].encode(),
    "base64 of one character too many": png((b"tEXt", b"chara\0" + packed(V2).rstrip(b"=")[:-4] + b"A")),
    "webp cut off in its metadata": webp((b"EXIF", exif(TEXT.encode())))[:-40],
    "webp with half a card": webp((b"EXIF", exif(TEXT.encode()[:200]))),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_card_is_refused_with_a_sentence(case):
    with pytest.raises(ImportFailed) as refused:
        list(character_card.CharacterCard().parse(io.BytesIO(BROKEN[case])))
    assert refused.value.user_message.endswith(".")
    assert len(refused.value.user_message) < 300


@pytest.mark.parametrize(
    "chunks", [[], [(b"EXIF", exif(b"ASCII\0\0\0Holiday 2021"))], [(b"EXIF", b"\xff" * 90)], [(b"XMP ", b"<x/>")]]
)
def test_a_webp_picture_without_a_card_is_read_as_a_page(chunks):
    stream = io.BytesIO(webp(*chunks))
    with pytest.raises(ImportFailed, match=r"No words were found in this picture|This picture is damaged"):
        list(registry.choose(stream, "mira.webp").parse(stream))


@pytest.mark.parametrize("damage", [b"eyJ!!", base64.b64encode(b'{"spec": "chara_'), base64.b64encode(b"{}"), b""])
def test_the_whole_copy_of_a_card_is_used_where_the_newer_one_is_broken(damage):
    raw = png((b"tEXt", b"ccv3\0" + damage), (b"tEXt", b"chara\0" + packed(V2)))
    utterances, skipped, remarks = imported(raw)
    assert len(utterances) == 2
    assert skipped == {"broken copy of the card": 1}
    assert remarks == ["The card's part “ccv3” is broken; its other part was used."]


def test_the_whole_copy_is_used_where_the_newer_ones_checksum_is_wrong():
    raw = png((b"tEXt", b"ccv3\0" + packed(V3)), (b"tEXt", b"chara\0" + packed(V2)))
    damaged = raw.replace(packed(V3), packed(V3).replace(b"e", b"f", 1))
    assert imported(damaged)[1] == {"broken copy of the card": 1}


U, P = "user", "persona"


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("{{USER}}: a\n{{Char}}: b", [(U, "a"), (P, "b")]),
        ("{{ user }}: a\n{{ char }}: b", [(U, "a"), (P, "b")]),
        ("<User>: a\n<bot>: b", [(U, "a"), (P, "b")]),
        ("You: a\nMira Holm: b", [(U, "a"), (P, "b")]),
        ("{{user}}:a\n{{char}}:b", [(U, "a"), (P, "b")]),
        ("{{user}}: a\n{{char}}：b", [(U, "a"), (P, "b")]),
        ("**{{user}}:** a\n**Mira**: b", [(U, "a"), (P, "b")]),
        ("> {{user}}: a\n- Mira: b", [(U, "a"), (P, "b")]),
        ("{{user}}: a\nMira: b", [(U, "a"), (P, "b")]),
        ("{{user}}: a\nmira: b", [(U, "a"), (P, "b")]),
        ("{{user}}: a\nMira (whispering): b", [(U, "a"), (P, "b")]),
        ("{{user}}: a\nJonah: c\n{{char}}: b", [(U, "a"), (P, "b")]),
        ("{{user}}: a\n{{random_user_1}}: c\n{{char}}: b", [(U, "a"), (P, "b")]),
        ("{{user}}: a\n**Old Jonah:** c\nand more of it\n{{char}}: b", [(U, "a"), (P, "b")]),
        ("{{user}}: a\nHer lamp flickers.\n{{char}}: b", [(U, "a"), (P, "b")]),
        ("A storm.\n{{user}}: a\n{{char}}: b", [(U, "a"), (P, "b")]),
        ("{{user}}: a\n{{char}}: b\n\n*She waits.*\nhe said: no", [(U, "a"), (P, "b\n\n*She waits.*\nhe said: no")]),
        (
            "{{user}}: a\n{{char}}: b\nNote: bring boots\nat 10:30: tea",
            [(U, "a"), (P, "b\nNote: bring boots\nat 10:30: tea")],
        ),
        ("{{user}}: a\n{{char}}: see\nhttps://example.org", [(U, "a"), (P, "see\nhttps://example.org")]),
        ("{{char}}: The sea: all of it", [(P, "The sea: all of it")]),
    ],
)
def test_every_line_goes_to_the_one_who_says_it(text, turns):
    assert list(card_examples.examples(text, "Mira Holm")) == [tuple(turns)]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Mira Holm", "Mira"),
        ('Mira "Lamp" Holm', "Lamp"),
        ("Mira “Lamp” Holm", "Mira Holm"),
        ("Mira Holm (The Keeper)", "Mira"),
        ("Captain Mira Holm", "Mira"),
        ("Captain Mira Holm", "Captain Holm"),
        ("Dr. Mira Holm", "Mira"),
        ("孙悟空", "悟空"),
        ("阿尔杰农·蒙克里夫", "阿尔杰农"),
    ],
)
def test_a_short_name_is_the_persona(name, short):
    assert list(card_examples.examples(f"{{{{user}}}}: a\n{short}: b", name)) == [((U, "a"), (P, "b"))]


def test_the_nickname_of_a_v3_card_is_the_persona():
    card = V3 | {"data": V3["data"] | {"mes_example": "{{user}}: a\nLamp: b"}}
    utterances, _, _ = imported(json.dumps(card).encode())
    assert [one.speaker for one in utterances] == ["{{user}}", "Mira Holm"]


@pytest.mark.parametrize("mark", ["<START>", "<start>", "< START >", "<|START|>", "<START/>", "[START]", "{{start}}"])
def test_every_start_mark_begins_an_exchange(mark):
    text = f"{mark}\n{{{{user}}}}: a\n{{{{char}}}}: b\n{mark}\n{{{{char}}}}: c"
    assert list(card_examples.examples(text, "Mira")) == [((U, "a"), (P, "b")), ((P, "c"),)]


def test_what_belongs_to_neither_side_is_counted():
    text = "It rains.\n<START>\n{{user}}: a\nShe nods.\nJonah: c\n{{char}}: b"
    card = V2 | {"data": FIELDS | {"mes_example": text}}
    assert imported(json.dumps(card).encode())[1] == {"narration": 2, "third speaker": 1}


def test_a_card_needs_no_examples():
    card = V2 | {"data": FIELDS | {"mes_example": ""}}
    assert imported(json.dumps(card).encode()) == ([], Counter(), [])


FOREIGN = {
    "pygmalion": {
        "char_name": "Mira", "char_persona": "A baker.", "char_greeting": "Bread?", "world_scenario": "A shop",
        "example_dialogue": "<START>\nYou: Rye?\nMira: Rye.",
    },
    "agnai": {
        "kind": "character", "name": "Mira", "description": "For readers", "scenario": "A shop", "greeting": "Bread?",
        "persona": {"kind": "text", "attributes": {"text": ["A baker."]}},
        "sampleChat": "{{user}}: Rye?\n{{char}}: Rye.", "alternateGreetings": ["Rolls?"], "voice": {"service": None},
    },
    "character.ai": {
        "character": {"name": "Mira", "greeting": "Bread?", "description": "A baker.", "external_id": "x",
                      "definition": "{{user}}: Rye?\n{{char}}: Rye.\nEND_OF_DIALOG"},
    },
}  # fmt: skip


@pytest.mark.parametrize("tool", FOREIGN)
def test_a_character_of_another_tool_is_read_and_keeps_its_own_fields(tool):
    raw = json.dumps(FOREIGN[tool]).encode()
    utterances, _, _ = imported(raw)
    assert [(one.speaker, one.text) for one in utterances] == [("{{user}}", "Rye?"), ("Mira", "Rye.")]
    fields = character_card.read(io.BytesIO(raw))
    assert (fields.name, fields.description, fields.opening_line) == ("Mira", "A baker.", "Bread?")
    assert fields.other_openings == (("Rolls?",) if tool == "agnai" else ())
    own = FOREIGN[tool]
    assert {key: value for key, value in fields.card.items() if key in own and key != "description"} == {
        key: value for key, value in own.items() if key != "description"
    }


def test_a_character_in_yaml_is_refused_and_is_no_authors_text():
    with pytest.raises(ImportFailed, match="YAML"):
        imported(b"name: Mira\ngreeting: Bread?\ncontext: |\n  A baker.\n")
