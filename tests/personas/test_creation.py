"""The doors of a persona."""

import io
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.http import Http404
from django.utils import timezone
from PIL import Image

from accounts.models import Consent, Quota
from accounts.usage.quotas import QuotaExceeded
from chat.models import Conversation
from generation.jobs import forgetting as engine_forgetting
from moderation.categories import ClassifierUnavailable
from moderation.filter import assessment
from moderation.models import Restriction, RestrictionKind, RuleAction
from personas import avatars, creation, refusals
from personas.models import Depicts, Passage, Persona, Source, SourceStatus, Utterance
from personas.persona_fields import PersonaFields
from personas.reading import importing, reading_progress
from personas.rights import declarations, import_consent
from personas.way_in import drafts
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reader")]

CHAT = (Path(__file__).parents[1] / "contracts" / "importers" / "whatsapp_android.txt").read_bytes()
FIELDS = PersonaFields(name="Teo", depicts=Depicts.DEAD, description="Teo mends clocks.", sayings=["Clocks lie."])


def webp() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(target, "PNG")
    return avatars.webp(target, size=1)


def with_words(owner, **fields):
    persona = factories.make_persona(owner=owner, **fields)
    creation.add_source(
        user=owner, persona=persona, file=io.BytesIO(CHAT), name="chat.txt", format="whatsapp", speaker="Uncle Teo"
    )
    return persona


def files_kept() -> list[str]:
    return [path.name for path in Path(default_storage.location).rglob("*") if path.is_file()]


def test_a_persona_keeps_what_was_declared_about_it(alice, quiet_filter):
    persona = creation.create_persona(owner=alice, fields=FIELDS, avatar=webp())
    consent = Consent.objects.get(user=alice)
    assert (consent.kind, consent.subject_id) == ("persona.dead", persona.pk)
    assert (consent.text, consent.text_version) == (declarations.TEXTS["dead"], declarations.VERSION)
    assert Persona.objects.get(pk=persona.pk).sayings == ["Clocks lie."]
    assert persona.avatar.name == f"avatars/{persona.pk}.webp"
    assert Quota.objects.get(user=alice, kind="uploads").used == 1


def test_everything_a_prompt_may_hold_is_read_by_the_filter(alice, quiet_filter):
    creation.create_persona(
        owner=alice,
        fields=PersonaFields(
            name="Teo",
            depicts="self",
            relation="r",
            description="d" * 5000,
            scenario="s",
            opening_line="o",
            sayings=["say"],
            examples=[[["user", "q"], ["persona", "a"]]],
        ),
    )
    assert {"Teo", "r", "d" * 2000, "d" * 1000, "s", "o", "say", "q", "a"} == set(quiet_filter)


def test_words_of_hatred_make_no_persona(alice, monkeypatch):
    verdict = SimpleNamespace(action=RuleAction.BLOCK, category="hate/threatening")
    monkeypatch.setattr(assessment, "assess_many", lambda texts, **_: [verdict for _ in texts])
    with pytest.raises(refusals.WordsRefused, match="hate/threatening"):
        creation.create_persona(owner=alice, fields=FIELDS)
    assert not Persona.objects.filter(owner=alice).exists()
    assert not Consent.objects.exists()
    assert not Quota.objects.exists()


def test_a_persona_of_sad_words_may_be_made(alice, monkeypatch):
    verdict = SimpleNamespace(action=RuleAction.BLOCK, category="self-harm")
    monkeypatch.setattr(assessment, "assess_many", lambda texts, **_: [verdict for _ in texts])
    assert creation.create_persona(owner=alice, fields=FIELDS).pk


def test_without_the_filter_nothing_is_made(alice, monkeypatch):
    def down(texts, **_):
        raise ClassifierUnavailable

    monkeypatch.setattr(assessment, "assess_many", down)
    with pytest.raises(refusals.FilterUnavailable, match="What you typed is kept"):
        creation.create_persona(owner=alice, fields=FIELDS)
    assert not Persona.objects.filter(owner=alice).exists()


def test_past_the_quota_nothing_is_made(alice, settings, quiet_filter):
    settings.QUOTAS = settings.QUOTAS | {"uploads": (1, settings.QUOTAS["uploads"][1])}
    creation.create_persona(owner=alice, fields=FIELDS)
    with pytest.raises(QuotaExceeded):
        creation.create_persona(owner=alice, fields=FIELDS)
    assert Persona.objects.filter(owner=alice).count() == 1


