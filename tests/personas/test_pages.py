"""The form, its preview, and the pages of one persona, as a browser without scripts shows them."""

import io
import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.html import strip_tags
from PIL import Image

from moderation.desk import objections
from moderation.models import Restriction, RestrictionKind
from personas import refusals, tasks
from personas.models import Draft, DraftFile, Persona
from personas.reading import masking, parsing, uploads
from personas.way_in import drafts, speakers
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reader", "quiet_filter", "_words")]

SAMPLES = Path(__file__).parents[1] / "contracts" / "importers"
TYPED = {
    "name": "Teo",
    "depicts": "dead",
    "declaration": "on",
    "import_consent": "on",
    "language": "en",
    "description": "Teo mends clocks.",
}


def upload(name: str, content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, (SAMPLES / name).read_bytes() if content is None else content)


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (30, 30), "teal").save(target, "PNG")
    return target.getvalue()


def previewed(browser, **fields):
    """Sends the form. Returns the preview and its draft."""
    response = browser.post(reverse("personas:new"), {**TYPED, "then": "preview", **fields}, follow=True)
    return response, Draft.objects.get()


def test_a_persona_of_two_sentences_is_made_with_one_preview(browser, alice):
    response, draft = previewed(browser, sayings="Clocks lie.\n- They mean well.", examples="> Tea?\nAlways.")
    page = response.content.decode()
    assert response.redirect_chain[-1][0] == reverse("personas:preview", args=[draft.pk])
    assert "tokens. The other tokens are for the conversation" in page
    assert not Persona.objects.filter(owner=alice).exists()
    response = browser.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"})
    persona = Persona.objects.get(owner=alice)
    assert response.url == reverse("personas:detail", args=[persona.pk])
    assert persona.sayings == ["Clocks lie.", "They mean well."]
    assert persona.examples == [[["user", "Tea?"], ["persona", "Always."]]]
    assert not Draft.objects.exists()


def test_a_chat_shows_its_speakers_and_the_chosen_one_speaks(browser, alice):
    response, draft = previewed(browser, files=[upload("whatsapp_android.txt")])
    page = response.content.decode()
    assert "<bdi>Uncle Teo</bdi>" in page  # named like the persona
    assert "WhatsApp export" in page
    assert "1 system" in page
    assert "The piano, as proof." in page
    choice = {who("Nora"): "persona", who("Uncle Teo"): "owner"}
    response = browser.post(
        reverse("personas:draft", args=[draft.pk]), {**TYPED, **choice, "then": "preview"}, follow=True
    )
    assert "Are you awake? I found the map: it was in the piano." in response.content.decode()
    browser.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"})
    source = Persona.objects.get(owner=alice).sources.get()
    assert (source.speaker, source.own_names) == ("Nora", ["Uncle Teo"])


def who(name: str) -> str:
    return f"who-{speakers.key_of(name)}"


def test_a_speaker_or_a_role_that_does_not_exist_is_not_taken(browser):
    _, draft = previewed(browser, files=[upload("whatsapp_android.txt")])
    wrong = {who("Mallory"): "persona", who("Nora"): "king", "who-": "persona"}
    browser.post(reverse("personas:draft", args=[draft.pk]), {**TYPED, **wrong, "then": "keep"})
    draft.refresh_from_db()
    assert draft.roles == {}


def test_the_first_page_asks_for_words_and_the_next_shows_who_speaks(browser):
    page = browser.get(reverse("personas:new")).content.decode()
    assert "Who this is" not in page
    chat = "Nora: Are you awake?\nTeo: The piano, as proof. Always the piano.\nNora: Good.\nTeo: Sleep well.\n" * 3
    response = browser.post(reverse("personas:new"), {"words": chat, "then": "keep"}, follow=True)
    page = response.content.decode()
    draft = Draft.objects.get()
    assert response.redirect_chain[-1][0] == reverse("personas:draft", args=[draft.pk])
    assert draft.files.get().name == "Pasted words.txt"
    assert {speaker.name for speaker in speakers.of(draft)} == {"Nora", "Teo"}
    assert page.index("Who speaks") < page.index("Try a line") < page.index("Who this is") < page.index("Details")


