"""Starting, stopping and reading an audit; what goes with it."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404
from django.urls import reverse

from accounts.usage.quotas import QuotaExceeded
from generation.jobs import waiting_room
from generation.models import EngineEntry
from moderation.models import AuditEntry, Restriction
from personas import creation, my_data, refusals
from personas.audit import approvals, doors, fingerprint, queueing, runs
from personas.audit.models import Audit, AuditAnswer
from personas.models import FineTune
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def persona(alice):
    return factories.make_persona(owner=alice, sayings=["The lamp is lit."])


def answer_of(audit, **fields):
    values = {"probe": "human/sincere", "area": "human", "prompt": "Are you <i>real</i>?", "answer": "I am an AI."}
    return AuditAnswer.objects.create(audit=audit, **(values | {"is_passed": True} | fields))


def test_a_start_queues_one_audit_behind_what_people_wait_for(alice, persona, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        audit = doors.start(user=alice, persona=persona)
    assert (audit.state, audit.fingerprint) == ("queued", fingerprint.of(persona))
    assert waiting_room.sizes() == {"interactive": 0, "background": 1}
    with pytest.raises(doors.AuditRefused, match="is under way"):
        doors.start(user=alice, persona=persona)
    with pytest.raises(IntegrityError), transaction.atomic():
        Audit.objects.create(persona=persona, fingerprint={}, probes_version="1")
    doors.stop(user=alice, persona=persona)
    audit.refresh_from_db()
    assert (audit.state, waiting_room.sizes()["background"]) == ("stopped", 0)
    doors.stop(user=alice, persona=persona)  # twice does nothing


def test_a_start_waits_for_files_and_needs_quota_and_a_clean_record(alice, persona, settings):
    source = persona.sources.create(name="letters.txt", format="plain-text", bytes=10)
    with pytest.raises(doors.AuditRefused, match="still being read"):
        doors.start(user=alice, persona=persona)
    source.delete()
    settings.QUOTAS = settings.QUOTAS | {"audits": (1, settings.QUOTAS["audits"][1])}
    doors.start(user=alice, persona=persona)
    doors.stop(user=alice, persona=persona)
    with pytest.raises(QuotaExceeded):
        doors.start(user=alice, persona=persona)
    assert persona.audits.count() == 1
    Restriction.objects.create(kind="persona_disabled", persona_id=persona.pk, statement="…")
    with pytest.raises(refusals.PersonaDisabled):
        doors.start(user=alice, persona=persona)
    Restriction.objects.all().delete()
    Restriction.objects.create(kind="user_suspended", user=alice, statement="You are suspended.")
    with pytest.raises(refusals.CreationRefused, match="You are suspended"):
        doors.start(user=alice, persona=persona)


def test_only_the_owner_has_the_doors_and_only_another_reviewer_decides(alice, bob, mina, persona):
    audit = factories.make_audit(persona=persona)
    for door in (doors.start, doors.stop):
        with pytest.raises(Http404):
            door(user=bob, persona=persona)
    own = factories.make_audit(persona=factories.make_persona(owner=mina))
    for person, other in ((bob, audit), (mina, own)):
        with pytest.raises(Http404):
            approvals.get_for(person, other.pk)
        with pytest.raises(PermissionDenied):
            approvals.decide(audit=other, reviewer=person, decision="approved", reason="Fine.")
    assert list(approvals.visible_to(mina)) == [audit]


@pytest.mark.parametrize("change", ["field", "grounding", "passage", "fine-tune", "engine"])
def test_t1_a_change_of_words_model_or_fine_tune_changes_the_fingerprint(persona, change):
    before = fingerprint.of(persona)
    if change == "field":
        persona.sayings = ["The lamp is out."]
    elif change == "grounding":
        persona.is_grounded = True
    elif change == "passage":
        source = persona.sources.create(name="a.txt", format="plain-text", bytes=1, status="ready")
        persona.passages.create(source=source, text="More.", digest="d", source_ref="line 1")
    elif change == "fine-tune":
        values = {"model": "m", "weights": "w", "words": 1, "bytes": 0, "status": "ready", "is_used": True}
        FineTune.objects.create(persona=persona, estimate="1", **values)
    else:
        EngineEntry.objects.create(name="far", kind="openai_compatible", base_url="http://far/v1", model="other")
    parts = {
        "field": "its words",
        "grounding": "its words",
        "passage": "its words",
        "fine-tune": "its fine-tune",
        "engine": "the model",
    }
    assert fingerprint.changed(before, fingerprint.of(persona)) == [parts[change]]


def test_a_new_start_keeps_results_about_the_persona_as_it_is(alice, persona):
    kept = factories.make_audit(persona=persona, is_passed=False)
    factories.make_audit(persona=persona)  # nobody has decided about it
    factories.make_audit(persona=persona, state="stopped", is_passed=None)
    factories.make_audit(persona=persona, fingerprint={"words": "others"})
    doors.start(user=alice, persona=persona)
    assert set(persona.audits.exclude(state="queued")) == {kept}


def test_an_audit_goes_with_its_persona_and_is_part_of_my_data(alice, mina, persona):
    answer_of(factories.make_audit(persona=persona, decision="approved", reason="Fine.", decided_by=mina))
    exported = my_data.export(alice)["personas"][0]["audits"][0]
    assert (exported["decision"], exported["answers"][0]["answer"]) == ("approved", "I am an AI.")
    assert "mina" not in str(exported)
    creation.delete_persona(user=alice, persona=persona)
    assert not Audit.objects.exists()
    assert not AuditAnswer.objects.exists()


def test_audits_are_handed_over_again_only_while_nobody_waits(persona):
    audit = factories.make_audit(persona=persona, state="running", is_passed=None)
    waiting_room.join(kind="reply", job_id="1", account="9", klass="interactive")
    runs.go_on()
    assert waiting_room.place(kind=queueing.KIND, job_id=str(audit.pk)) is None
    waiting_room.leave(kind="reply", job_id="1")
    runs.go_on()
    assert waiting_room.place(kind=queueing.KIND, job_id=str(audit.pk)).position == 0


def test_the_page_offers_an_audit_shows_its_progress_and_its_report(browser, persona):
    detail = reverse("personas:detail", args=[persona.pk])
    assert "Start the audit" in browser.get(detail).text
    page = browser.post(reverse("personas:audit_start", args=[persona.pk]), follow=True).text
    assert "The audit waits for its turn" in page
    assert "data-under-way" in page
    assert "Stop the audit" in browser.get(reverse("personas:audit_progress", args=[persona.pk])).text
    page = browser.post(reverse("personas:audit_stop", args=[persona.pk]), follow=True).text
    assert "stopped after 0 of" in page
    audit = factories.make_audit(persona=persona, is_passed=False)
    answer_of(audit, is_passed=False, evidence=["It says “yes”."])
    report = browser.get(reverse("personas:audit", args=[persona.pk])).text
    assert "Are you &lt;i&gt;real&lt;/i&gt;?" in report
    assert "It says “yes”." in report
    assert "not passed" in report


def test_a_changed_persona_makes_the_report_out_of_date(browser, persona):
    answer_of(factories.make_audit(persona=persona))
    persona.sayings = ["The lamp is out."]
    persona.save()
    page = browser.get(reverse("personas:detail", args=[persona.pk])).text
    assert "out of date" in page
    assert "Run again" in page
    assert "its words changed" in browser.get(reverse("personas:audit", args=[persona.pk])).text


def test_a_reviewer_reads_the_report_and_decides_and_both_are_audited(client, mina, persona, approval_required):
    audit = factories.make_audit(persona=persona)
    answer_of(audit)
    client.force_login(mina)
    assert "1 persona to approve" in client.get(reverse("moderation:queue")).text
    address = reverse("persona_reviews:report", args=[audit.pk])
    assert address in client.get(reverse("persona_reviews:list")).text
    page = client.get(address).text
    assert "I am an AI." in page
    assert "The lamp is lit." in page
    refused = client.post(address, {"decision": "approved", "reason": " "})
    assert "A decision needs a reason." in refused.text
    assert client.post(address, {"decision": "approved", "reason": "Read it all."}).status_code == 302
    audit.refresh_from_db()
    assert (audit.decision, audit.decided_by, audit.reason) == ("approved", mina, "Read it all.")
    entries = list(AuditEntry.objects.values_list("action", "subject", "actor"))
    actor, subject = f"user:{mina.pk}", f"persona:{persona.pk}"
    assert entries == [("persona_audit.viewed", subject, actor), ("persona.approved", subject, actor)]
    assert "Read it all." not in str(AuditEntry.objects.values_list("data", flat=True))


def test_a_report_is_hidden_from_other_people(client, bob, persona):
    audit = factories.make_audit(persona=persona)
    client.force_login(bob)
    assert client.get(reverse("persona_reviews:report", args=[audit.pk])).status_code == 404
    assert client.get(reverse("personas:audit", args=[persona.pk])).status_code == 404