def test_a_file_is_read_and_then_gone(alice, no_worker):
    persona = with_words(alice)
    source = persona.sources.get()
    assert (source.status, source.file.name, source.error) == (SourceStatus.READY, "", "")
    assert source.report["speakers"] == {"Uncle Teo": 2, "Nora": 2}
    assert source.report["skipped"] == {"system": 1, "media": 1, "deleted": 1, "call": 1}
    assert files_kept() == []
    passages = list(persona.passages.values_list("text", "prompted_by"))
    assert passages == [
        (
            "Of course it was.\nNobody ever plays it\nexcept the cat.",
            "Are you awake? I found the map: it was in the piano.",
        ),
        ("The piano, as proof.", 'You wrote "3/4/20, 10:00 - Teo: come at noon" last year'),
    ]
    assert ("personas.tasks.embed_passages", str(persona.pk)) in no_worker


def test_other_people_lose_their_names_and_what_was_not_answered(alice):
    persona = with_words(alice)
    others = Utterance.objects.filter(source__persona=persona, is_persona=False)
    assert {row.speaker for row in others} == {""}
    assert others.count() == 2


def test_a_file_is_left_to_a_worker_and_read_once(alice, busy):
    persona = with_words(alice)
    source = persona.sources.get()
    assert source.status == SourceStatus.IMPORTING
    assert busy == [alice.pk]
    assert importing.import_source(source.pk)
    assert not importing.import_source(source.pk)  # delivered twice
    source.refresh_from_db()
    assert source.status == SourceStatus.READY
    assert persona.passages.count() == 2
    assert files_kept() == []


def test_a_file_that_breaks_leaves_a_sentence_and_no_half_of_its_words(alice):
    persona = factories.make_persona(owner=alice)
    creation.add_source(
        user=alice, persona=persona, file=io.BytesIO(b"hello\n"), name="a.txt", format="whatsapp", speaker="Teo"
    )
    source = persona.sources.get()
    assert source.status == SourceStatus.FAILED
    assert source.error.startswith("No line of this file begins like a WhatsApp message")
    assert not Passage.objects.exists()
    assert files_kept() == []


def test_a_speaker_who_says_nothing_is_a_failure(alice):
    persona = factories.make_persona(owner=alice)
    creation.add_source(
        user=alice, persona=persona, file=io.BytesIO(CHAT), name="a.txt", format="whatsapp", speaker="Nobody"
    )
    assert persona.sources.get().error == "This file holds no words of the chosen speaker."
    assert not Utterance.objects.exists()


def test_the_same_file_twice_adds_no_passage_twice(alice):
    persona = with_words(alice)
    creation.add_source(
        user=alice, persona=persona, file=io.BytesIO(CHAT), name="again.txt", format="whatsapp", speaker="Uncle Teo"
    )
    assert persona.passages.count() == 2
    assert [source.report["passages"] for source in persona.sources.all()] == [2, 0]


def exported(*lines: str) -> io.BytesIO:
    return io.BytesIO("\n".join(lines).encode() + b"\n")


OLD = ("12/05/2019, 09:00 - Nora: Where is it?", "12/05/2019, 09:01 - Uncle Teo: In the piano, as proof.")


def test_a_later_export_of_the_same_chat_adds_only_its_new_lines(alice, quiet_filter):
    persona = factories.make_persona(owner=alice)
    new = ("13/05/2019, 20:15 - Nora: And the map?", "13/05/2019, 20:16 - Uncle Teo: Under the clock, of course.")
    for name, lines in (("old.txt", OLD), ("new.txt", (*OLD, *new))):
        creation.add_source(
            user=alice, persona=persona, file=exported(*lines), name=name, format="whatsapp", speaker="Uncle Teo"
        )
    texts = list(Utterance.objects.filter(is_persona=True).order_by("pk").values_list("text", flat=True))
    assert texts == ["In the piano, as proof.", "Under the clock, of course."]
    assert [source.report["skipped"].get("in another file already", 0) for source in persona.sources.all()] == [0, 1]


def test_the_same_words_on_another_day_are_kept(alice, quiet_filter):
    persona = factories.make_persona(owner=alice)
    for day in ("12/05/2019", "13/05/2019"):
        creation.add_source(
            user=alice,
            persona=persona,
            file=exported(f"{day}, 09:00 - Nora: Tea?", f"{day}, 09:01 - Uncle Teo: Always tea."),
            name=day,
            format="whatsapp",
            speaker="Uncle Teo",
        )
    assert Utterance.objects.filter(is_persona=True).count() == 2


