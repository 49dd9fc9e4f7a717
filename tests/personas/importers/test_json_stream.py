"""JSON that is read as a stream."""

import io
import json
from types import SimpleNamespace

import pytest

from personas.importers.base import DamagedFile
from personas.importers.encodings.decoding import Encoding
from personas.importers.syntax import json_stream
from personas.importers.syntax.json_stream import EACH

UTF8 = Encoding("utf-8")
DECODER = json_stream._DECODER
DOCUMENT = {
    "name": 'Ada \\ "quoted" 🐝 \u2028',
    "empty": [],
    "none": {},
    "messages": [{"id": 123456, "n": -1.5e3}, 1234567, "x", None, [[1], 2], True],
    "last": 99887766,
}


def walk(text: str | bytes, into: set[json_stream.Path]) -> list[tuple[json_stream.Path, object]]:
    raw = text.encode() if isinstance(text, str) else text
    return list(json_stream.walk(io.BytesIO(raw), UTF8, into=into))


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("chunk", range(1, 40))
def test_values_are_whole_wherever_a_window_on_the_file_ends(monkeypatch, chunk, indent):
    monkeypatch.setattr(json_stream, "_CHUNK", chunk)
    written = json.dumps(DOCUMENT, indent=indent)
    assert walk(f"\n {written} \n", {(), ("messages",)}) == [
        (("name",), DOCUMENT["name"]),
        (("empty",), []),
        (("none",), {}),
        *((("messages", EACH), value) for value in DOCUMENT["messages"]),
        (("last",), 99887766),
    ]
    assert walk(written, set()) == [((), DOCUMENT)]
    lines = f"{written}\n12345\n{written}"
    assert list(json_stream.each(io.BytesIO(lines.encode()), UTF8)) == [DOCUMENT, 12345, DOCUMENT]


@pytest.mark.parametrize("between", [",\n  ", ", ", ","])
def test_many_objects_are_decoded_at_once_and_are_those_of_the_careful_reading(monkeypatch, between):
    monkeypatch.setattr(json_stream, "_CHUNK", 1 << 12)
    written = [json.dumps({"id": number, "parts": [{"a": "}, {"}, number]}) for number in range(2_000)]
    decoded = []
    decoder = SimpleNamespace(raw_decode=lambda *place: decoded.append(place) or DECODER.raw_decode(*place))
    monkeypatch.setattr(json_stream, "_DECODER", decoder)
    regular = walk(f"[{between.join(written)}]", {()})
    assert regular == [((EACH,), json.loads(one)) for one in written]
    assert len(decoded) < len(written) / 5
    for place, odd in enumerate(
        ['{"a": "\\ud83d"}', '{"a": "\x0b"}', '{"a": NaN}', '{"a": "\\x0B"}', '{"a": 1e999}', "1"]
    ):
        written[300 * place + 7] = odd
    spoilt = walk(f"[{between.join(written)}]", {()})
    monkeypatch.setattr(json_stream._Window, "_objects", lambda window: [])
    assert spoilt == walk(f"[{between.join(written)}]", {()})


def test_only_named_lists_and_objects_are_walked_into():
    written = '{"a": {"b": [1, {"c": [2]}]}, "d": [3]}'
    assert walk(written, {()}) == [(("a",), {"b": [1, {"c": [2]}]}), (("d",), [3])]
    assert walk(written, {(), ("a",), ("a", "b"), ("d",)}) == [
        (("a", "b", EACH), 1),
        (("a", "b", EACH), {"c": [2]}),
        (("d", EACH), 3),
    ]
    assert walk("window.YTD.x.part0 = [1, 2]", {()}) == [((EACH,), 1), ((EACH,), 2)]


@pytest.mark.parametrize(
    "written",
    ["", "{", "[1", '{"a"', '{"a" 1}', '{"a": 1', "[1 2]", "[1,]", '{"a": 1,}', "{1: 2}", '{"a": tru}', "[1}", '["a]', '{"a": "\\u12"}'],
)  # fmt: skip
def test_what_is_no_json_is_said_to_be_damaged(written):
    with pytest.raises(DamagedFile, match="cut off or damaged"):
        walk(written, {(), ("a",)})


def test_a_glimpse_has_what_the_beginning_of_a_file_shows():
    head = b'{"name": "a", "messages": [{"id": 1}, {"id": 2}], "rest": [1, 2'
    assert json_stream.glimpse(head, into={(), ("messages",)}) == {
        ("name",): "a",
        ("messages", EACH): {"id": 1},
        ("rest",): None,
    }
    assert json_stream.glimpse(b'{"messages": [{"id', into={(), ("messages",)}) == {("messages", EACH): None}
    assert json_stream.glimpse(b"no JSON", into={()}) == {(): None}
