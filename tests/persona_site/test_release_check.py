"""The check before a deploy (compliance CN3)."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from moderation.crisis import reading
from moderation.models import AuditEntry
from persona_site import release_check

pytestmark = pytest.mark.django_db


def test_cn3_a_whole_site_may_be_deployed_and_the_run_is_recorded() -> None:
    out = StringIO()
    call_command("release_check", stdout=out)
    assert "ok     safety run" in out.getvalue()
    assert AuditEntry.objects.get(action="release.checked").data == {"failed": []}


def test_cn3_a_failed_safety_run_blocks_the_deploy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "read", lambda talks: [reading.NOTHING] * len(talks))
    out = StringIO()
    with pytest.raises(CommandError, match="crisis module, safety run"):
        call_command("release_check", stdout=out)
    assert "FAILED crisis module" in out.getvalue()
    assert AuditEntry.objects.get(action="release.checked").data == {"failed": ["crisis module", "safety run"]}


def test_cn3_the_trail_of_what_happened_is_kept_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing purges the audit trail: no row of the privacy page deletes it."""
    from accounts.personal_data import privacy

    monkeypatch.setattr(release_check.audit_trail, "verify", lambda: release_check.audit_trail.Verified(1, "", 1, "x"))
    assert release_check.run()["audit trail"]
    before = AuditEntry.objects.count()
    privacy.purge()
    assert AuditEntry.objects.count() == before
