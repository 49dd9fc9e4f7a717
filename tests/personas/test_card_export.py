"""A persona as a character card: what a card brought goes out as it came, unknown fields included."""

import base64
import io
import json

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image

from personas import card_export, cards
from personas.forms import PersonaForm, read_examples
from personas.importers.cards import character_card
from personas.prompting import prompt_sheet
from tests import factories

pytestmark = pytest.mark.django_db

V2 = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "unknown_at_the_top": [1, {"a": None}],
    "data": {
        "name": "Wei 🏮",
        "description": "{{char}} keeps  a\r\n\r\nlighthouse.\x0b \ufffe",
        "personality": "dry",
        "scenario": "Night.",
        "first_mes": "*nods*",
        "mes_example": "<START>\n{{user}}: Storm?\n{{char}}: Let it blow.\n",
        "alternate_greetings": ["Again?", "Oh."],
        "creator_notes": "Notes.",
        "tags": ["sea"],
        "extensions": {"lamp/oil": {"litres": [3, 4]}, "depth_prompt": {"depth": 4}},
        "vendor": {"x": 1},
        "character_book": {
            "extensions": {"k": 1},
            "unknown": True,
            "entries": [{"keys": ["gale"], "content": "@@depth 2\nIt blew.", "extensions": {"sticky": 2}, "odd": 1}],
        },
    },
}
V1 = {name: V2["data"][name] for name in ("name", "description", "personality", "scenario", "first_mes", "mes_example")}


def persona_of(card, owner, **fields):
    """The persona that an import of the card makes."""
    read = character_card.read(io.BytesIO(json.dumps(card).encode()))
    form = PersonaForm({"language": "en", "declaration": "on", **cards.form_fields(read)}, card=read.card)
    assert form.is_valid(), form.errors
    return factories.make_persona(owner=owner, **(vars(form.persona_fields()) | fields))


def test_an_unchanged_card_goes_out_as_it_came(alice):
    persona = persona_of(V2, alice)
    out = card_export.v3(persona)
    assert (out["spec"], out["spec_version"]) == ("chara_card_v3", "3.0")
    assert out["unknown_at_the_top"] == V2["unknown_at_the_top"]
    data = dict(out["data"])
    assert "\r" not in prompt_sheet.sheet_for(persona).description
    assert data["character_book"]["entries"][0].pop("use_regex") is False  # which the third version requires
    assert {name: data[name] for name in V2["data"]} == V2["data"]


def test_the_versions_keep_every_text_byte_for_byte(alice):
    third = card_export.v3(persona_of(V1, alice))
    second = card_export.v2(third)
    again = card_export.v2(card_export.v3(persona_of(second, alice)))
    for card in (third, second, again):
        assert {name: card["data"][name] for name in V1} == V1
    assert again == second


def test_what_the_owner_changed_replaces_the_cards_field(alice):
    persona = persona_of(
        V2, alice, description="Wei sleeps.", opening_line="Hm.", examples=[[["user", "A?"], ["persona", "B."]]]
    )
    data = card_export.v3(persona)["data"]
    assert (data["description"], data["personality"], data["first_mes"]) == ("Wei sleeps.", "", "Hm.")
    assert data["mes_example"] == "<START>\n{{user}}: A?\n{{char}}: B."
    assert data["scenario"] == "Night."
    assert data["extensions"] == V2["data"]["extensions"]


def test_a_persona_without_a_card_becomes_a_whole_one(alice):
    persona = factories.make_persona(owner=alice, sayings=["Let it blow."], relation="my aunt", calls_user="Tom")
    out = card_export.json_file(persona)
    read = character_card.read(io.BytesIO(out))
    assert (read.version, read.name, read.description) == (3, "Ada", "Ada keeps a lighthouse.")
    assert "Let it blow." in json.loads(out)["data"]["mes_example"]
    assert "my aunt" not in out.decode()  # a card is passed on; how Ada relates to Tom is Tom's


