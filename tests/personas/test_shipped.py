"""The personas that every installation has."""

import pytest

from personas import prompt_sheet, shipped
from personas.models import Persona

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
    assert 4 <= len(persona.examples) <= 12
    assert len(persona.description.split()) < 90
    assert len(prompt_sheet.sheet_for(persona).exchanges) >= 5
