"""The monitor over weeks: what is counted, when a sign is told, and what stays when its words are gone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from accounts.personal_data import my_data
from moderation import tasks
from moderation.desk import cases, merging, sight
from moderation.models import Case, CountedTurns, DailyCue
from moderation.monitor.days import KEPT, day_of
from moderation.monitor.watching import Talk, look, look_back
from moderation.talk import Turn

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 9, 20, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def talk(user: User, **fields: Any) -> Talk:
    return Talk(user=user, conversation_id=uuid4(), persona_id=uuid4(), persona_name="Ada", **fields)


def turn(text: str, *, days_ago: float = 0, speaker: Any = "user") -> Turn:
    return Turn(speaker, text, uuid4(), NOW - timedelta(days=days_ago))


def signals(case: Case | None) -> list[str]:
    return [finding["signal"] for finding in case.findings] if case else []


SLEEPLESS = [turn("I couldn't sleep.", days_ago=days) for days in (4, 2, 0)]


def test_each_turn_counts_once_however_often_it_is_looked_at(alice: User) -> None:
    of = talk(alice)
    for end in (1, 1, 2, 3, 3):
        look(of, SLEEPLESS[:end])
    rows = DailyCue.objects.filter(conversation_id=of.conversation_id, cue="sleepless")
    assert [row.count for row in rows] == [1, 1, 1]


def test_k7_a_sign_is_told_at_the_turn_that_completes_it_with_its_turns_and_dates(alice: User) -> None:
    of = talk(alice)
    assert [signals(look(of, SLEEPLESS[:end])) for end in (1, 2)] == [[], []]
    case = look(of, SLEEPLESS)
    assert case is not None
    (finding,) = case.findings
    assert finding["category"] == "sleep"
    assert finding["message_id"] == str(SLEEPLESS[2].message_id)
    assert finding["supports"] == [str(each.message_id) for each in SLEEPLESS[:2]]
    assert "2026-09-16 to 2026-09-20" in finding["detail"]
    assert "sleep." not in finding["detail"].lower()  # none of the person's words
    with override("zh-hans"):
        assert "2026-09-16 至 2026-09-20" in merging.detail_of(finding)
    assert merging.detail_of({"detail": "Of an older version."}) == "Of an older version."


def test_a_sign_is_told_once_a_week_and_opens_no_second_case_after_a_decision(alice: User, mina: User) -> None:
    of = talk(alice)
    case = look(of, SLEEPLESS)
    assert case is not None
    cases.decide(case=case, moderator=mina, kind="dismiss", labels=["no_violation"], reason="A hard week.")
    later = [*SLEEPLESS, turn("I was awake all night again.", days_ago=-1)]
    assert look(of, later) is None
    assert Case.objects.count() == 1
    week_later = [*later, *(turn("No sleep.", days_ago=-days) for days in (7, 8, 9))]
    assert signals(look(of, week_later)) == ["sleeplessness"]


def test_t3_signs_are_added_up_over_all_conversations_of_one_person_alone(alice: User, bob: User) -> None:
    look(talk(alice), SLEEPLESS[:1])
    look(talk(bob), SLEEPLESS[1:2])
    assert look(talk(alice), SLEEPLESS[2:]) is None
    look(talk(alice), SLEEPLESS[1:2])
    assert signals(look(talk(alice), [turn("Still awake.")])) == ["sleeplessness"]


@pytest.mark.thorough
def test_a_look_reads_a_bounded_part_of_the_past(alice: User) -> None:
    """The number of queries does not grow, and no turn before the newest forty is scored."""
    of = talk(alice)
    turns = [turn("We planted beans today.", days_ago=200 - number) for number in range(200)]
    look(of, turns[:50])
    with CaptureQueriesContext(connection) as few:
        look(of, turns[:51])
    look_back(of, turns)
    with CaptureQueriesContext(connection) as many:
        look(of, [*turns, turn("And peas.")])
    assert len(many) <= len(few) + 2  # rules that are kept for a while may have been read anew


def test_r33_a_turn_whose_case_may_be_deleted_opens_none_again_and_an_imported_one_opens_one(alice: User) -> None:
    turns = [turn("I'm going to kill myself tonight.", days_ago=400), turn("It is a fine day.")]
    known = replace(talk(alice), began_at=NOW - timedelta(days=401))
    imported = replace(talk(alice), began_at=NOW)
    assert look(known, turns) is None
    assert signals(look(imported, turns))


def test_a_history_counts_on_its_own_days_and_is_not_urgent(alice: User) -> None:
    old = [
        turn("I feel hopeless.", days_ago=400),
        turn("I'm going to kill myself tonight.", days_ago=395),
        turn("It is a fine day.", days_ago=2),
    ]
    case = look_back(talk(alice), old)
    assert case is not None
    assert case.severity == 50
    assert all("In August 2025." in finding["detail"] for finding in case.findings)
    with override("zh-hans"):
        assert all("2025年8月" in merging.detail_of(finding) for finding in case.findings)
    assert case.due_at == NOW + timedelta(hours=24)
    assert DailyCue.objects.filter(cue="dark", day=day_of(old[1].at)).exists()


def test_the_same_danger_today_is_urgent(alice: User) -> None:
    case = look(talk(alice), [turn("I'm going to kill myself tonight.")])
    assert case is not None
    assert (case.severity, case.due_at) == (100, NOW + timedelta(minutes=15))


def test_k7_the_anniversary_that_the_persona_states_counts_beside_low_mood(alice: User) -> None:
    low = [turn("I feel so empty inside.")]
    assert signals(look(talk(alice, dates_of_death=((9, 22),)), low)) == ["anniversary"]
    assert look(talk(alice, dates_of_death=((11, 2),)), [turn("I feel so empty inside.")]) is None
    assert look(talk(alice, dates_of_death=((9, 22),)), [turn("The roses came back.")]) is None


def test_a_preparation_is_looked_at_within_the_hour(alice: User) -> None:
    turns = [
        turn("I feel so hopeless lately.", days_ago=6),
        turn("I counted the pills in the drawer.", days_ago=3),
        turn("I wrote a letter to my sister."),
    ]
    of = talk(alice)
    for end in (1, 2, 3):
        case = look(of, turns[:end])
    assert case is not None
    assert "preparation" in signals(case)
    assert case.due_at <= NOW + timedelta(hours=1)


def test_grooming_is_seen_by_permission_only(alice: User, mina: User) -> None:
    lines = ["How old are you?", "You are so mature for your age.", "Don't tell your mum, it's our little secret."]
    case = look(talk(alice), [turn(line, speaker="persona") for line in lines])
    assert case is not None
    assert "grooming_by_persona" in signals(case)
    assert case.is_restricted
    assert not sight.visible_to(mina).exists()


def test_the_numbers_are_exported_and_erased_with_the_account(alice: User) -> None:
    from moderation import my_data as of_moderation

    look(talk(alice), SLEEPLESS[:1])
    rows = of_moderation.export(alice)["signs_by_day"]
    assert {row["cue"] for row in rows} >= {"turn", "sleepless"}
    my_data.erase(alice)
    assert not DailyCue.objects.exists()
    assert not CountedTurns.objects.exists()


def test_gd1_the_numbers_are_deleted_after_the_days_that_the_rules_name(alice: User, client: Any) -> None:
    of, recent = talk(alice), talk(alice)
    look(of, [turn("I couldn't sleep.", days_ago=KEPT + 1)])
    look(recent, [turn("I couldn't sleep.", days_ago=KEPT - 1)])
    tasks.forget_old_numbers()
    assert set(DailyCue.objects.values_list("conversation_id", flat=True)) == {recent.conversation_id}
    assert [row.conversation_id for row in CountedTurns.objects.all()] == [recent.conversation_id]
    assert f"deleted after {KEPT} days" in client.get("/rules/").content.decode()


def test_no_word_of_a_person_is_in_the_numbers(alice: User) -> None:
    look(talk(alice), [turn("I couldn't sleep, marked-secret-41.")])
    assert "marked-secret" not in str([*DailyCue.objects.values(), *CountedTurns.objects.values()])


def test_a_night_belongs_to_one_day() -> None:
    evening, small_hours = datetime(2026, 9, 1, 23, 30, tzinfo=UTC), datetime(2026, 9, 2, 4, 59, tzinfo=UTC)
    assert day_of(evening) == day_of(small_hours)
    assert day_of(datetime(2026, 9, 2, 5, tzinfo=UTC)) != day_of(small_hours)


def test_looking_at_nothing_is_nothing(alice: User) -> None:
    assert look(talk(alice), []) is None
    assert look_back(talk(alice), []) is None
