"""No request to /v1/ goes round the approval that a policy requires (compliance T1)."""

import pytest

from api import completions, queueing
from personas.audit import approvals
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(alice):
    return factories.make_persona(owner=alice)


def test_t1_a_persona_without_an_approval_answers_no_program(alices, ada, mina, speak, approval_required):
    prompts = speak(" It stands.")
    bodies = {
        "chat/completions": {"model": str(ada.pk), "messages": [{"role": "user", "content": "How is the lighthouse?"}]},
        "completions": {"model": "Ada", "prompt": "How is the lighthouse?"},
    }
    for path, body in bodies.items():
        answer = alices.post(path, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "persona_not_approved")
        assert "Start the audit" in answer.json()["error"]["message"]
    assert not prompts
    audit = factories.make_audit(persona=ada)
    approvals.decide(audit=audit, reviewer=mina, decision="approved", reason="Read it all.")
    assert alices.post("chat/completions", bodies["chat/completions"]).status_code == 200


def test_t1_an_edit_while_a_request_waits_silences_its_answer(alices, ada, mina, speak, approval_required, monkeypatch):
    prompts = speak(" It stands.")
    audit = factories.make_audit(persona=ada)
    approvals.decide(audit=audit, reviewer=mina, decision="approved", reason="Read it all.")

    def edited_meanwhile(job_ids, account):
        ada.sayings = ["The lamp is out."]
        ada.save()
        list(map(completions.produce, job_ids))

    monkeypatch.setattr(queueing, "hand_over", edited_meanwhile)
    body = {"model": str(ada.pk), "messages": [{"role": "user", "content": "How is the lighthouse?"}]}
    answer = alices.post("chat/completions", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "persona_not_approved")
    assert not prompts
