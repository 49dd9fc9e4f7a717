"""The replies side by side: written once the training has ended, and not while their reader may not read them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.sign_in import ages
from chat.trials import comparisons
from generation.engine import EngineInfo, Token
from generation.routing import router
from moderation.filter import gate
from moderation.models import Restriction
from personas.finetuning import training
from personas.models import FineTune, FineTuneStatus
from tests import factories

INFO = EngineInfo("script", "script-1", 2048, "transcript", "cpu", "1", "none")


@pytest.fixture
def fine_tune(alice: User) -> FineTune:
    persona = factories.make_persona(owner=alice)
    values: dict[str, Any] = {"model": "m", "weights": "w", "words": 1, "estimate": timedelta(0), "bytes": 0}
    return FineTune.objects.create(
        persona=persona, status=FineTuneStatus.READY, messages=["Hello?", "How is the sea?"], **values
    )


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The prompts of the replies that the engine wrote."""
    prompts: list[str] = []

    def scripted(build: Any, cancelled: Any, announce: Any, **_: Any) -> Iterator[Token]:
        prompts.append(build(INFO, len)[0].whole)
        announce(INFO, "")
        yield Token("The lamp is lit.")

    monkeypatch.setattr(router, "stream", scripted)
    return prompts


def suspend(user: User) -> Restriction:
    return Restriction.objects.create(kind="user_suspended", user=user, statement="…")


def test_a_comparison_waits_while_its_reader_is_suspended(alice: User, fine_tune: FineTune, replies: list[str]) -> None:
    suspension = suspend(alice)
    comparisons.write(fine_tune.pk)
    fine_tune.refresh_from_db()
    assert (replies, fine_tune.comparison) == ([], [])
    Restriction.objects.filter(pk=suspension.pk).update(lifted_at=timezone.now())
    comparisons.write(fine_tune.pk)
    fine_tune.refresh_from_db()
    assert [row[0] for row in fine_tune.comparison] == ["Hello?", "How is the sea?"]
    assert len(replies) == 4


def test_a_comparison_ends_when_its_reader_is_suspended_meanwhile(
    alice: User, fine_tune: FineTune, replies: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = comparisons._reply

    def write_and_suspend(*arguments: Any) -> str:
        suspend(alice)
        return written(*arguments)

    monkeypatch.setattr(comparisons, "_reply", write_and_suspend)
    comparisons.write(fine_tune.pk)
    fine_tune.refresh_from_db()
    assert (len(replies), fine_tune.comparison) == (2, [])


def test_a_comparison_holds_to_the_rules_of_its_persona_and_of_its_readers_age(
    fine_tune: FineTune, replies: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ages, "is_minor", lambda user: True)
    judged: list[dict[str, Any]] = []
    cleared = gate.cleared
    monkeypatch.setattr(gate, "cleared", lambda pieces, **rules: judged.append(rules) or cleared(pieces, **rules))
    comparisons.write(fine_tune.pk)
    assert {(rules["persona_id"], rules["is_minor"]) for rules in judged} == {(fine_tune.persona_id, True)}


def test_a_training_waits_while_the_account_is_suspended(
    alice: User, fine_tune: FineTune, monkeypatch: pytest.MonkeyPatch
) -> None:
    FineTune.objects.update(status=FineTuneStatus.QUEUED)
    trained: list[FineTune] = []
    monkeypatch.setattr(training, "_train", trained.append)
    suspension = suspend(alice)
    assert not training.train_next()
    Restriction.objects.filter(pk=suspension.pk).update(lifted_at=timezone.now())
    assert training.train_next()
    assert trained == [fine_tune]