def test_numbers_are_masked_unless_their_owner_keeps_them(browser, alice):
    letter = b"Dear Ann,\n\n" + b"\n\n".join(
        b"My brother's number is +44 20 7946 0958, and the baker writes to bread@example.org now, day %d." % day
        for day in range(3)
    )
    _, draft = previewed(browser, files=[upload("letter.txt", letter)])
    page = browser.get(reverse("personas:draft", args=[draft.pk])).content.decode()
    assert "+44 20 7946 0958" in page
    kept = {**TYPED, "masking": "1", "unmasked": ["bread@example.org", "not found"], "then": "preview"}
    response = browser.post(reverse("personas:draft", args=[draft.pk]), kept, follow=True)
    assert "[phone number removed]" in response.content.decode()
    browser.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"})
    persona = Persona.objects.get(owner=alice)
    rows = (persona.passages, persona.sources.get().utterances)
    stored = "".join(text for each in rows for text in each.values_list("text", flat=True))
    assert "7946" not in stored
    assert "bread@example.org" in stored
    assert persona.sources.get().unmasked == ["bread@example.org"]


def test_the_pages_say_what_they_do_not_show_of_a_long_file(browser, monkeypatch):
    words = "I live by the harbour in Leeds. Mail rosa@example.org or teo@example.org.\n\n" * 2
    partial, cut = "this page uses the beginning only", "All others are masked too"

    def shown(name):
        response, draft = previewed(browser, files=[upload(name, words.encode())])
        form = browser.get(reverse("personas:draft", args=[draft.pk])).text
        browser.post(reverse("personas:discard", args=[draft.pk]))
        return response.text.count(partial), form.count(partial), cut in form

    assert shown("short.txt") == (0, 0, False)
    monkeypatch.setattr(uploads, "BEGINNING", 1)
    monkeypatch.setattr(masking, "MOST_VALUES", 1)
    assert shown("long.txt") == (1, 2, True)


def test_a_sentence_of_theirs_is_taken_into_the_description_with_its_place(browser):
    letter = "Dear Ann,\n\nI worked as a nurse in Leeds for thirty years. The weather is fine.\n\nYours, Teo\n" * 2
    _, draft = previewed(browser, files=[upload("letter.txt", letter.encode())])
    page = browser.get(reverse("personas:draft", args=[draft.pk])).content.decode()
    assert "I worked as a nurse in Leeds for thirty years." in page
    assert "letter.txt, line 3" in strip_tags(page)
    (candidate,) = drafts.description_candidates(draft)
    response = browser.post(reverse("personas:draft", args=[draft.pk]), {**TYPED, "accept": candidate.key}, follow=True)
    assert "Teo says: “I worked as a nurse in Leeds for thirty years.”" in response.content.decode()
    draft.refresh_from_db()
    assert draft.fields["description"].startswith("Teo mends clocks.\n")
    assert drafts.description_candidates(draft) == []


def test_a_file_is_taken_over_by_its_source_and_not_copied(browser, alice, busy):
    previewed(browser, files=[upload("letters.txt")])
    stored = DraftFile.objects.get().file.name
    tasks.read_uploads.run(alice.pk)
    browser.post(reverse("personas:preview", args=[Draft.objects.get().pk]), {"then": "save"})
    source = Persona.objects.get(owner=alice).sources.get()
    assert source.file.name == stored
    assert default_storage.exists(stored)
    assert not Draft.objects.exists()


def test_a_file_that_is_being_read_can_be_removed(browser, busy):
    previewed(browser, files=[upload("letters.txt")])
    draft = Draft.objects.get()
    page = browser.get(reverse("personas:draft", args=[draft.pk])).content.decode()
    assert "Cancel the reading of letters.txt and remove it" in page
    browser.post(reverse("personas:remove_file", args=[draft.pk]), {"file": draft.files.get().pk})
    assert not draft.files.exists()


