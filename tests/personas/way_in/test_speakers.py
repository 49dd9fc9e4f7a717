"""Who speaks in the files of a draft."""

import pytest

from personas.models import DraftFile
from personas.way_in import drafts, speakers
from personas.way_in.speakers import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(alice):
    return drafts.begin(alice)


def add(draft, name: str, format: str = "whatsapp", **lines: int) -> DraftFile:
    """A read file. Keyword arguments are the counts of lines; `_` in a name is a blank."""
    counts = {speaker.replace("_", " ").strip(): count for speaker, count in lines.items()}
    report = {"messages": sum(counts.values()), "speakers": counts}
    samples = {speaker: [f"{speaker} in {name}"] for speaker in counts}
    return DraftFile.objects.create(
        draft=draft, name=name, format=format, bytes=1, status="ready", report=report, samples=samples
    )


def roles(draft) -> dict[str, str]:
    return {speaker.name: str(speaker.role) for speaker in speakers.of(draft)}


def test_the_spellings_of_a_name_are_one_speaker_over_all_files(draft):
    add(draft, "chat", **{"Uncle Teo": 5, "Nora": 9})
    add(draft, "again", **{"~uncle  teo": 2, "ＮＯＲＡ": 1})
    teo = next(speaker for speaker in speakers.of(draft) if speaker.name == "Uncle Teo")
    assert (teo.count, teo.spellings, teo.files) == (7, ["Uncle Teo", "~uncle  teo"], {"chat", "again"})
    assert teo.samples == ["Uncle Teo in chat", "~uncle  teo in again"]
    assert len(speakers.of(draft)) == 2


@pytest.mark.parametrize(
    ("typed", "lines", "expected"),
    [
        ("", {"Nora": 9, "Teo": 5}, {"Nora": "persona", "Teo": "owner"}),  # most lines
        ("Teo Marsh", {"Nora": 9, "Teo": 5}, {"Nora": "owner", "Teo": "persona"}),
        ("Teo", {"Nora": 9, "Uncle Teo": 5}, {"Nora": "owner", "Uncle Teo": "persona"}),
        (
            "Teo Marsh",
            {"Nora Marsh": 9, "Teo": 5, "Teo Marsh": 1},
            {"Nora Marsh": "other", "Teo": "persona", "Teo Marsh": "persona"},  # of three speakers, none is the owner
        ),
        ("", {"You": 9, "Teo": 5}, {"You": "owner", "Teo": "persona"}),
        ("", {"alice": 9, "Teo": 5, "Nora": 4}, {"alice": "owner", "Teo": "persona", "Nora": "other"}),
        ("小明", {"我": 9, "小明": 5}, {"我": "owner", "小明": "persona"}),
        ("", {"": 4}, {"": "persona"}),
    ],
)
def test_the_guess_follows_the_name_and_then_the_lines(draft, typed, lines, expected):
    drafts.keep_fields(draft, {"name": typed})
    add(draft, "chat", **lines)
    assert roles(draft) == expected


def test_names_that_are_marked_as_the_persona_speak_for_it_in_every_file(draft):
    chat = add(draft, "chat", **{"Uncle Teo": 5, "Nora": 9, "Eve": 2})
    other = add(draft, "other", **{"T.": 3, "nora": 1})
    letters = add(draft, "letters", "plain-text", **{"": 7})
    speakers.choose(draft, {speakers.key_of("Uncle Teo"): "persona", speakers.key_of("T."): "persona"})
    speakers.choose(draft, {speakers.key_of("Nora"): "owner"})
    everybody = speakers.of(draft)
    assert speakers.voices(chat, everybody) == speakers.Voices(("Uncle Teo",), ("Nora",))
    assert speakers.voices(other, everybody) == speakers.Voices(("T.",), ("nora",))
    assert speakers.voices(letters, everybody) == speakers.Voices(("",), ())
    assert roles(draft)["Eve"] == Role.OTHER


def test_a_guess_that_nobody_changed_gives_way_to_a_name(draft):
    add(draft, "chat", Nora=9, Teo=5)
    shown = {speaker.key: str(speaker.role) for speaker in speakers.of(draft)}
    speakers.choose(draft, shown)
    drafts.keep_fields(draft, {"name": "Teo"})
    assert roles(draft) == {"Nora": "owner", "Teo": "persona"}


def test_a_choice_holds_for_all_that_the_page_showed(draft):
    add(draft, "chat", Nora=9, Teo=5, Eve=3)
    shown = {speaker.key: str(speaker.role) for speaker in speakers.of(draft)}
    speakers.choose(draft, shown | {speakers.key_of("Eve"): "persona"})
    assert roles(draft) == {"Nora": "persona", "Teo": "other", "Eve": "persona"}


def test_a_choice_for_nobody_is_ignored(draft):
    add(draft, "chat", Teo=1)
    speakers.choose(draft, {"no key": "persona", speakers.key_of("Teo"): "king"})
    draft.refresh_from_db()
    assert draft.roles == {}


def test_a_file_without_words_of_the_persona_is_not_used(draft):
    add(draft, "chat", Teo=5, Nora=3)
    add(draft, "party", Eve=5, Nora=3)
    speakers.choose(draft, {speakers.key_of("Teo"): "persona"})
    assert [file.name for file, _ in drafts.used_files(draft)] == ["chat"]


def test_a_card_speaks_with_the_voice_of_its_character(draft):
    card = add(draft, "wick.png", "character-card", **{"{{user}}": 1, "Wick": 1})
    assert speakers.of(draft) == []
    assert speakers.voices(card, []) == speakers.Voices(("Wick",), ())


@pytest.mark.parametrize("name", ["", "☎", "🐻", "…", "+44 20 7946 0958", "x" * 8000])
def test_every_name_has_a_key_of_its_own(name):
    assert speakers.key_of(name) != speakers.key_of(f"{name}y")
    assert len(speakers.key_of(name)) == 16
