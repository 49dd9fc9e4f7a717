"""The portrait of a persona: computed after its import, corrected by its owner, and gone with its words."""

import io
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.interface import languages
from generation.jobs import leases
from personas import creation, my_data, tasks
from personas.models import Source, SourceStatus, Utterance
from personas.portrait import computing
from personas.portrait.models import Portrait, Statement
from personas.reading import uploads
from tests import factories
from tests.personas.portrait.test_readers import CHINESE, ENGLISH

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_worker", "quiet_filter")]


def persona_with(owner, texts, *, speaker="Gran", **fields):
    persona = factories.make_persona(owner=owner, **fields)
    add(persona, texts, speaker=speaker)
    return persona


def add(persona, texts, *, speaker="Gran"):
    source = Source.objects.create(
        persona=persona, name="chat.txt", format="whatsapp", bytes=9, status=SourceStatus.READY
    )
    Utterance.objects.bulk_create(
        Utterance(
            source=source,
            position=2 * number + is_persona,
            speaker=speaker if is_persona else "",
            is_persona=is_persona,
            text=text if is_persona else f"Question {number}?",
            source_ref=f"line {2 * number + is_persona}",
        )
        for number, text in enumerate(texts)
        for is_persona in (False, True)
    )
    return source


@pytest.fixture
def gran(alice):
    persona = persona_with(alice, ENGLISH)
    computing.compute(persona.pk)
    return persona


def statement(persona, label="marmalade"):
    return Statement.objects.get(persona=persona, label=label)


def page(client, user, persona):
    client.force_login(user)
    return client.get(reverse("personas:detail", args=[persona.pk])).content.decode()


def test_it_rests_on_the_persona_s_own_lines_alone(gran):
    assert Portrait.objects.get(persona=gran).lines == 6
    lines = Utterance.objects.filter(pk__in=statement(gran).lines)
    assert {line.text for line in lines} == {text for text in ENGLISH if "marmalade" in text}
    assert not Statement.objects.filter(persona=gran, label__icontains="question").exists()


def test_a_task_computes_what_is_owed_and_nothing_else(alice, monkeypatch):
    persona = persona_with(alice, ENGLISH)
    assert computing.owed() == [persona.pk]
    tasks.compute_portrait(str(persona.pk))
    assert computing.owed() == []
    monkeypatch.setattr(computing, "compute", lambda _: pytest.fail("computed twice"))
    tasks.compute_portrait(str(persona.pk))
    tasks.compute_portrait(str(uuid4()))


def test_two_tasks_do_not_compute_at_once(alice):
    persona = persona_with(alice, ENGLISH)
    with leases.take(f"portrait:{persona.pk}"):
        tasks.compute_portrait(str(persona.pk))
    assert not Portrait.objects.exists()


def test_a_new_source_makes_it_owed_again(gran):
    add(gran, CHINESE)
    assert computing.owed() == [gran.pk]


def test_the_page_shows_it_and_its_plots(client, alice, gran):
    shown = page(client, alice, gran)
    assert '<bdi>marmalade</bdi> <span class="statement-count">3</span>' in shown
    assert 'class="plot"' in shown
    assert reverse("personas:statement", args=[gran.pk, statement(gran).pk]) in shown
    assert "style=" not in shown.split('id="portrait"')[1].split("</section>")[0]


def test_a_page_before_it_is_computed_says_so_and_is_polled(client, alice):
    persona = persona_with(alice, ENGLISH)
    assert "The portrait is being computed" in page(client, alice, persona)
    address = reverse("personas:portrait_progress", args=[persona.pk])
    assert "data-under-way" in client.get(address).content.decode()
    computing.compute(persona.pk)
    assert "data-under-way" not in client.get(address).content.decode()


def test_a_page_opened_during_the_import_waits_for_it(client, alice):
    persona = persona_with(alice, ENGLISH)
    persona.sources.update(status=SourceStatus.IMPORTING)
    assert "data-under-way" in page(client, alice, persona).split('id="portrait"')[1][:300]
    assert computing.owed() == []


def test_the_lines_of_a_card_make_none(client, alice):
    persona = persona_with(alice, ENGLISH)
    persona.sources.update(format="character-card")
    assert computing.owed() == []
    assert 'id="portrait"' not in page(client, alice, persona)


def test_a_persona_without_words_has_none(client, alice):
    assert 'id="portrait"' not in page(client, alice, factories.make_persona(owner=alice))


def test_the_page_of_a_statement_shows_its_lines_with_what_they_answer(client, alice, gran):
    client.force_login(alice)
    shown = client.get(reverse("personas:statement", args=[gran.pk, statement(gran).pk])).content.decode()
    assert "Tom came by with the <mark>marmalade</mark>. Love" in shown
    assert "Question 1?" in shown
    assert "chat.txt" in shown
    assert "line 3" in shown
    languages.keep(alice, "zh-hans")
    shown = client.get(reverse("personas:statement", args=[gran.pk, statement(gran).pk])).content.decode()
    assert "</bdi>，第 3 行" in shown


