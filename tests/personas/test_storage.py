"""The storage of an account is limited in bytes: drafts, files and pictures together."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from personas import creation, storage
from personas.importers.base import FileTooLarge, ImportFailed
from personas.models import DraftFile
from personas.way_in import drafts
from tests import factories

LETTER = b"My dear, the beans are up and the rain has come at last.\n\n" * 40


@pytest.fixture(autouse=True)
def _limit(settings):
    settings.STORAGE_PER_ACCOUNT = 3 * len(LETTER)


def keep_letter(user, name="letter.txt"):
    return drafts.add_file(drafts.begin(user), name=name, stream=io.BytesIO(LETTER))


def stored_files():
    return {name for folder in ("uploads", "avatars") if default_storage.exists(folder)
            for name in default_storage.listdir(folder)[1]}  # fmt: skip


def test_drafts_together_keep_no_more_than_the_limit(alice, bob):
    for _ in range(3):
        keep_letter(alice)
    before = stored_files()
    with pytest.raises(FileTooLarge) as refusal:
        keep_letter(alice)
    assert refusal.value.user_message.startswith("Your drafts, files and pictures take 0.0 MB, and this needs 0.0 MB")
    assert "STORAGE_PER_ACCOUNT" in refusal.value.user_message
    assert (storage.stored_bytes(alice), stored_files()) == (3 * len(LETTER), before)
    keep_letter(bob)  # files of other people do not count


def test_a_discarded_draft_gives_its_room_back(alice):
    letters = [keep_letter(alice) for _ in range(3)]
    drafts.discard(letters[0].draft)
    keep_letter(alice)


def test_a_picture_needs_room_too(alice, settings):
    settings.STORAGE_PER_ACCOUNT = 100
    target = io.BytesIO()
    Image.effect_noise((300, 300), 90).save(target, "PNG")
    target.seek(0)
    with pytest.raises(ImportFailed, match=r"the limit is 0.0 MB for one account"):
        drafts.set_avatar(drafts.begin(alice), target, size=target.getbuffer().nbytes)
    assert stored_files() == set()


def test_sources_count_and_a_copy_needs_their_room_again(alice):
    persona = factories.make_persona(owner=alice)
    persona.sources.create(name="a", format="plain-text", bytes=2 * len(LETTER), status="ready")
    assert storage.stored_bytes(alice) == 2 * len(LETTER)
    with pytest.raises(FileTooLarge):
        creation.duplicate_persona(user=alice, persona=persona)


def test_the_form_says_that_there_is_no_room_and_keeps_what_was_typed(client, alice, settings):
    settings.STORAGE_PER_ACCOUNT = 10
    client.force_login(alice)
    page = client.post(
        reverse("personas:new"), {"name": "Teo", "files": SimpleUploadedFile("letter.txt", LETTER)}, follow=True
    )
    assert page.status_code == 422
    assert "the limit is 0.0 MB for one account" in page.text
    assert 'value="Teo"' in page.text
    assert not DraftFile.objects.exists()
