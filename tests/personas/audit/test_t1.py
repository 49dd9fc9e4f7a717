"""Under the strict policy a persona talks only after its audit has passed and a reviewer has approved it."""

import pytest

from personas import creation, persona_fields
from personas.audit import approvals
from personas.models import Persona
from personas.persona_fields import PersonaFields
from personas.shipped import SAMANTHA
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("approval_required")]


@pytest.fixture
def persona(alice):
    return factories.make_persona(owner=alice, sayings=["The lamp is lit."])


def test_t1_no_approval_no_talk_and_the_reason_says_what_to_do(alice, mina, persona):
    assert "Start the audit" in approvals.silence_of(persona)
    audit = factories.make_audit(persona=persona, state="running", is_passed=None)
    assert "under way" in approvals.silence_of(persona)
    for state, is_passed, words in (
        ("failed", None, "Run it again"),
        ("ended", False, "did not pass"),
        ("ended", True, "will look"),
    ):
        audit.state, audit.is_passed = state, is_passed
        audit.save()
        assert words in approvals.silence_of(persona)
    approvals.decide(audit=audit, reviewer=mina, decision="refused", reason="Too close.")
    assert "refused it" in approvals.silence_of(persona)
    approvals.decide(audit=audit, reviewer=mina, decision="approved", reason="Better.")
    assert not approvals.silence_of(persona)


def test_t1_an_edit_of_one_sample_line_asks_again(alice, mina, persona):
    approvals.decide(audit=factories.make_audit(persona=persona), reviewer=mina, decision="approved", reason="Fine.")
    assert not approvals.silence_of(persona)
    changed = PersonaFields(**{**persona_fields.fields_of(persona), "sayings": ["The lamp is out."]})
    persona = creation.update_persona(user=alice, persona=persona, fields=changed)
    assert "have changed" in approvals.silence_of(persona)
    back = PersonaFields(**{**persona_fields.fields_of(persona), "sayings": ["The lamp is lit."]})
    assert not approvals.silence_of(creation.update_persona(user=alice, persona=persona, fields=back))


def test_t1_an_audit_that_did_not_pass_or_is_out_of_date_cannot_be_approved(mina, persona):
    failed = factories.make_audit(persona=persona, is_passed=False)
    old = factories.make_audit(persona=persona, fingerprint={"words": "others"})
    for audit in (failed, old):
        with pytest.raises(approvals.DecisionRefused):
            approvals.decide(audit=audit, reviewer=mina, decision="approved", reason="Fine.")
    assert [approvals.is_current(audit) for audit in approvals.waiting_for(mina)] == [False]


def test_t1_a_newer_failed_or_refused_audit_counts_before_an_older_approval(mina, persona):
    approvals.decide(audit=factories.make_audit(persona=persona), reviewer=mina, decision="approved", reason="Fine.")
    newer = factories.make_audit(persona=persona)
    assert not approvals.silence_of(persona)  # nobody has decided about the newer one
    approvals.decide(audit=newer, reviewer=mina, decision="refused", reason="No.")
    assert approvals.silence_of(persona)


def test_t1_a_copy_needs_its_own_approval_and_shipped_personas_need_none(alice, mina, persona):
    approvals.decide(audit=factories.make_audit(persona=persona), reviewer=mina, decision="approved", reason="Fine.")
    assert approvals.silence_of(creation.duplicate_persona(user=alice, persona=persona))
    assert not approvals.silence_of(Persona(pk=SAMANTHA, is_shared=True))