def test_the_fields_of_an_archive_come_back_into_the_form(alice):
    persona = factories.make_persona(
        owner=alice, depicts="dead", relation="my aunt", calls_user="Tom", language="zh-Hans", sayings=["A.", "B."],
        examples=[[["user", "A?"], ["persona", "B."]]], sampling={"temperature": 0.5, "stop": ["END"]},
    )  # fmt: skip
    card = card_export.v3(persona, with_own_fields=True)
    copy = persona_of(card, alice)
    for name in ("name", "depicts", "relation", "calls_user", "language", "sayings", "examples", "sampling"):
        assert getattr(copy, name) == getattr(persona, name), name
    assert "afterword" not in card_export.v3(copy)["data"]["extensions"]


def test_the_second_version_has_no_decorators_and_none_of_the_thirds_fields(alice):
    second = card_export.v2(
        card_export.v3(persona_of(V2 | {"data": V2["data"] | {"nickname": "W", "source": ["x"]}}, alice))
    )
    assert second["data"]["character_book"]["entries"][0]["content"] == "It blew."
    assert not {"nickname", "source", "group_only_greetings"} & second["data"].keys()


@pytest.mark.parametrize("has_avatar", [True, False])
def test_a_png_holds_both_versions_and_opens_elsewhere(alice, settings, tmp_path, has_avatar):
    settings.MEDIA_ROOT = tmp_path
    persona = persona_of(V2, alice)
    if has_avatar:
        avatar = io.BytesIO()
        Image.new("RGB", (40, 60), "teal").save(avatar, "WEBP")
        persona.avatar.save("avatar.webp", ContentFile(avatar.getvalue()))
    out = card_export.png_file(persona)
    picture = Image.open(io.BytesIO(out))  # Pillow reads the chunks by itself: an independent reader
    assert picture.size == ((40, 60) if has_avatar else (512, 512))
    second, third = (json.loads(base64.b64decode(picture.text[name])) for name in ("chara", "ccv3"))
    assert third == card_export.v3(persona)
    assert second["spec"] == "chara_card_v2"
    assert second["data"]["creator_notes"].endswith("\n\nNotes.")
    assert character_card.read(io.BytesIO(out)).card == third


def test_files_inside_a_card_that_were_not_kept_are_not_named(alice):
    assets = [
        {"type": "icon", "uri": "embeded://assets/icon/main.png", "name": "main", "ext": "png"},
        {"type": "emotion", "uri": "embeded://assets/happy.png", "name": "happy", "ext": "png"},
        {"type": "background", "uri": "https://example.test/x.png", "name": "main", "ext": "png"},
    ]
    card = V2 | {"spec": "chara_card_v3", "data": V2["data"] | {"assets": assets}}
    assert [asset["uri"] for asset in card_export.v3(persona_of(card, alice))["data"]["assets"]] == [
        "ccdefault:",
        "https://example.test/x.png",
    ]
    assert any("brings 1 more files" in remark for remark in character_card.from_card(card).remarks)


@pytest.mark.parametrize("name", ["card_json", "card_png", "archive"])
def test_only_the_owner_takes_a_persona_along(client, alice, bob, name):
    address = reverse(f"personas:{name}", args=[persona_of(V2, alice).pk])
    client.force_login(bob)
    assert client.get(address).status_code == 404
    client.force_login(alice)
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_examples_of_the_form_and_of_a_card_are_the_same():
    exchanges = [[["user", "A?\nAnd B?"], ["persona", "B.\n> C\n\\> D"]], [["user", "> E"], ["persona", "F."]]]
    assert read_examples(cards.written_examples(exchanges)) == exchanges
    paragraphs = [[["user", "A?"], ["persona", "B.\n\nC."]]]
    assert read_examples(cards.written_examples(paragraphs)) == [[["user", "A?"], ["persona", "B.\nC."]]]