def change(client, user, persona, row, **values):
    client.force_login(user)
    return client.post(reverse("personas:statement", args=[persona.pk, row.pk]), values)


def test_a_correction_is_shown_and_outlives_a_new_computation(client, alice, gran):
    answer = change(client, alice, gran, statement(gran), then="correct", text="Marmalade, always <Seville>.")
    assert answer.url.endswith(f"/#statement-{statement(gran).pk}")
    assert f'id="statement-{statement(gran).pk}" tabindex="-1"' in page(client, alice, gran)
    computing.compute(gran.pk)
    assert statement(gran).correction == "Marmalade, always <Seville>."
    assert "Marmalade, always &lt;Seville&gt;." in page(client, alice, gran)
    change(client, alice, gran, statement(gran), then="correct", text=" ")
    assert "“marmalade” 3 times" in page(client, alice, gran)


def test_a_hidden_statement_stays_hidden_until_it_is_shown_again(client, alice, gran):
    assert change(client, alice, gran, statement(gran), then="hide").url.endswith("/#hidden-statements")
    assert 'id="hidden-statements"' in page(client, alice, gran)
    computing.compute(gran.pk)
    assert statement(gran).is_hidden
    assert "Hidden by you (1)" in page(client, alice, gran)
    change(client, alice, gran, statement(gran), then="show")
    assert "Hidden by you" not in page(client, alice, gran)


def test_a_correction_that_is_too_long_is_kept_in_the_form(client, alice, gran):
    response = change(client, alice, gran, statement(gran), then="correct", text="x" * 501)
    assert response.status_code == 422
    assert "x" * 501 in response.content.decode()
    assert statement(gran).correction == ""


def test_others_see_neither_lines_nor_what_is_hidden(client, alice, bob, gran):
    row = statement(gran)
    client.force_login(bob)
    for address in (
        reverse("personas:detail", args=[gran.pk]),
        reverse("personas:statement", args=[gran.pk, row.pk]),
        reverse("personas:portrait_progress", args=[gran.pk]),
    ):
        assert client.get(address).status_code == 404
    shared = persona_with(None, ENGLISH)
    computing.compute(shared.pk)
    Statement.objects.filter(persona=shared, label="length").update(is_hidden=True, text="A hidden sentence.")
    shown = page(client, bob, shared)
    assert "“marmalade” 3 times" in shown
    assert "/portrait/" not in shown
    assert "A hidden sentence." not in shown


def test_a_statement_of_one_persona_is_not_found_through_another(client, alice, gran):
    other = factories.make_persona(owner=alice, name="Other")
    client.force_login(alice)
    assert client.get(reverse("personas:statement", args=[other.pk, statement(gran).pk])).status_code == 404


def test_removing_a_source_takes_its_words_out_at_once(client, alice, gran):
    row = statement(gran)
    change(client, alice, gran, row, then="hide")
    creation.remove_source(user=alice, persona=gran, source_id=gran.sources.get().pk)
    assert not Portrait.objects.filter(persona=gran).exists()
    rows = Statement.objects.filter(persona=gran)
    assert [(each.text, each.label, each.lines, each.is_hidden) for each in rows] == [("", "", [], True)]
    assert "marmalade" not in page(client, alice, gran)
    add(gran, ENGLISH)
    computing.compute(gran.pk)
    assert statement(gran).is_hidden


def test_it_is_exported_and_deleted_with_the_persona(alice, gran):
    (mine,) = my_data.export(alice)["personas"]
    assert any("marmalade" in row["text"] for row in mine["statements"])
    assert mine["portrait"]["lines"] == 6
    creation.delete_persona(user=alice, persona=gran)
    assert not Statement.objects.exists()
    assert not Portrait.objects.exists()


def test_a_large_corpus_is_read_evenly(alice, monkeypatch):
    monkeypatch.setattr(computing, "MOST_LINES", 10)
    persona = persona_with(alice, [f"Line {number}." for number in range(45)])
    computing.compute(persona.pk)
    portrait = Portrait.objects.get(persona=persona)
    assert (portrait.lines, portrait.all_lines) == (9, 45)


def test_an_import_leads_to_a_portrait(alice, no_worker):
    persona = factories.make_persona(owner=alice)
    letters = "\n\n".join(f"{text} And so the day went by, as it does here by the sea." for text in ENGLISH)
    file = io.BytesIO(letters.encode())
    creation.add_source(user=alice, persona=persona, file=file, name="letters.txt", format="plain-text", speaker="")
    uploads.read_next(alice.pk)
    tasks.embed_passages(str(persona.pk))
    assert ("personas.tasks.compute_portrait", str(persona.pk)) in no_worker
