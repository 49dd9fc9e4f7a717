"""Files that arrive in pieces, by tus 1.0.0: in order, after an interruption, and from a hostile client."""

import io
from base64 import b64encode
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from personas import forgetting
from personas.models import Draft, DraftFile
from personas.way_in import drafts, resumable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("busy")]

LETTER = b"Dear Ann,\n\nI walked to the harbour and saw the old green boat again.\n"
SIZE = len(LETTER)


@pytest.fixture
def draft(alice):
    return drafts.begin(alice)


@pytest.fixture
def client(client, alice):
    client.force_login(alice)
    return client


def announce(client, draft, *, name="letter.txt", size=SIZE, **headers):
    metadata = f"filename {b64encode(name.encode()).decode()},modified {b64encode(b'17').decode()}"
    return client.post(
        reverse("personas:uploads", args=[draft.pk]),
        headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": metadata, **headers},
    )


def send(client, address, offset, piece, **headers):
    return client.patch(
        address,
        piece,
        content_type="application/offset+octet-stream",
        headers={"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), **headers},
    )


def arrived(client, address) -> str:
    return client.head(address, headers={"Tus-Resumable": "1.0.0"})["Upload-Offset"]


def test_a_file_arrives_in_pieces_and_is_read_when_it_is_whole(client, draft, busy, alice):
    answer = announce(client, draft, name="brief an 安.txt")
    address = answer["Location"]
    assert (answer.status_code, answer["Upload-Offset"]) == (201, "0")
    answer = send(client, address, 0, LETTER[:20])
    assert (answer.status_code, answer["Upload-Offset"], answer["Tus-Resumable"]) == (204, "20", "1.0.0")
    assert busy == []
    assert not drafts.is_reading(draft)
    send(client, address, 20, LETTER[20:])
    file = draft.files.get()
    assert (file.name, file.status, file.file.read()) == ("brief an 安.txt", "reading", LETTER)
    assert busy == [alice.pk]


def test_an_upload_goes_on_after_what_has_arrived(client, draft):
    address = announce(client, draft)["Location"]
    send(client, address, 0, LETTER[:20])
    assert arrived(client, address) == "20"
    assert announce(client, draft)["Location"] == address  # the page was loaded again, and the file chosen again
    assert announce(client, draft, size=99)["Location"] != address
    assert send(client, address, 20, LETTER[20:]).status_code == 204


def test_bytes_of_a_piece_that_was_not_counted_are_overwritten(client, draft):
    """The server was killed after it wrote a piece and before it counted it."""
    address = announce(client, draft)["Location"]
    send(client, address, 0, LETTER[:20])
    with Path(draft.files.get().file.path).open("ab") as file:
        file.write(b"x" * 200)
    send(client, address, 20, LETTER[20:30])
    send(client, address, 30, LETTER[30:])
    assert draft.files.get().file.read() == LETTER


@pytest.mark.parametrize(
    ("offset", "piece", "status", "sentence"),
    [
        (0, LETTER[:5], 409, "20 bytes of letter.txt have arrived. Go on from there."),  # sent twice
        (25, LETTER[25:], 409, "20 bytes of letter.txt have arrived"),  # out of order
        (20, LETTER[20:] + b"!", 413, "was announced with 69 bytes, and this piece goes past them"),
        ("-1", b"x", 400, "The header Upload-Offset must be a whole number"),
        ("9" * 30, b"x", 400, "The header Upload-Offset must be a whole number"),
    ],
)
def test_a_piece_in_the_wrong_place_changes_nothing(client, draft, offset, piece, status, sentence):
    address = announce(client, draft)["Location"]
    send(client, address, 0, LETTER[:20])
    answer = send(client, address, offset, piece)
    assert (answer.status_code, sentence in answer.content.decode()) == (status, True), answer.content
    assert arrived(client, address) == "20"
    assert draft.files.get().file.size == 20


def test_a_piece_above_the_limit_is_refused(client, draft, settings):
    settings.UPLOAD_PIECE = 10
    answer = send(client, announce(client, draft)["Location"], 0, LETTER[:11])
    assert answer.status_code == 413
    assert answer.content == b"This piece has 11 bytes; the limit is 10. Send smaller pieces."


def test_a_piece_that_ends_early_is_sent_again(draft):
    file = resumable.begin(draft, name="a.txt", size=10, modified="")
    with pytest.raises(resumable.UploadRefused, match="ended 7 bytes too early"):
        resumable.add_piece(file, offset=0, length=10, stream=io.BytesIO(b"abc"))
    assert DraftFile.objects.get().received == 0


def test_a_whole_file_takes_no_further_piece(client, draft):
    address = announce(client, draft)["Location"]
    send(client, address, 0, LETTER)
    assert send(client, address, len(LETTER), b"!").status_code == 409
    assert send(client, address, 0, LETTER).status_code == 409


def test_the_announced_size_is_held_against_every_limit(client, draft, alice, settings):
    settings.UPLOAD_BYTES = 1024**2
    assert announce(client, draft, size=2 * 1024**2).content.startswith(b"letter.txt has 2.0 MB; the limit is 1 MB.")
    assert announce(client, draft, size=0).content == b"letter.txt is empty."
    settings.STORAGE_PER_ACCOUNT = 1024**2
    assert announce(client, draft, size=1024**2).status_code == 201  # its room is taken before a byte has arrived
    assert b"Your drafts, files and pictures take 1.0 MB" in announce(client, draft, name="more.txt", size=9).content
    settings.UPLOAD_FILES = 1
    assert b"from 1 files at a time" in announce(client, draft, name="more.txt", size=9).content


def test_a_client_of_another_version_or_with_another_body_is_told(client, draft):
    address = announce(client, draft)["Location"]
    assert announce(client, draft, **{"Tus-Resumable": "0.2.2"}).status_code == 412
    assert client.patch(address, b"x", content_type="text/plain", headers={"Tus-Resumable": "1.0.0"}).status_code == 415
    assert announce(client, draft, **{"Upload-Metadata": "filename §"}).status_code == 400
    assert announce(client, draft, **{"Upload-Metadata": "x" * 5000}).status_code == 400
    answer = client.options(reverse("personas:uploads", args=[draft.pk]))
    assert (answer.status_code, answer["Tus-Extension"]) == (204, "creation,termination")


def test_an_upload_is_cancelled_with_its_bytes(client, draft):
    address = announce(client, draft)["Location"]
    send(client, address, 0, LETTER[:20])
    stored = draft.files.get().file.name
    assert client.delete(address, headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    assert not draft.files.exists()
    assert not default_storage.exists(stored)
    assert client.head(address, headers={"Tus-Resumable": "1.0.0"}).status_code == 404


def test_a_client_without_patch_and_delete_names_them(client, draft):
    address = announce(client, draft)["Location"]
    override = {"Tus-Resumable": "1.0.0", "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    sent = client.post(address, LETTER[:9], content_type="application/offset+octet-stream", headers=override)
    assert sent["Upload-Offset"] == "9"
    assert client.post(address, headers={"Tus-Resumable": "1.0.0"}).status_code == 405


def test_nobody_adds_to_the_upload_of_somebody_else(client, draft, bob):
    address = announce(client, draft)["Location"]
    client.force_login(bob)
    assert send(client, address, 0, LETTER).status_code == 404
    assert announce(client, draft).status_code == 404
    assert client.head(f"{address[:-2]}{'9' * 30}/", headers={"Tus-Resumable": "1.0.0"}).status_code == 404
    assert draft.files.get().received == 0


def test_an_unfinished_upload_goes_with_its_draft(client, draft):
    announce(client, draft)
    stored = draft.files.get().file.name
    forgetting.discard(Draft.objects.get())
    assert not default_storage.exists(stored)


def test_the_page_tells_how_to_go_on(client, draft):
    address = announce(client, draft)["Location"]
    send(client, address, 0, LETTER[:20])
    page = client.get(reverse("personas:draft", args=[draft.pk])).content.decode()
    assert "have arrived. Choose the same file again, and it goes on from there." in page
