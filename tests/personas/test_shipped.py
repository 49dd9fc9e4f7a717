"""The personas that every installation has."""

import pytest

from generation.catalogue import tokens
from personas import shipped
from personas.models import Persona
from personas.prompting import prompt, prompt_sheet

pytestmark = pytest.mark.django_db


def test_both_are_there_and_shared():
    shipped.ensure()
    assert set(Persona.objects.filter(is_shared=True).values_list("name", flat=True)) >= {"Samantha", "Ada Lovelace"}


def test_shipping_them_again_changes_nothing():
    shipped.ensure()
    before = list(Persona.objects.filter(is_shared=True).values("id", "name", "description", "examples", "created_at"))
    shipped.ensure()
    assert (
        list(Persona.objects.filter(is_shared=True).values("id", "name", "description", "examples", "created_at"))
        == before
    )


@pytest.mark.parametrize("persona_id", shipped.SHIPPED)
def test_each_shows_a_model_how_it_speaks(persona_id):
    shipped.ensure()
    persona = Persona.objects.get(pk=persona_id)
    assert 8 <= len(persona.examples) <= 14
    assert len(persona.description.split()) < 90
    assert len(prompt_sheet.sheet_for(persona).exchanges) == len(persona.examples)


@pytest.mark.parametrize("persona_id", shipped.SHIPPED)
def test_no_two_of_its_answers_begin_alike(persona_id):
    answers = [exchange[1][1] for exchange in shipped.SHIPPED[persona_id]["examples"]]
    assert len({answer.split()[0][:4] for answer in answers}) == len(answers)


@pytest.mark.model
@pytest.mark.parametrize("persona_id", shipped.SHIPPED)
def test_a_prompt_has_room_for_all_its_samples(persona_id, installed_model):
    shipped.ensure()
    persona = Persona.objects.get(pk=persona_id)
    # The default model knows no Chinese and needs several tokens for a character. A model that knows it needs fewer.
    count = len if persona.language == "zh" else tokens.count
    built = prompt.build(
        sheet=prompt_sheet.sheet_for(persona),
        memories=(),
        turns=[prompt.Line("user", "Hello.")],
        info=installed_model.info(),
        max_tokens=installed_model.sampling.max_tokens,
        count=count,
    )
    assert next(part for part in built.parts if part.name == "samples").dropped == 0
