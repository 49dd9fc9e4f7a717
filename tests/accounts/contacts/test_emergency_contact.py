"""The emergency contact: named with consent, told at once, free to decline (compliance CN4)."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.contacts import emergency_contact
from accounts.models import Consent, DeclinedAddress, EmergencyContact, User
from accounts.personal_data import my_data

pytestmark = pytest.mark.django_db

TYPED = {
    "act": "appoint",
    "name": "Bea",
    "email": "bea@example.test",
    "own_name": "Alice Lamp",
    "consent": "on",
}


def test_cn4_a_contact_is_named_with_consent_and_told_at_once(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.post("/account/emergency-contact/", {**TYPED, "consent": ""}).status_code == 400
    assert not EmergencyContact.objects.exists()
    client.post("/account/emergency-contact/", TYPED)
    consent = Consent.objects.get(user=alice, kind=emergency_contact.KIND)
    assert (consent.text, consent.text_version) == (str(emergency_contact.CONSENT), emergency_contact.VERSION)
    [letter] = mail.outbox
    assert letter.to == ["bea@example.test"]
    assert "Alice Lamp" in letter.body
    assert "Bea" in client.get("/account/").text
    assert dict(my_data.contents(alice))["account"]["emergency_contact"][0]["email"] == "bea@example.test"
    client.post("/account/emergency-contact/", {"act": "withdraw"})
    assert emergency_contact.of(alice) is None


def test_cn4_the_contact_declines_by_the_link_and_is_not_asked_again(client: Client, alice: User) -> None:
    emergency_contact.appoint(user=alice, name="Bea", email="bea@example.test", own_name="Alice")
    link = re.search(r"http\S+/emergency-contact/\S+", mail.outbox[0].body)
    assert link
    path = link[0].split("/", 3)[3]
    assert "named you as an emergency contact" in client.get(f"/{path}").text
    client.post(f"/{path}")
    assert "no longer a contact" in client.get(f"/{path}").text
    assert emergency_contact.of(alice) is None
    with pytest.raises(emergency_contact.ContactRefused):
        emergency_contact.appoint(user=alice, name="Bea", email="BEA@example.test", own_name="Alice")
    assert client.get("/emergency-contact/forged/").status_code == 404


@pytest.mark.parametrize("between", ["removed", "another"])
def test_cn4_a_refusal_outlives_the_contact(alice: User, bob: User, between: str) -> None:
    named = emergency_contact.appoint(user=alice, name="Bea", email="bea@example.test", own_name="Alice")
    EmergencyContact.objects.filter(pk=named.pk).update(declined_at=timezone.now())
    if between == "removed":
        emergency_contact.withdraw(alice)
    else:
        emergency_contact.appoint(user=alice, name="Cy", email="cy@example.test", own_name="Alice")
    for address in ("bea@example.test", "Bea+again@Example.test"):
        with pytest.raises(emergency_contact.ContactRefused):
            emergency_contact.appoint(user=alice, name="Bea", email=address, own_name="Alice")
    emergency_contact.appoint(user=bob, name="Bea", email="bea@example.test", own_name="Bob")
    assert [letter.to for letter in mail.outbox].count(["bea@example.test"]) == 2
    my_data.erase(alice)
    assert not DeclinedAddress.objects.exists()


@pytest.mark.parametrize(
    "name", ["Bea evil.example", "www.evil", "Bea\n\nhttp:/evil", "b@evil", "evil．example", "\u200b"]
)
def test_cn4_no_address_travels_in_a_name(alice: User, name: str) -> None:
    for names in ({"name": name, "own_name": "Alice"}, {"name": "Bea", "own_name": name}):
        with pytest.raises(emergency_contact.ContactRefused):
            emergency_contact.appoint(user=alice, email="bea@example.test", **names)
    assert not mail.outbox
    emergency_contact.appoint(user=alice, name="Dr. Li\nJ.R. Ó Sé", email="bea@example.test", own_name="Ádám-Alice")
    assert "Hello Dr. Li J.R. Ó Sé,\n" in mail.outbox[0].body


def test_cn4_nobody_is_their_own_contact_and_a_contact_who_cannot_be_told_is_not_stored(
    alice: User, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(emergency_contact.ContactRefused):
        emergency_contact.appoint(user=alice, name="Me", email=alice.email.upper(), own_name="Alice")

    def down(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("accounts.mail.send_mail", down)
    with pytest.raises(emergency_contact.ContactRefused):
        emergency_contact.appoint(user=alice, name="Bea", email="bea@example.test", own_name="Alice")
    assert not EmergencyContact.objects.exists()
    assert not Consent.objects.filter(kind=emergency_contact.KIND).exists()
