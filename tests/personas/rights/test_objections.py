"""The form against a persona, by the person depicted, an heir or the family (compliance GD7)."""

import re
from uuid import uuid4

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from chat.conversation import conversations
from moderation.desk import appeals, cases, claims, objections, restrictions
from moderation.models import ActionKind, AppealOutcome, Case, CaseStatus, Objection, Source
from personas import access, creation, refusals
from personas.rights.objection_pages import targets_of
from tests import factories

pytestmark = pytest.mark.django_db

RIGHTS = ["rights_of_others"]


@pytest.fixture(autouse=True)
def no_rate_limit_left_over():
    cache.clear()


@pytest.fixture(autouse=True)
def mails(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []


@pytest.fixture
def persona(alice):
    return factories.make_persona(owner=alice, name="Ben Weber")


def object_to(subject, *, email="heir@example.test", client=None):
    form = {"subject": subject, "objector": "heir", "reason": "He never agreed.", "email": email}
    return (client or Client()).post("/object/", form)


def is_resting(persona):
    refusal = access.refusal(persona.owner, persona)
    return refusal is not None and refusal.code == "persona_rests"


def decide(moderator, kind, labels):
    case = Case.objects.get(status=CaseStatus.OPEN)
    return cases.decide(case=case, moderator=moderator, kind=kind, labels=labels, reason="The heirs may say so.")


@pytest.mark.parametrize("by", ["address", "name"])
def test_gd7_the_form_opens_a_case_and_the_persona_rests(alice, persona, by):
    other = factories.make_persona(owner=alice, name="Clara")
    subject = f"https://site.test/personas/{persona.pk}/" if by == "address" else " ben weber"
    assert object_to(subject).status_code == 200
    case = Case.objects.get()
    assert (case.source, case.persona_id, case.user) == (Source.OBJECTION, persona.pk, alice)
    assert is_resting(persona)
    assert not is_resting(other)
    with pytest.raises(conversations.NotAdmitted):
        conversations.start(user=alice, persona_id=persona.pk)
    with pytest.raises(refusals.CreationRefused):
        creation.duplicate_persona(user=alice, persona=persona)


def test_gd7_the_page_answers_the_same_whether_a_persona_exists(persona, settings):
    settings.ACCOUNT_RATE_LIMITS = {"object_to_persona": "100/h/ip"}
    pages = [object_to(subject).text for subject in ("Ben Weber", "Nobody", str(persona.pk), str(uuid4()))]
    assert len({re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page) for page in pages}) == 1


def test_gd7_one_form_cannot_silence_many(alice, bob, mina):
    personas = [factories.make_persona(owner=owner, name="Grandma") for owner in (alice, bob)]
    object_to("Grandma")
    assert not Case.objects.exists()
    assert not any(is_resting(persona) for persona in personas)
    desk = Client()
    desk.force_login(mina)
    assert "Grandma" in desk.get("/moderation/objections/").text
    objection = Objection.objects.get()
    desk.post("/moderation/objections/", {"objection": objection.pk, "persona": personas[1].pk})
    assert [is_resting(persona) for persona in personas] == [False, True]


def test_gd7_many_forms_are_refused(alice):
    for number in range(10):
        factories.make_persona(owner=alice, name=f"Persona {number}")
    statuses = [object_to(f"Persona {number}", email=f"{number}@example.test").status_code for number in range(10)]
    assert statuses == [200] * 5 + [429] * 5
    assert Case.objects.count() == 5