def test_other_names_of_the_persona_speak_for_it_and_personal_data_is_masked(alice, quiet_filter):
    persona = factories.make_persona(owner=alice)
    creation.add_source(
        user=alice,
        persona=persona,
        file=exported(
            *OLD,
            "12/05/2019, 09:02 - +44 7700 900123: Ring Rosa on +44 20 7946 0958 then.",
            "12/05/2019, 10:02 - Nora: Write to bread@example.org instead.",
            "12/05/2019, 10:03 - Uncle Teo: I will do that.",
        ),
        name="chat.txt",
        format="whatsapp",
        speaker="Uncle Teo",
        aliases=["+44 7700 900123"],
    )
    own = list(Utterance.objects.filter(is_persona=True).values_list("text", flat=True))
    assert own == ["In the piano, as proof.", "Ring Rosa on [phone number removed] then.", "I will do that."]
    assert persona.passages.filter(prompted_by="Write to [e-mail address removed] instead.").exists()
    assert "7946" not in "".join(quiet_filter)


def test_in_a_group_a_passage_follows_the_owners_words_before_those_of_others(alice, quiet_filter):
    persona = factories.make_persona(owner=alice)
    creation.add_source(
        user=alice,
        persona=persona,
        file=exported(
            "12/05/2019, 09:00 - Nora: Where is the map?",
            "12/05/2019, 09:01 - Eve: I have to go now.",
            "12/05/2019, 09:02 - Uncle Teo: In the piano, as proof.",
            "12/05/2019, 19:02 - Eve: Is it late?",
            "12/05/2019, 19:03 - Uncle Teo: It is never late here.",
        ),
        name="chat.txt",
        format="whatsapp",
        speaker="Uncle Teo",
        own_names=["Nora"],
    )
    assert list(persona.passages.values_list("prompted_by", "text")) == [
        ("Where is the map?", "In the piano, as proof."),
        ("Is it late?", "It is never late here."),
    ]


def test_an_import_under_way_ends_when_its_source_is_removed(alice, quiet_filter, busy, monkeypatch):
    persona = with_words(alice)
    source = persona.sources.get()
    stored = source.file.name
    monkeypatch.setattr(reading_progress, "_EVERY_S", 0)
    reading_progress.cancel(source.pk)
    importing.import_source(source.pk)
    source.refresh_from_db()
    assert (source.status, Utterance.objects.count()) == ("importing", 0)
    creation.remove_source(user=alice, persona=persona, source_id=source.pk)
    assert not default_storage.exists(stored)


def test_the_progress_of_an_import_is_told(alice, quiet_filter, busy, monkeypatch):
    source = with_words(alice).sources.get()
    monkeypatch.setattr(reading_progress, "_EVERY_S", 0)
    told = []
    importing.import_source(source.pk, tell=told.append)
    assert told
    assert set(told) <= set(range(100))
    reading_progress.keep("a file", 40)
    reading_progress.keep("a file", 20)  # a second pass over the file
    assert reading_progress.of(["a file", "another"]) == {"a file": 40}


def test_removing_a_source_takes_its_words(alice):
    persona = with_words(alice)
    creation.remove_source(user=alice, persona=persona, source_id=persona.sources.get().pk)
    assert not Passage.objects.exists()
    assert not Utterance.objects.exists()


def test_m2_gd5_the_engines_forget_prompts_with_the_words_of_a_removed_file_or_persona(alice):
    persona, asked = with_words(alice), engine_forgetting.times_asked()
    creation.remove_source(user=alice, persona=persona, source_id=persona.sources.get().pk)
    assert engine_forgetting.times_asked() == asked + 1
    creation.delete_persona(user=alice, persona=persona)
    assert engine_forgetting.times_asked() > asked + 1


def test_deleting_takes_everything_that_came_from_it(alice, quiet_filter, busy):
    persona = creation.create_persona(owner=alice, fields=FIELDS, avatar=webp())
    import_consent.record(alice, persona)
    creation.add_source(
        user=alice, persona=persona, file=io.BytesIO(CHAT), name="chat.txt", format="whatsapp", speaker="Uncle Teo"
    )
    factories.make_conversation(owner=alice, persona=persona)
    assert len(files_kept()) == 2
    creation.delete_persona(user=alice, persona=persona)
    assert files_kept() == []
    assert not Persona.objects.filter(owner=alice).exists()
    assert not Source.objects.exists()
    assert not Conversation.objects.exists()


