"""Decisions as labelled data (compliance R23)."""

import json
from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Consent, User
from accounts.personal_data import my_data
from moderation.desk import appeals, figures
from moderation.learning import consents, labelled
from moderation.models import AuditEntry, LearningConsent
from tests.moderation.learning.material import decided


def test_r23_words_are_given_only_of_those_who_agreed(alice: User, bob: User, mina: User) -> None:
    consents.give(alice)
    decided(alice, mina, "You are worthless.", is_broken=True)
    decided(bob, mina, "You silly goose.", is_broken=False)
    mine, theirs = sorted(labelled.turns(), key=lambda turn: not turn.has_consent)
    assert (mine.text, mine.labels, mine.direction) == ("You are worthless.", {"harassment": 1}, "user")
    assert (theirs.text, theirs.labels) == ("", {"harassment": 0})
    consents.withdraw(alice)
    assert not any(turn.text for turn in labelled.turns())


def test_r23_an_overturned_decision_labels_nothing_as_broken(alice: User, mina: User, olga: User) -> None:
    action = decided(alice, mina, "You are worthless.", is_broken=True)
    appeal = appeals.file(restriction=action.restrictions.get(), user=alice, text="I quoted a film.")
    appeals.answer(appeal=appeal, moderator=olga, outcome="overturned", answer="So it was.")
    (turn,) = labelled.turns()
    assert (turn.labels, turn.source) == ({"harassment": 0}, "appeal")


def test_r23_cases_of_child_safety_teach_nothing(alice: User, mina: User, olga: User) -> None:
    consents.give(alice)
    decided(alice, olga, "…", is_broken=True, category="sexual/minors")
    assert list(labelled.turns()) == []


def test_r23_precision_and_recall_follow_from_decisions(alice: User, mina: User) -> None:
    def harassment() -> figures.CategoryFigures:
        now = timezone.now()
        found = figures.between(now - timedelta(hours=1), now + timedelta(hours=1))
        return next(each for each in found.categories if each.name == "harassment")

    decided(alice, mina, "You are worthless.", is_broken=True)
    assert (harassment().precision, harassment().recall) == (1.0, 1.0)
    decided(alice, mina, "You silly goose.", is_broken=False)
    assert (harassment().precision, harassment().recall) == (0.5, 1.0)
    from moderation.models import ActionKind
    from tests.moderation.desk.material import decide, make_case

    decide(make_case(alice, category="violence"), mina, ActionKind.WARN, labels=["harassment"])
    assert (harassment().missed, harassment().recall) == (1, 0.5)


def test_r23_the_command_prints_a_line_for_each_and_records_that(alice: User, mina: User) -> None:
    consents.give(alice)
    decided(alice, mina, "You are worthless.", is_broken=True)
    output = StringIO()
    call_command("export_labels", stdout=output)
    (line,) = map(json.loads, output.getvalue().splitlines())
    assert (line["text"], line["labels"], line["has_consent"]) == ("You are worthless.", {"harassment": 1}, True)
    assert AuditEntry.objects.get(action="learning.exported").data == {"lines": 1}


def test_a_person_allows_it_and_takes_it_back_on_a_page(alice: User) -> None:
    client, page = Client(), reverse("moderation:learning_consent")
    assert client.get(page).status_code == 302
    client.force_login(alice)
    assert "You need not change that" in client.get(page).text
    client.post(page, {"act": "give"})
    client.post(page, {"act": "give"})
    assert LearningConsent.objects.filter(user=alice).exists()
    assert Consent.objects.get(user=alice, kind=consents.KIND).text == consents.TEXT
    client.post(page, {"act": "withdraw"})
    assert not consents.has_given(alice)


def test_the_consent_is_in_the_persons_copy_and_goes_with_the_account(alice: User) -> None:
    from moderation import my_data as part

    consents.give(alice)
    assert len(part.export(alice)["learning_consent"]) == 1
    my_data.erase(alice)
    assert not LearningConsent.objects.exists()
