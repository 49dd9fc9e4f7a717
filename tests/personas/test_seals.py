"""Avatars that are drawn from a name."""

from xml.etree import ElementTree

import pytest

from personas import seals
from tests.factories import make_conversation, make_persona


def test_a_name_always_has_the_same_seal():
    assert seals.svg("Ada") == seals.svg(" Ada ")
    assert seals.svg("Zoë") == seals.svg("Zoe\u0308")
    assert seals.svg("Ada", size="small") != seals.svg("Ada")


def test_different_names_have_different_seals():
    first_names = [
        f"{first}{last}" for first in "ABCDEFGHIJ" for last in ("da", "bel", "no", "my", "rta", "lia", "ron")
    ]
    drawings = {seals.svg(name).split("<text")[0] for name in first_names}
    assert len(drawings) >= len(first_names) - 1
    inks = {drawing.split("avatar-seal-")[1][0] for drawing in drawings}
    assert len(inks) == seals.INKS


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '"><svg onload=x>',
        "&amp;",
        "",
        "   ",
        "a" + "\u0301" * 5000,
        "👨\u200d👩\u200d👧 family",
        "\u202eabc",
        "李白",
        "\ud800",
        "ß",
    ],
)
def test_a_hostile_name_gives_a_whole_drawing_and_no_markup_of_its_own(name):
    drawing = seals.svg(name)
    root = ElementTree.fromstring(drawing.encode(errors="replace"))
    assert {child.tag for child in root} <= {"path", "circle", "text"}
    assert set(root.attrib) == {"class", "viewBox", "aria-hidden", "focusable"}
    assert len(root.find("text").text or "") <= 12
    assert len(drawing) < 4000


def test_a_persona_without_a_picture_shows_its_seal(client, alice):
    client.force_login(alice)
    make_conversation(owner=alice, persona=make_persona(owner=alice, name="<b>Mira"))
    page = client.get("/conversations/").text
    assert seals.svg("<b>Mira") in page
    assert "<b>Mira" not in page
