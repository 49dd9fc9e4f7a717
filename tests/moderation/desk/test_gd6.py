"""A person makes every restriction of the desk, and another one answers the objection to it (compliance GD6)."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import Role, User
from moderation.desk import appeals, cases, effects, second_person
from moderation.models import ActionKind, AppealOutcome, Restriction, RestrictionKind
from tests.factories import make_user
from tests.moderation.desk.material import make_case

ROOMS = ("accounts", "api", "chat", "generation", "moderation", "persona_site", "personas", "stories")
MAKERS = {"Restriction", "Restriction.objects.create"}


def test_gd6_the_site_restricts_nobody_by_itself() -> None:
    """Only a decision makes a restriction, and a decision has a moderator."""
    makers = set()
    for room in ROOMS:
        for path in (Path(settings.BASE_DIR) / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKERS:
                    makers.add(str(path.relative_to(settings.BASE_DIR)))
    assert makers == {"moderation/desk/effects.py"}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(effects._RESTRICTIONS))
def test_gd6_each_restriction_has_an_objection_that_another_person_answers(
    alice: User, mina: User, kind: ActionKind
) -> None:
    max_ = make_user("max", role=Role.MODERATOR)
    nora = make_user("nora", role=Role.MODERATOR)
    action = cases.decide(
        case=make_case(alice), moderator=mina, kind=kind, labels=["harassment"], reason="A threat to a neighbour."
    )
    if kind in second_person.GRAVEST:
        second_person.confirm(action=action, moderator=max_)
    restriction = Restriction.objects.get()
    assert appeals.can_be_filed(restriction)
    appeal = appeals.file(restriction=restriction, user=alice, text="It was a quotation.")
    assert not appeals.waiting_for(mina).exists()
    appeals.answer(appeal=appeal, moderator=nora, outcome=AppealOutcome.OVERTURNED, answer="It was.")
    restriction.refresh_from_db()
    assert not restriction.is_in_force


def test_gd6_every_kind_of_restriction_is_walked() -> None:
    assert set(effects._RESTRICTIONS.values()) == set(RestrictionKind)
