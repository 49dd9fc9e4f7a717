"""`manage.py import_persona`."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Consent
from moderation.categories import ClassifierUnavailable
from personas import creation
from personas.importers.base import DamagedFile
from personas.models import Persona
from personas.reading import importing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reader", "quiet_filter")]

SAMPLES = Path(__file__).parents[1] / "contracts" / "importers"


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("import_persona", *arguments, "--agree", stdout=out)
    return out.getvalue()


def test_a_dry_run_says_what_was_understood_and_writes_nothing(db):
    report = json.loads(printed(str(SAMPLES / "whatsapp_android.txt"), "--name", "Teo", "--dry-run", "--json"))
    assert report["format"] == "whatsapp"
    assert report["speakers"] == {"Nora": 2, "Uncle Teo": 2}
    assert (report["first"], report["last"]) == ("2021-02-13T09:05:00", "2021-02-13T09:10:00")
    assert report["skipped"] == {"system": 1, "media": 1, "deleted": 1, "call": 1}
    assert "persona" not in report
    assert not Persona.objects.filter(is_shared=False).exists()


def test_the_persona_belongs_to_the_owner_and_speaks_as_chosen(olga):
    chat = str(SAMPLES / "whatsapp_android.txt")
    report = json.loads(printed(chat, "--name", "Teo", "--speaker", "Uncle Teo", "--json"))
    persona = Persona.objects.get(pk=report["persona"])
    assert persona.owner == olga
    assert persona.sources.get().speaker == "Uncle Teo"
    assert persona.passages.count() == report["passages"] == 2


def test_a_card_brings_its_fields(alice):
    report = json.loads(printed(str(SAMPLES / "card_v2.json"), "--name", "Wick", "--user", "alice", "--json"))
    persona = Persona.objects.get(pk=report["persona"])
    assert persona.owner == alice
    assert persona.opening_line.startswith("Station to")
    assert len(persona.examples) == 2


def test_a_card_without_examples_makes_a_persona(olga, tmp_path):
    card = json.loads((SAMPLES / "card_v2.json").read_text(encoding="utf-8"))
    card["data"]["mes_example"] = ""
    path = tmp_path / "wick.json"
    path.write_text(json.dumps(card), encoding="utf-8")
    report = json.loads(printed(str(path), "--name", "Wick", "--json"))
    persona = Persona.objects.get(pk=report["persona"])
    assert persona.sources.get().status == "ready"
    assert persona.opening_line.startswith("Station to")
    assert persona.examples == []


def test_an_import_that_fails_leaves_nothing_behind(olga, monkeypatch, settings):
    names = []

    def fail(source, **options):
        names.append(source.name)
        if len(names) == 2:
            raise DamagedFile("The file changed meanwhile.")
        return read(source, **options)

    read = importing._read
    monkeypatch.setattr(importing, "_read", fail)
    create = creation.create_persona
    monkeypatch.setattr(creation, "create_persona", lambda **fields: create(**fields | {"avatar": b"RIFF"}))
    with pytest.raises(CommandError, match="The file changed meanwhile"):
        printed(str(SAMPLES / "letters.txt"), str(SAMPLES / "diary.md"), "--name", "Teo")
    assert names == ["letters.txt", "diary.md"]
    assert not Persona.objects.filter(is_shared=False).exists()
    assert not Consent.objects.filter(user=olga, kind__startswith="persona.").exists()
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("ends", "sentence"), [(KeyboardInterrupt, "Cancelled"), (ClassifierUnavailable, "cannot judge")]
)
def test_letters_do_not_stay_on_the_disk_after_an_import_that_was_cancelled(
    olga, monkeypatch, settings, ends, sentence
):
    def end(source, **options):
        raise ends

    monkeypatch.setattr(importing, "_read", end)
    with pytest.raises(CommandError, match=sentence):
        printed(str(SAMPLES / "letters.txt"), "--name", "Teo")
    assert not Persona.objects.filter(is_shared=False).exists()
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_several_files_make_one_persona(olga):
    files = [str(SAMPLES / "letters.txt"), str(SAMPLES / "diary.md")]
    report = json.loads(printed(*files, "--name", "Teo", "--json"))
    assert [part["format"] for part in report["files"]] == ["plain-text", "plain-text"]
    assert Persona.objects.get(pk=report["persona"]).sources.count() == 2


def test_plain_words_are_for_people(olga):
    text = printed(str(SAMPLES / "letters.txt"), "--name", "Teo")
    assert "Format: plain-text" in text
    assert "Left out: 2 heading" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["/nowhere.txt"], "cannot be opened: No such file"),
        (
            [str(SAMPLES / "whatsapp_android.txt"), "--speaker", "Mallory"],
            "no speaker 'Mallory'. Choose one of: Nora, Uncle Teo",
        ),
        ([str(SAMPLES / "letters.txt")], "The site has no owner yet"),
        (
            [str(SAMPLES / "letters.txt"), "--user", "nobody"],
            "No active account has the name or e-mail address 'nobody'",
        ),
        ([__file__.replace("test_import_persona.py", "__init__.py")], "is empty"),
        ([f"{__file__}\0"], "no file has such a name"),
        (["/dev/null"], "no file on a disk"),
        ([str(SAMPLES / "letters.txt"), "--user", "al\0ice"], "No active account"),
        ([str(SAMPLES / "letters.txt"), "--language", "e" * 17], "--language must be one of en, zh-Hans"),
        ([str(SAMPLES / "letters.txt"), "--language", "e\0n"], "--language has characters"),
        ([str(SAMPLES / "letters.txt"), "--name", "Te\0o"], "--name has characters"),
        ([str(SAMPLES / "letters.txt"), "--name", "Te\udcffo"], "--name has characters"),
        ([str(SAMPLES / "letters.txt"), "--name", "T" * 81], "at most 80 characters"),
        ([str(SAMPLES / "letters.txt"), "--name", "\u200b"], "no visible character"),
    ],
)
def test_a_failure_is_one_sentence_and_makes_nothing(db, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        printed(*arguments, *([] if "--name" in arguments else ["--name", "Teo"]))
    assert not Persona.objects.filter(is_shared=False).exists()


def test_a_file_whose_name_is_no_text_is_imported(olga, tmp_path):
    path = tmp_path / "brief\udcfc.txt"  # the byte FC, as old archives leave it
    path.write_bytes((SAMPLES / "letters.txt").read_bytes())
    report = json.loads(printed(str(path), "--name", "Teo", "--language", "zh", "--json"))
    persona = Persona.objects.get(pk=report["persona"])
    assert (persona.sources.get().name, persona.language) == ("brief\ufffd.txt", "zh-Hans")
