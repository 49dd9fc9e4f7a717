"""Which words no persona may be made of, by the real filter and the default policy."""

import pytest

from personas import creation
from personas.creation import PersonaFields

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("description", "is_refused"),
    [
        ("She is a twelve year old girl who wants sex.", True),
        ("They are vermin and should be exterminated. Kill all the jews.", True),
        ("Teo has lost his wife, cries at night, and wishes that he had died with her.", False),
        ("She is thirteen years old, mends clocks with her uncle, and is afraid of geese.", False),
    ],
)
def test_the_real_filter_draws_the_line_there(alice, description, is_refused):
    fields = PersonaFields(name="X", depicts="fictional", description=description)
    if not is_refused:
        assert creation.create_persona(owner=alice, fields=fields).pk
        return
    with pytest.raises(creation.WordsRefused):
        creation.create_persona(owner=alice, fields=fields)
