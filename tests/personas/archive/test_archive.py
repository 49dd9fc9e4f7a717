"""A persona with all its material goes out as one archive and comes in again through the ordinary form."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from PIL import Image

from accounts.models import Quota
from personas import creation
from personas.archive import writing
from personas.importers import registry
from personas.importers.base import ImportFailed
from personas.importers.cards import afterword
from personas.models import Draft, DraftFile, Persona, Utterance
from personas.portrait import computing
from personas.portrait.models import Section
from personas.way_in import speakers
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reader", "quiet_filter", "_words")]

LETTERS = (
    "I wrote to Nora this morning, and told her that the clock in the hall runs again.\n\n"
    "The harbour was frozen for a week, and we walked across it to the island and back.\n"
)
CHAT = (
    "12/24/22, 9:15 PM - Nora: Are you awake?\n12/24/22, 9:16 PM - Uncle Teo: Always 🕰️ at this hour.\n"
    "12/24/22, 9:20 PM - Nora: Good.\n12/24/22, 9:21 PM - Uncle Teo: The clock struck thirteen again.\n"
)


@pytest.fixture
def teo(alice):
    avatar = io.BytesIO()
    Image.new("RGB", (40, 60), "teal").save(avatar, "WEBP")
    persona = factories.make_persona(
        owner=alice, name="Teo", depicts="dead", relation="my uncle", sayings=["Clocks lie."], language="en",
        card={"data": {"extensions": {"lamp/oil": 3}}},
    )  # fmt: skip
    persona.avatar.save("avatar.webp", ContentFile(avatar.getvalue()))
    for name, text, speaker, format in (
        ("letters.txt", LETTERS, "", "plain-text"),
        ("chat.txt", CHAT, "Uncle Teo", "whatsapp"),
    ):
        file = io.BytesIO(text.encode())
        creation.add_source(user=alice, persona=persona, file=file, name=name, format=format, speaker=speaker)
    assert all(source.status == "ready" for source in persona.sources.all())
    return persona


def rows(persona):
    utterances = Utterance.objects.filter(source__persona=persona).order_by("source__name", "position")
    return list(utterances.values_list("source__name", "speaker", "is_persona", "text", "sent_at", "source_ref"))


def imported(client, user, archive, **typed):
    client.force_login(user)
    file = SimpleUploadedFile("teo.zip", archive)
    client.post(reverse("personas:new"), {"then": "keep", "files": [file], **typed}, follow=True)
    return Draft.objects.get(owner=user)


def saved(client, draft):
    values = draft.fields | {"declaration": "on", "import_consent": "on", "then": "preview"}
    page = client.post(reverse("personas:draft", args=[draft.pk]), values, follow=True)
    assert "before saving" in page.content.decode()
    client.post(reverse("personas:preview", args=[draft.pk]), {"then": "save"})
    return Persona.objects.get(owner=draft.owner)


def test_everything_comes_back_for_another_person(client, teo, bob):
    with writing.written(teo) as file:
        draft = imported(client, bob, file.read())
    chosen = speakers.of(draft)
    assert [
        (file.name, file.format, speakers.voices(file, chosen).persona) for file in draft.files.order_by("name")
    ] == [
        ("chat.txt", "afterword-words", ("Uncle Teo",)),
        ("letters.txt", "afterword-words", ("",)),
    ]
    copy = saved(client, draft)
    for name in ("name", "depicts", "relation", "description", "sayings", "language"):
        assert getattr(copy, name) == getattr(teo, name), name
    assert copy.card["data"]["extensions"]["lamp/oil"] == 3
    assert copy.avatar
    assert rows(copy) == rows(teo)
    texts = {tuple(persona.passages.order_by("digest").values_list("text", "prompted_by")) for persona in (copy, teo)}
    assert len(texts) == 1


def test_grounding_examples_and_what_was_changed_of_the_portrait_come_along(client, teo, bob):
    example = [["user", "Why?\nTell me."], ["persona", "> Nora asked that.\nBecause."]]
    Persona.objects.filter(pk=teo.pk).update(is_grounded=True, examples=[example])
    teo.refresh_from_db()
    key = computing.key_of(Section.WORDS, "clock")
    for statement in ({"correction": "Clocks, always."}, {"is_hidden": True, "section": Section.PEOPLE}, {"text": "x"}):
        values = {"section": Section.WORDS, "key": key} | statement
        teo.statements.create(**values)
        key = computing.key_of(Section.PEOPLE, key)
    with writing.written(teo) as file:
        draft = imported(client, bob, file.read())
    copy = saved(client, draft)
    assert (copy.is_grounded, copy.examples) == (True, [example])
    names = ("section", "key", "correction", "is_hidden")
    kept = teo.statements.exclude(text="x").order_by("key").values_list(*names)
    computing._keep(copy, [])  # the first of several files has been read
    assert list(copy.statements.order_by("key").values_list(*names)) == list(kept)


def test_the_command_gives_each_source_of_an_archive_its_own_speaker(teo, bob, tmp_path):
    path = tmp_path / "teo.zip"
    with writing.written(teo) as file:
        path.write_bytes(file.read())
    out = io.StringIO()
    options = ("--name", "Teo", "--user", "bob", "--agree", "--json")
    call_command("import_persona", str(path), *options, stdout=out)
    report = json.loads(out.getvalue())
    copy = Persona.objects.get(owner=bob)
    assert (report["persona"], report["speaker"]) == (str(copy.pk), "")
    assert rows(copy) == rows(teo)
    for name in ("depicts", "relation", "description", "sayings", "language"):
        assert getattr(copy, name) == getattr(teo, name), name
    assert copy.avatar


def test_nobody_else_speaks_as_a_persona_of_that_name(client, teo, bob):
    teo.sources.filter(name="letters.txt").update(speaker="Somebody else")
    with writing.written(teo) as file:
        copy = saved(client, imported(client, bob, file.read()))
    assert not Utterance.objects.filter(source__persona=copy, is_persona=True, text__startswith="Are you").exists()


def test_an_archive_counts_as_one_upload(client, teo, bob, tmp_path, settings):
    settings.QUOTAS = settings.QUOTAS | {"uploads": (2, timedelta(days=1))}  # the persona, and one file
    with writing.written(teo) as file:
        copy = saved(client, imported(client, bob, file.read()))
    assert (copy.sources.count(), Quota.objects.get(user=bob, kind="uploads").used) == (2, 2)
    path = tmp_path / "teo.zip"
    with writing.written(teo) as file:
        path.write_bytes(file.read())
    Quota.objects.all().delete()
    call_command("import_persona", str(path), "--name", "Teo", "--user", "bob", "--agree", stdout=io.StringIO())
    assert Quota.objects.get(user=bob, kind="uploads").used == 2


def test_the_words_are_judged_again(client, teo, bob, quiet_filter):
    with writing.written(teo) as file:
        draft = imported(client, bob, file.read())
    quiet_filter.clear()
    saved(client, draft)
    assert any("The harbour was frozen" in text for text in quiet_filter)


def test_nothing_is_saved_before_the_declaration(client, teo, bob):
    with writing.written(teo) as file:
        draft = imported(client, bob, file.read())
    response = client.post(reverse("personas:draft", args=[draft.pk]), draft.fields | {"then": "preview"})
    assert response.status_code == 422
    assert not Persona.objects.filter(owner=bob).exists()


def test_the_archive_itself_is_deleted_when_it_is_unpacked(client, teo, bob, tmp_path):
    with writing.written(teo) as file:
        imported(client, bob, file.read())
    stored = {path for path in Path(tmp_path).rglob("*") if path.is_file()}
    named = {Path(tmp_path, row.file.name) for row in DraftFile.objects.all()}
    assert {path for path in stored if path.read_bytes()[:2] == b"PK"} == set()
    assert named <= stored


def archive(*, contents=None, card=None, words=None, extra=()):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        listed = [{"words": "words/1.jsonl", "name": "a.txt", "format": "plain-text", "speaker": ""}]
        file.writestr(
            "afterword.json", json.dumps(contents or {"format": afterword.FORMAT, "version": 1, "sources": listed})
        )
        file.writestr("card.json", json.dumps(card or {"spec": "chara_card_v3", "data": {"name": "Teo"}}))
        line = {"speaker": "", "text": "A word.", "sent_at": None, "source_ref": "line 1"}
        file.writestr("words/1.jsonl", words or '{"afterword": "words", "version": 1}\n' + json.dumps(line) + "\n")
        for name, data in extra:
            file.writestr(name, data)
    return target.getvalue()


def failure(client, user, data):
    draft = imported(client, user, data)
    return draft.files.get().error


def listed(*sources, version=1, format=afterword.FORMAT):
    return {"format": format, "version": version, "sources": list(sources)}


HEAD = '{"afterword": "words", "version": 1}\n'
HOSTILE = {
    "newer": archive(contents=listed(version=2)),
    "another format": archive(contents=listed(format="x")),
    "a path outside": archive(contents=listed({"words": "../../etc/passwd", "name": "x", "speaker": ""})),
    "too many": archive(contents=listed(*[{"words": "words/1.jsonl", "name": "x", "speaker": ""}] * 300)),
    "no card": archive(card={"x": 1}),
    "cut off": archive()[:-40],
    "a bomb": archive(words=HEAD + " " * 60_000_000),
    "no JSON": archive(words=HEAD + "{{{\n"),
    "another shape": archive(words=HEAD + "[1]\n"),
    "a wrong time": archive(words=HEAD + '{"speaker": "", "text": "x", "sent_at": "soon", "source_ref": "a"}\n'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_with_a_sentence(client, bob, name):
    error = failure(client, bob, HOSTILE[name])
    assert error.endswith(".")
    assert "site's side" not in error


def test_the_sample_of_the_contract_is_an_archive_of_ours():
    sample = Path(__file__).parents[2] / "contracts" / "importers" / "afterword.zip"
    with sample.open("rb") as stream:
        importer = registry.choose(stream, "x.zip")
        assert importer.name == "afterword"
        assert [record.text for record in importer.parse(stream)] == ["A word."]


def test_damage_inside_is_an_import_that_failed():
    with pytest.raises(ImportFailed):
        list(afterword.Afterword().parse(io.BytesIO(HOSTILE["another shape"])))


def test_times_come_back_aware():
    row = {"speaker": "T", "text": "x", "sent_at": "2022-12-24T21:16:00+00:00", "source_ref": "line 2"}
    words = io.BytesIO(b'{"afterword": "words", "version": 1}\n' + json.dumps(row).encode() + b"\n")
    (record,) = afterword.AfterwordWords().parse(words)
    assert record.sent_at == datetime(2022, 12, 24, 21, 16, tzinfo=UTC)
