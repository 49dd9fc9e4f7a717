"""Correcting recognised words, from the upload to the passages."""

import io
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from personas import creation, forgetting, my_data, persona_fields, storage
from personas.importers.base import ImportFailed
from personas.models import Draft, DraftFileStatus, Persona, Source, Transcript
from personas.reading import parsing, uploads
from personas.way_in import drafts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reader", "quiet_filter", "_words")]

SAMPLES = Path(__file__).parents[2] / "contracts" / "importers"
TYPED = {
    "name": "Teo",
    "depicts": "dead",
    "declaration": "on",
    "import_consent": "on",
    "language": "en",
    "description": "Teo mends clocks.",
}


def drafted(browser, sample: str) -> Draft:
    upload = SimpleUploadedFile(sample, (SAMPLES / sample).read_bytes())
    browser.post(reverse("personas:new"), {**TYPED, "files": [upload], "then": "preview"})
    return Draft.objects.get()


def url(name: str, draft: Draft) -> str:
    return reverse(f"personas:{name}", args=[draft.pk, Transcript.objects.get().pk])


def stored_files() -> set[str]:
    return {path.name for path in Path(default_storage.path("uploads")).glob("*")}


def test_a_corrected_line_is_what_the_persona_says(browser, alice):
    draft = drafted(browser, "scan.png")
    preview = browser.get(reverse("personas:preview", args=[draft.pk])).content.decode()
    assert "Words of this file were recognised by a machine" in preview
    assert url("words", draft) in preview
    page = browser.get(url("words", draft)).content.decode()
    assert page.count("<textarea") == 3
    assert "the lemon tree has eleven lemons this year." in page
    lines = ["Dear Ruth,", "the lemon tree has twelve lemons\nthis year.", ""]
    response = browser.post(url("words", draft), {"line": lines, "then": "preview"})
    assert response.url == reverse("personas:preview", args=[draft.pk])
    preview = browser.get(response.url).content.decode()
    assert "the lemon tree has twelve lemons this year." in preview
    assert "wasps" not in preview
    assert "You have checked the recognised words of this file." in preview
    browser.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"})
    persona = Persona.objects.get(owner=alice)
    assert [passage.text for passage in persona.passages.all()] == [
        "Dear Ruth, the lemon tree has twelve lemons this year."
    ]
    assert persona.sources.get().transcripts == {}
    assert not stored_files()


def test_the_source_is_made_of_the_corrected_lines_and_not_recognised_again(browser, alice, busy):
    draft = drafted(browser, "scan.png")
    uploads.read_next(alice.pk)
    transcript = Transcript.objects.get()
    drafts.correct_transcript(draft, transcript, ["a", "b", "c"])
    uploads.read_next(alice.pk)
    assert Transcript.objects.get().lines == transcript.lines
    assert draft.files.get().status == DraftFileStatus.READY
    browser.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"})
    source = Source.objects.get()
    assert source.transcripts == {transcript.digest: transcript.lines}
    uploads.read_next(alice.pk)
    assert [utterance.text for utterance in source.utterances.all()] == ["a b c"]


def test_lines_that_are_corrected_while_the_file_is_read_are_read_again(browser, alice, busy, monkeypatch):
    draft = drafted(browser, "scan.png")
    uploads.read_next(alice.pk)
    drafts.correct_transcript(draft, Transcript.objects.get(), ["a", "b", "c"])
    opened = parsing.opened

    def corrected_meanwhile(*args, **options):
        drafts.correct_transcript(draft, Transcript.objects.get(), ["d", "e", "f"])
        return opened(*args, **options)

    monkeypatch.setattr(parsing, "opened", corrected_meanwhile)
    uploads.read_next(alice.pk)
    assert uploads.is_owed(alice.pk)
    monkeypatch.setattr(parsing, "opened", opened)
    uploads.read_next(alice.pk)
    assert draft.files.get().beginning[0]["text"] == "d e f"