def test_a_copy_is_whole_and_stands_on_its_own(alice, quiet_filter):
    original = creation.create_persona(owner=alice, fields=FIELDS, avatar=webp())
    import_consent.record(alice, original)
    creation.add_source(
        user=alice, persona=original, file=io.BytesIO(CHAT), name="chat.txt", format="whatsapp", speaker="Uncle Teo"
    )
    copy = creation.duplicate_persona(user=alice, persona=original)
    creation.delete_persona(user=alice, persona=original)
    copy.refresh_from_db()
    assert copy.name == "Teo (copy)"
    assert copy.passages.count() == 2
    assert copy.sources.get().utterances.count() == 4
    assert copy.avatar.read()[:4] == b"RIFF"
    assert Consent.objects.filter(subject_id=copy.pk).exists()


def test_gd2_a_copy_has_the_consent_of_its_words_and_is_withdrawn_from_by_itself(alice, quiet_filter):
    original = with_words(alice, name="Teo")
    copy = creation.duplicate_persona(user=alice, persona=original)
    given = [Consent.objects.get(subject_id=it.pk, kind=import_consent.KIND) for it in (original, copy)]
    assert (given[0].text, given[0].text_version) == (given[1].text, given[1].text_version)
    creation.withdraw_import(user=alice, persona=copy)
    assert not import_consent.is_given(copy)
    assert import_consent.is_given(original)
    assert (copy.passages.count(), copy.sources.count()) == (0, 0)
    assert original.passages.exists()


def test_a_shared_persona_can_be_copied_but_not_changed(alice):
    shared = factories.make_persona(owner=None)
    assert creation.duplicate_persona(user=alice, persona=shared).owner == alice
    with pytest.raises(Http404):
        creation.delete_persona(user=alice, persona=shared)
    with pytest.raises(Http404):
        creation.update_persona(user=alice, persona=shared, fields=FIELDS)


def test_personas_of_others_do_not_exist(alice, bob):
    persona = factories.make_persona(owner=alice)
    for door in (creation.get_persona_for, creation.get_own_persona):
        with pytest.raises(Http404):
            door(bob, persona.pk)
        with pytest.raises(Http404):
            door(bob, uuid4())
    assert persona not in creation.visible_to(bob)
    with pytest.raises(Http404):
        creation.duplicate_persona(user=bob, persona=persona)
    with pytest.raises(Http404):
        creation.add_source(user=bob, persona=persona, file=io.BytesIO(b"x"), name="x", format="plain-text", speaker="")


def disable(persona, lifted_at=None):
    Restriction.objects.create(
        kind=RestrictionKind.PERSONA_DISABLED, persona_id=persona.pk, statement="…", lifted_at=lifted_at
    )


@pytest.mark.parametrize("is_shared", [False, True], ids=["own", "shared"])
def test_no_door_brings_a_disabled_persona_back(alice, quiet_filter, is_shared):
    persona = factories.make_persona(owner=None) if is_shared else with_words(alice, name="Teo")
    disable(persona)
    doors = [lambda: creation.duplicate_persona(user=alice, persona=persona)]
    if not is_shared:
        doors += [
            lambda: creation.update_persona(user=alice, persona=persona, fields=FIELDS),
            lambda: creation.add_source(
                user=alice, persona=persona, file=io.BytesIO(CHAT), name="c", format="whatsapp", speaker="Uncle Teo"
            ),
            lambda: drafts.save(drafts.begin(alice, persona=persona), FIELDS),
            lambda: creation.ground(user=alice, persona=persona, is_grounded=True),
            lambda: refusals.refuse_to_hand_out(persona),
        ]
    before = (Persona.objects.count(), Source.objects.count())
    for door in doors:
        with pytest.raises(refusals.PersonaDisabled) as refused:
            door()
        assert "A moderator has disabled" in refused.value.user_message
    assert (Persona.objects.count(), Source.objects.count()) == before
    assert Persona.objects.get(pk=persona.pk).description == persona.description


def test_a_persona_whose_restriction_was_lifted_can_be_copied_and_a_disabled_one_deleted(alice):
    persona, other = factories.make_persona(owner=alice), factories.make_persona(owner=alice)
    disable(persona, lifted_at=timezone.now())
    disable(other)
    assert creation.duplicate_persona(user=alice, persona=persona).owner == alice
    creation.delete_persona(user=alice, persona=other)
    assert not Persona.objects.filter(pk=other.pk).exists()
