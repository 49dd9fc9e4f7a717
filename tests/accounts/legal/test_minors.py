"""The audit of what is kept of people under 18 (compliance CN7)."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from chat.models import Author
from tests import factories

pytestmark = pytest.mark.django_db


def test_cn7_the_audit_counts_what_is_kept_of_minors_without_names_and_words(alice: User, settings) -> None:
    settings.MINIMUM_AGE = 16
    young = factories.make_user("kid17", born=timezone.localdate() - timedelta(days=17 * 366))
    for user in (young, alice):
        conversation = factories.make_conversation(owner=user, title="A marked title")
        conversation.messages.create(author=Author.USER, text="A marked word.")
    out = StringIO()
    call_command("minors_audit", stdout=out)
    audit = json.loads(out.getvalue())
    [account] = audit["accounts"]
    assert (account["account"], account["age"], audit["under_14"]) == (young.pk, 17, 0)
    assert account["rows"]["chat.messages"] == 1
    assert account["rows"]["account.consents"] >= 1
    assert audit["kinds_of_data"]["conversations"]["ground"].startswith("Contract")
    for trace in ("marked", young.email, young.username, "Ada"):
        assert trace not in out.getvalue()