def test_a_card_fills_what_is_blank_and_its_picture_becomes_the_avatar(browser, alice):
    from base64 import b64encode

    from tests.contracts.test_importers import png

    card = png((b"tEXt", b"chara\0" + b64encode((SAMPLES / "card_v2.json").read_bytes())))
    response, draft = previewed(browser, name="", description="", files=[upload("wick.png", card)])
    assert response.status_code == 200
    browser.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"})
    persona = Persona.objects.get(owner=alice)
    assert persona.name == "Wick"
    assert persona.description.startswith("{{char}} keeps the lamp")
    assert persona.description.endswith("by radio.\n\ndry, patient")
    assert persona.opening_line == "Station to {{user}}. I can hear your engine."
    assert persona.examples[1] == [["user", "Lonely?"], ["persona", "Only when the radio is off.\nWhich is never."]]
    assert persona.card["data"]["extensions"] == {"lamp/oil": {"litres": [3, 4]}}
    assert persona.avatar.read()[8:12] == b"WEBP"
    assert persona.passages.count() == 0


def test_what_was_typed_and_uploaded_survives_an_error(browser):
    response = browser.post(
        reverse("personas:new"),
        {
            **TYPED,
            "declaration": "",
            "relation": "a <b>c</b>",
            "then": "preview",
            "files": [upload("letters.txt")],
        },
    )
    page = response.content.decode()
    draft = Draft.objects.get()
    assert response.status_code == 422
    assert "Please declare: This persona depicts somebody who has died." in page
    assert "a &lt;b&gt;c&lt;/b&gt;" in page
    assert "letters.txt" in page
    response = browser.post(reverse("personas:draft", args=[draft.pk]), {**TYPED, "then": "preview"}, follow=True)
    assert "severe audience" in response.content.decode()  # the letter was not uploaded again


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("description", "x" * 200_000, "has 200000"),
        ("sayings", "y" * 5_000, "One saying has 5000 characters; the limit is 1000."),
        ("temperature", "9", "less than or equal to 2"),
        ("temperature", "nan", "Enter a number."),
        ("stop", "a\nb\nc\nd\ne", "You entered 5 texts; the limit is 4."),
        ("candidates", "17", "17 is not one of the available choices"),
        ("name", "", "This field is required."),
        ("depicts", "robot", "not one of the available choices"),
        ("name", "z" * 81, "has 81"),
    ],
)
def test_a_wrong_value_gets_a_sentence_with_the_limit(browser, field, value, sentence):
    response = browser.post(reverse("personas:new"), {**TYPED, field: value, "then": "preview"})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Draft.objects.get().fields[field] == value


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.txt", b"", "The submitted file is empty|empty.txt is empty"),
        ("letters.txt", b"%PDF-1.4 " + bytes(99), "This PDF is damaged and cannot be read. Export or print it again"),
        ("nul.txt", bytes(4000), "nul.txt holds no words that can be read"),
        ("card.png", picture(), "No words were found in this picture"),
        ("page.txt", b"<!doctype html><script>hi", "This document holds no words that can be read"),
        ("bomb.zip", b"PK\x03\x04" + bytes(99), "cannot be read|damaged"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_the_rest_is_kept(browser, name, content, sentence):
    response, draft = previewed(browser, files=[upload(name, content), upload("letters.txt")])
    page = response.content.decode()
    if content:
        assert re.search(sentence, page)
    assert [file.name for file in draft.files.filter(status="ready")] == ["letters.txt"]
    assert "Teo mends clocks." in page
    browser.post(reverse("personas:draft", args=[draft.pk]), {**TYPED, "then": "keep"})
    assert [file.name for file in draft.files.all()] == ["letters.txt"]  # its owner has read why
    assert len([path for path in Path(default_storage.location).rglob("*") if path.is_file()]) == 1


def test_while_files_are_read_the_page_shows_how_far_and_goes_on_by_itself(browser, alice, busy):
    response, draft = previewed(browser, files=[upload("letters.txt"), upload("whatsapp_android.txt")])
    page = response.content.decode()
    assert response.redirect_chain[-1][0] == reverse("personas:preview", args=[draft.pk])
    assert "0 of 2 read" in page
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page
    assert busy == [alice.pk, alice.pk]
    # 1. No page and no button of the draft judges or saves anything while files are being read.
    assert "0 of 2 read" in browser.get(reverse("personas:draft", args=[draft.pk])).content.decode()
    browser.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"})
    assert not Persona.objects.filter(owner=alice).exists()
    # 2. The polled part shows the count, and at the end asks the browser to reload the page.
    tasks.read_uploads(alice.pk)
    part = browser.get(reverse("personas:draft_progress", args=[draft.pk])).content.decode()
    assert "1 of 2 read" in part
    assert "data-under-way" in part
    assert "<html" not in part
    tasks.read_uploads(alice.pk)
    part = browser.get(reverse("personas:draft_progress", args=[draft.pk])).content.decode()
    assert "data-under-way" not in part
    assert "data-reload" in part
    # 3. The typed values are still there.
    assert "<bdi>Teo</bdi>, before saving" in browser.get(reverse("personas:preview", args=[draft.pk])).content.decode()


def test_a_form_that_waits_for_its_card_is_judged_when_the_card_is_read(browser, alice, busy):
    response, draft = previewed(browser, name="", files=[upload("card_v2.json")])
    assert response.status_code == 200
    tasks.read_uploads(alice.pk)
    assert (
        "<bdi>Wick</bdi>, before saving" in browser.get(reverse("personas:preview", args=[draft.pk])).content.decode()
    )


def test_a_form_that_is_wrong_says_so_after_its_files_are_read(browser, alice, busy):
    _, draft = previewed(browser, name="", files=[upload("letters.txt")])
    tasks.read_uploads(alice.pk)
    response = browser.get(reverse("personas:preview", args=[draft.pk]))
    assert response.status_code == 422
    assert "This field is required." in response.content.decode()


def test_a_refused_picture_is_told_after_the_files_are_read(browser, alice, busy):
    response, draft = previewed(browser, files=[upload("letters.txt")], avatar=upload("me.png", b"<svg>"))
    assert "This file is not a picture" not in response.content.decode()
    tasks.read_uploads(alice.pk)
    assert "This file is not a picture" in browser.get(reverse("personas:draft", args=[draft.pk])).content.decode()


def test_no_page_reads_a_file_itself(browser, monkeypatch, busy):
    def refuse(*args, **kwargs):
        raise AssertionError("A page reads a file.")

    monkeypatch.setattr(parsing, "opened", refuse)
    response, draft = previewed(browser, files=[upload("letters.txt")])
    assert response.status_code == 200
    DraftFile.objects.update(status="ready", format="plain-text", report={"messages": 1, "speakers": {"": 1}})
    assert browser.get(reverse("personas:preview", args=[draft.pk])).status_code == 200


def test_a_file_over_the_limit_is_refused_with_both_numbers_and_the_setting(browser, settings):
    settings.UPLOAD_BYTES = 1024**2
    response, _ = previewed(browser, files=[upload("big.txt", b"hello there\n" * 200_000)])
    assert "big.txt has 2.3 MB; the limit is 1 MB. Split it, or raise AFTERWORD_UPLOAD." in response.content.decode()
    assert not DraftFile.objects.exists()


def test_a_zip_bomb_is_stopped_while_it_unpacks(browser):
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_chat.txt", b"15/06/23, 21:41 - Ada: hello\n" * 2_000_000)
    response, _ = previewed(browser, files=[upload("WhatsApp Chat.zip", target.getvalue())])
    assert "unpacks to more than 25 MB, which is the limit" in response.content.decode()


def test_scripts_in_names_and_words_are_shown_as_text(browser, alice):
    chat = b"15/06/23, 21:41 - <script>alert(1)</script>: <img src=x onerror=alert(2)> and twelve\n" * 3
    response, draft = previewed(browser, name="<script>alert(3)</script>", files=[upload("<i>x.txt", chat)])
    pages = [response.content.decode()]
    browser.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"})
    persona = Persona.objects.get(owner=alice)
    for name in ("detail", "edit", "delete"):
        pages.append(browser.get(reverse(f"personas:{name}", args=[persona.pk])).content.decode())
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<i>x" not in page


def test_nul_characters_in_fields_do_no_harm(browser, alice):
    _, draft = previewed(browser, description="Teo\0 mends\ud800 clocks.".encode("utf-8", "replace").decode())
    browser.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"})
    assert "\0" not in Persona.objects.get(owner=alice).description


def test_a_file_can_be_taken_out_of_a_draft(browser):
    _, draft = previewed(browser, files=[upload("letters.txt")])
    file = draft.files.get()
    browser.post(reverse("personas:draft", args=[draft.pk]), {**TYPED, "remove": str(file.pk)})
    assert not draft.files.exists()
    assert not [path for path in Path(default_storage.location).rglob("*") if path.is_file()]


def test_editing_starts_from_what_is_there_and_needs_no_new_declaration(browser, alice):
    persona = factories.make_persona(owner=alice, sayings=["Hm."], sampling={"temperature": 0.5, "stop": ["x"]})
    page = browser.get(reverse("personas:edit", args=[persona.pk])).content.decode()
    assert "Ada keeps a lighthouse." in page
    assert 'value="0.5"' in page
    browser.post(
        reverse("personas:edit", args=[persona.pk]),
        {"name": "Ada V.", "depicts": "fictional", "language": "en", "temperature": "0.7", "then": "preview"},
    )
    persona.refresh_from_db()
    assert persona.name == "Ada"  # not before the preview is accepted
    browser.post(reverse("personas:preview", args=[Draft.objects.get().pk]), {"then": "save"})
    persona.refresh_from_db()
    assert (persona.name, persona.sayings, persona.sampling) == ("Ada V.", [], {"temperature": 0.7})
    assert Persona.objects.filter(owner=alice).count() == 1


@pytest.mark.parametrize(("typed", "kept"), [("", {}), ("1", {"candidates": 1}), ("4", {"candidates": 4})])
def test_a_persona_may_ask_for_fewer_candidates(browser, alice, typed, kept):
    """Empty is as the engine, and 1 is off."""
    persona = factories.make_persona(owner=alice, sampling={"candidates": 2})
    edit = reverse("personas:edit", args=[persona.pk])
    assert '<option value="2" selected>2</option>' in browser.get(edit).content.decode()
    typed_fields = {"name": "Ada", "depicts": "fictional", "language": "en", "candidates": typed, "then": "preview"}
    browser.post(edit, typed_fields)
    browser.post(reverse("personas:preview", args=[Draft.objects.get().pk]), {"then": "save"})
    persona.refresh_from_db()
    assert persona.sampling == kept


def test_an_avatar_is_kept_and_can_be_removed(browser, alice):
    _, draft = previewed(browser, avatar=upload("me.png", picture()))
    assert browser.get(reverse("personas:draft_avatar", args=[draft.pk]))["Content-Type"] == "image/webp"
    browser.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"})
    persona = Persona.objects.get(owner=alice)
    response = browser.get(reverse("personas:avatar", args=[persona.pk]))
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    browser.post(reverse("personas:edit", args=[persona.pk]), {**TYPED, "without_avatar": "on", "then": "preview"})
    browser.post(reverse("personas:preview", args=[Draft.objects.get().pk]), {"then": "save"})
    assert browser.get(reverse("personas:avatar", args=[persona.pk])).status_code == 404


def test_a_picture_that_is_none_is_refused_and_the_form_kept(browser):
    response = browser.post(
        reverse("personas:new"), {**TYPED, "then": "preview", "avatar": upload("me.png", b"<svg onload=alert(1)>")}
    )
    assert "This file is not a picture in PNG, JPEG, WebP or GIF." in response.content.decode()
    assert "Teo mends clocks." in response.content.decode()


def test_a_refusal_by_the_filter_keeps_the_draft(browser, alice, monkeypatch):
    _, draft = previewed(browser)

    def refuse(fields):
        raise refusals.FilterUnavailable("The filter is away.")

    monkeypatch.setattr(refusals, "refuse_unfit", refuse)
    response = browser.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"}, follow=True)
    assert "The filter is away." in response.content.decode()
    assert Draft.objects.get() == draft
    assert not Persona.objects.filter(owner=alice).exists()


def test_deleting_asks_first(browser, alice):
    persona = factories.make_persona(owner=alice)
    assert "It cannot be undone." in browser.get(reverse("personas:delete", args=[persona.pk])).content.decode()
    browser.post(reverse("personas:delete", args=[persona.pk]))
    assert not Persona.objects.filter(pk=persona.pk).exists()


def test_the_list_shows_ones_own_and_the_shared(browser, alice, bob):
    factories.make_persona(owner=alice, name="Mine")
    factories.make_persona(owner=bob, name="Bobs")
    page = browser.get(reverse("personas:list")).content.decode()
    assert "Mine" in page
    assert "Bobs" not in page


def test_nothing_of_anothers_answers(client, alice, bob):
    persona = factories.make_persona(owner=alice)
    draft = Draft.objects.create(owner=alice, fields=TYPED)
    client.force_login(bob)
    for name in ("detail", "edit", "progress", "avatar", "delete"):
        assert client.get(reverse(f"personas:{name}", args=[persona.pk])).status_code == 404
    for name in ("draft", "draft_progress", "preview", "draft_avatar"):
        assert client.get(reverse(f"personas:{name}", args=[draft.pk])).status_code == 404
    for name in ("edit", "delete", "duplicate"):
        assert client.post(reverse(f"personas:{name}", args=[persona.pk]), TYPED).status_code == 404
    for name in ("draft", "preview", "discard"):
        assert client.post(reverse(f"personas:{name}", args=[draft.pk]), TYPED).status_code == 404
    assert client.post(reverse("personas:remove_source", args=[persona.pk, uuid4()])).status_code == 404
    assert Persona.objects.filter(pk=persona.pk).exists()
    assert Draft.objects.filter(pk=draft.pk).exists()


def test_without_an_account_every_page_leads_to_signing_in(client, alice):
    persona = factories.make_persona(owner=alice)
    for address in (reverse("personas:list"), reverse("personas:new"), reverse("personas:detail", args=[persona.pk])):
        assert client.get(address).url.startswith("/account/login/")


def test_the_pages_of_a_disabled_persona_say_that_it_stays_as_it_is(browser, alice):
    persona = factories.make_persona(owner=alice)
    Restriction.objects.create(kind=RestrictionKind.PERSONA_DISABLED, persona_id=persona.pk, statement="…")
    for answer in (
        browser.post(reverse("personas:duplicate", args=[persona.pk]), follow=True),
        browser.get(reverse("personas:edit", args=[persona.pk]), follow=True),
    ):
        assert answer.redirect_chain[-1][0] == reverse("personas:detail", args=[persona.pk])
        assert "A moderator has disabled Ada" in answer.text
    assert Persona.objects.filter(owner=alice).count() == 1


def test_the_form_of_a_persona_that_somebody_objected_to_says_that_it_rests(browser, alice):
    persona = factories.make_persona(owner=alice)
    objections.file(
        subject="Ada", objector="family", reason="…", email="a@example.test",
        targets=[objections.Target(persona_id=persona.pk, name="Ada", owner=alice)],
    )  # fmt: skip
    answer = browser.get(reverse("personas:edit", args=[persona.pk]), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("personas:detail", args=[persona.pk])