def test_a_recording_can_be_played_from_any_place(browser):
    draft = drafted(browser, "voice.ogg")
    page = browser.get(url("words", draft)).content.decode()
    assert "<audio" in page
    assert f"{url('words_media', draft)}#t=0.0" in page
    whole = browser.get(url("words_media", draft))
    content = b"".join(whole.streaming_content)
    assert (whole.status_code, whole["Content-Type"], whole["Accept-Ranges"]) == (200, "audio/mpeg", "bytes")
    part = browser.get(url("words_media", draft), headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])
    assert part["Content-Range"] == f"bytes 100-199/{len(content)}"
    rest = browser.get(url("words_media", draft), headers={"Range": f"bytes={len(content) - 5}-"})
    assert rest.content == content[-5:]
    assert browser.get(url("words_media", draft), headers={"Range": "bytes=99999999-"}).status_code == 416
    assert browser.get(url("words_media", draft), headers={"Range": "bytes=5-1,9-"}).status_code == 200


def test_a_page_is_shown_as_a_picture_made_anew(browser):
    draft = drafted(browser, "scan.png")
    response = browser.get(url("words_media", draft))
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert Image.open(io.BytesIO(b"".join(response.streaming_content))).format == "WEBP"


def test_nobody_else_sees_or_corrects_the_words(browser, client, bob):
    draft = drafted(browser, "scan.png")
    client.force_login(bob)
    for name in ("words", "words_media"):
        assert client.get(url(name, draft)).status_code == 404
    assert client.post(url("words", draft), {"line": ["x", "y", "z"]}).status_code == 404
    other = drafts.begin(bob)
    assert client.get(reverse("personas:words", args=[other.pk, Transcript.objects.get().pk])).status_code == 404
    assert "x" not in [line["text"] for line in Transcript.objects.get().lines]


@pytest.mark.parametrize("lines", [["only one"], ["", " ", "\t"], []])
def test_what_does_not_fit_changes_nothing(browser, lines):
    draft = drafted(browser, "scan.png")
    before = Transcript.objects.get().lines
    with pytest.raises(ImportFailed):
        drafts.correct_transcript(draft, Transcript.objects.get(), lines)
    response = browser.post(url("words", draft), {"line": lines})
    assert response.url == url("words", draft)
    assert Transcript.objects.get().lines == before
    assert draft.files.get().status == DraftFileStatus.READY


def test_an_account_without_room_keeps_no_page(browser, settings):
    settings.STORAGE_PER_ACCOUNT = (SAMPLES / "scan.png").stat().st_size + 100
    draft = drafted(browser, "scan.png")
    assert "the limit is" in draft.files.get().error
    assert not Transcript.objects.exists()
    assert not stored_files()


def test_the_pages_count_and_go_with_their_file_their_draft_and_their_persona(browser, alice):
    draft = drafted(browser, "scan.png")
    upload, page = (SAMPLES / "scan.png").stat().st_size, Transcript.objects.get().bytes
    assert storage.stored_bytes(alice) == upload + page
    assert my_data.export(alice)["drafts"][0]["recognised_words"][0]["lines"][0]["text"] == "Dear Ruth,"
    assert len(stored_files()) == 2
    drafts.remove_file(draft, draft.files.get().pk)
    assert not stored_files()
    forgetting.discard(draft)
    draft = drafted(browser, "scan.png")
    forgetting.discard(draft)
    assert not stored_files()
    persona = creation.create_persona(
        owner=alice, fields=persona_fields.PersonaFields(name="Teo", depicts="fictional", description="Mends clocks.")
    )
    draft = drafts.begin(alice, persona=persona)
    with (SAMPLES / "scan.png").open("rb") as stream:
        drafts.add_file(draft, name="scan.png", stream=stream)
    assert len(stored_files()) == 2
    creation.delete_persona(user=alice, persona=persona)
    assert not stored_files()
