import pytest

from personas import dates_of_death
from personas.models import Depicts, Persona


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("My mother. She died on 12 March 2024, in her sleep.", ((3, 12),)),
        ("He passed away on the 3rd of October last year.", ((10, 3),)),
        ("Passed away suddenly, Sept. 9, 2023.", ((9, 9),)),
        ("Anna Berg (1950 – 2024-03-12), a baker.", ((3, 12),)),
        ("Died 2021-02-29 or so.", ((2, 29),)),
        ("父亲，2023年5月6日去世。", ((5, 6),)),
        ("奶奶去世于2022年11月30日。", ((11, 30),)),
        ("Born on 12 March 1950. A quiet man.", ()),
        ("Died 45 May 2020.", ()),
        ("Died at sea.", ()),
    ],
)
def test_k7_the_day_of_death_is_read_where_the_persona_states_one(
    text: str, dates: tuple[tuple[int, int], ...]
) -> None:
    assert dates_of_death.stated_in(Persona(depicts=Depicts.DEAD, description=text)) == dates


def test_a_persona_of_nobody_who_died_has_none() -> None:
    assert dates_of_death.stated_in(Persona(depicts=Depicts.FICTIONAL, description="Died on 12 March.")) == ()