@pytest.mark.parametrize("backend", ["locmem", "console"])
def test_gd7_both_sides_are_told_of_the_decision(
    alice, mina, persona, django_capture_on_commit_callbacks, settings, backend
):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    with django_capture_on_commit_callbacks(execute=True):
        object_to("Ben Weber")
        decide(mina, ActionKind.DISABLE_PERSONA, RIGHTS)
    objection = Objection.objects.get()
    assert objection.closed_at is not None
    if backend == "console":  # it reaches nobody, so the desk keeps the objection on its list
        assert objections.waiting_for(mina).get() == objection
        desk = Client()
        desk.force_login(mina)
        desk.post("/moderation/objections/", {"objection": objection.pk, "told": "yes"})
        assert not objections.waiting_for(mina).exists()
        return
    assert [message.to for message in mail.outbox] == [[alice.email], ["heir@example.test"], [alice.email]]
    assert "The heirs may say so." in mail.outbox[1].body
    assert alice.email not in mail.outbox[1].body
    assert "heir@example.test" not in mail.outbox[0].body + mail.outbox[2].body
    assert not objections.waiting_for(mina).exists()


def test_gd7_the_owner_objects_to_the_decision(alice, mina, persona):
    object_to("Ben Weber")
    action = decide(mina, ActionKind.DISABLE_PERSONA, RIGHTS)
    restriction = action.restrictions.get()
    assert restrictions.is_disabled(persona.pk)
    assert "an heir or of the family, objected" in restriction.statement
    assert "automatic filter" not in restriction.statement
    appeal = appeals.file(restriction=restriction, user=alice, text="He agreed.")
    max_ = factories.make_user("max", role=Role.MODERATOR)
    appeals.answer(appeal=appeal, moderator=max_, outcome=AppealOutcome.OVERTURNED, answer="He did.")
    assert access.refusal(alice, persona) is None
    assert not restrictions.is_disabled(persona.pk)


def test_gd7_a_dismissed_objection_lets_the_persona_talk_and_a_repeated_one_waits(alice, mina, persona):
    object_to("Ben Weber")
    with pytest.raises(cases.DecisionRefused):
        decide(mina, ActionKind.LOCK_CONVERSATION, RIGHTS)
    assert is_resting(persona)
    decide(mina, ActionKind.DISMISS, ["no_violation"])
    assert not is_resting(persona)
    object_to("Ben Weber", email="again@example.test")
    assert not is_resting(persona)
    assert objections.waiting_for(mina).filter(email="again@example.test").exists()


def test_gd7_nobody_works_on_an_objection_to_their_own_persona(bob, mina):
    own = factories.make_persona(owner=mina, name="Dora")
    factories.make_persona(owner=bob, name="Dora")
    object_to("Dora")
    objection, target = Objection.objects.get(), targets_of(str(own.pk))[0]
    with pytest.raises(PermissionDenied):
        objections.open_case(objection=objection, moderator=mina, target=target)
    with pytest.raises(PermissionDenied):
        objections.close(objection=objection, moderator=mina, reason="No.", targets=targets_of("Dora"))
    with pytest.raises(PermissionDenied):
        objections.close(objection=objection, moderator=bob, reason="No.", targets=[])
    assert Objection.objects.get().closed_at is None


def test_gd7_the_moderator_reads_the_objection_and_the_owner_never_does(alice, mina, persona):
    object_to("Ben Weber")
    case = Case.objects.get()
    desk = Client()
    desk.force_login(mina)
    assert "He never agreed." in desk.get(f"/moderation/{case.pk}/").text
    assert claims.claimable_by(mina).filter(pk=case.pk).exists()
    owner = Client()
    owner.force_login(alice)
    for path in (f"/personas/{persona.pk}/", "/account/"):
        page = owner.get(path).text
        assert "He never agreed." not in page
        assert "heir@example.test" not in page


@pytest.mark.parametrize("subject", ["a-" * 150, "0" * 300, "f" * 8000])
def test_gd7_a_hostile_subject_means_nobody(persona, subject):
    assert targets_of(subject) == []


def test_gd7_a_moderator_who_comes_too_late_reads_a_sentence(bob, mina):
    object_to("Nobody here")
    desk = Client()
    desk.force_login(mina)
    end = {"objection": Objection.objects.get().pk, "reason": "No persona here has this name."}
    desk.post("/moderation/objections/", end)
    Objection.objects.update(told_at=timezone.now())
    page = desk.post("/moderation/objections/", end, follow=True)
    assert "Somebody has worked on this objection in the meantime." in page.text
