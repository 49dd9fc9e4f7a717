"""The guardian of a person under 18: named, told, free to decline, and never shown a word (compliance CN5)."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail, signing
from django.test import Client
from django.utils import timezone

from accounts.contacts import emergency_contact, guardians
from accounts.contacts.guardians import Limits
from accounts.models import Consent, Guardian, User
from accounts.personal_data import my_data, privacy
from accounts.sign_in import ages
from moderation import audit_trail
from moderation.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db

TYPED = {"act": "appoint", "name": "Gwen", "email": "gwen@example.test", "own_name": "Kit", "consent": "on"}


@pytest.fixture
def kit(settings) -> User:
    """Somebody of 17, where the operator admits them."""
    settings.MINIMUM_AGE = 16
    return factories.make_user("kit", born=timezone.localdate() - timedelta(days=17 * 366))


def token_of(user: User) -> str:
    return guardians.address(Guardian.objects.get(user=user)).rstrip("/").rsplit("/", 1)[1]


def named(user: User, *, email: str = "gwen@example.test") -> str:
    """Names a guardian. The token of their link."""
    guardians.appoint(user=user, name="Gwen", email=email, own_name="Kit")
    return token_of(user)


@pytest.mark.parametrize("email", ["kit@example.test", "SECOND@example.test", "second+guardian@example.test"])
def test_cn5_nobody_is_their_own_guardian_or_contact_by_another_address(kit: User, email: str) -> None:
    User.objects.filter(pk=kit.pk).update(email="kit@example.test")
    kit.refresh_from_db()
    EmailAddress.objects.create(user=kit, email="second@example.test")
    with pytest.raises(guardians.GuardianRefused, match="your own address"):
        named(kit, email=email)
    with pytest.raises(emergency_contact.ContactRefused, match="your own address"):
        emergency_contact.appoint(user=kit, name="Gwen", email=email, own_name="Kit")
    assert mail.outbox == []


def test_cn5_a_guardian_is_named_told_and_accepts_without_an_account(client: Client, kit: User) -> None:
    client.force_login(kit)
    assert client.post("/account/guardian/", {**TYPED, "consent": ""}).status_code == 400
    client.post("/account/guardian/", TYPED)
    assert Consent.objects.get(user=kit, kind=guardians.KIND).text == str(guardians.CONSENT)
    [letter] = mail.outbox
    assert letter.to == ["gwen@example.test"]
    link = re.search(r"http\S+/guardian/\S+", letter.body)
    assert link
    path = "/" + link[0].split("/", 3)[3]
    assert "has not answered yet" in client.get("/account/guardian/").text
    assert guardians.of(kit) is None  # before they accept, nothing changes
    visitor = Client()
    assert "You never see what they write" in visitor.get(path).text
    assert visitor.post(path, {"act": "set", "minutes": 30, "messages": 50, "personas": "all"}).status_code == 302
    assert Guardian.objects.get(user=kit).minutes_per_day is None  # not accepted yet
    visitor.post(path, {"act": "accept"})
    sent = {"act": "set", "minutes": 30, "messages": 50, "personas": "shipped", "alert": "on"}
    visitor.post(path, sent)
    guardian = guardians.of(kit)
    assert guardian is not None
    assert guardians.limits_of(guardian) == Limits(30, 50, True, True)
    page = client.get("/account/guardian/").text
    for words in ("At most 30 minutes a day", "At most 50 messages a day", "Only the personas that come", "an e-mail"):
        assert words in page
    assert "Gwen" in client.get("/account/").text
    assert visitor.post(path, {**sent, "minutes": 31}).status_code == 400
    with pytest.raises(ValueError, match="nobody can choose"):
        guardians.set_limits(path.split("/")[2], Limits(minutes_per_day=31))
    steps = AuditEntry.objects.filter(subject=f"user:{kit.pk}").order_by("id").values_list("action", "data")
    assert [action for action, _ in steps] == ["guardian.named", "guardian.accepted", "guardian.limits_set"]
    assert "30" not in str(steps[2][1])
    assert audit_trail.verify().fault == ""


def test_cn5_a_guardian_declines_or_withdraws_and_is_not_asked_again(kit: User) -> None:
    link = named(kit)
    guardians.accept(link)
    guardians.set_limits(link, Limits(minutes_per_day=30))
    path = f"/guardian/{link}/"
    Client().post(path, {"act": "decline"})
    assert "You are not a guardian now" in Client().get(path).text
    assert guardians.of(kit) is None
    guardians.accept(link)
    assert guardians.of(kit) is None  # a no stays a no
    with pytest.raises(guardians.GuardianRefused):
        guardians.set_limits(link, Limits())
    with pytest.raises(guardians.GuardianRefused):
        named(kit, email="GWEN@example.test")


def test_cn5_a_wrong_an_old_and_a_foreign_link_open_nothing(client: Client, kit: User, bob: User) -> None:
    link = named(kit)
    guardian = Guardian.objects.get(user=kit)
    hostile = [
        "forged", link[:-1], link + "x",
        signing.dumps(guardian.key.hex, salt="accounts.emergency_contact"),
        signing.dumps([guardian.key.hex], salt="accounts.guardians"),
        signing.dumps("0" * 32, salt="accounts.guardians"),
    ]  # fmt: skip
    for wrong in hostile:
        answer = client.post(f"/guardian/{wrong}/", {"act": "accept"})
        assert answer.status_code == 404
        assert "This link does not work" in answer.text
    client.force_login(kit)
    assert "signed in with your own account" in client.get(f"/guardian/{link}/").text
    assert client.post(f"/guardian/{link}/", {"act": "accept"}).status_code == 403
    named(kit, email="other@example.test")
    assert Client().get(f"/guardian/{link}/").status_code == 404  # a newer one has replaced it
    assert guardians.of(kit) is None
    client.force_login(bob)
    assert client.get("/account/guardian/").status_code == 404  # an adult
    assert "A guardian" not in client.get("/account/").text
    with pytest.raises(guardians.GuardianRefused):
        named(bob)
    with pytest.raises(guardians.GuardianRefused):
        named(kit, email=kit.email.upper())


def test_cn5_no_accepted_guardian_is_removed_without_being_told(
    client: Client, kit: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = named(kit)
    guardians.accept(link)
    with pytest.raises(guardians.GuardianRefused):
        named(kit, email="other@example.test")  # nor replaced

    def down(*_: object) -> None:
        raise OSError

    client.force_login(kit)
    with monkeypatch.context() as broken:
        broken.setattr("accounts.mail.send_mail", down)
        assert "could not tell Gwen" in client.post("/account/guardian/", {"act": "remove"}, follow=True).text
    assert guardians.of(kit) is not None
    client.post("/account/guardian/", {"act": "remove"})
    assert guardians.named_by(kit) is None
    assert "no longer the guardian" in mail.outbox[-1].subject
    assert mail.outbox[-1].to == ["gwen@example.test"]
    assert Client().get(f"/guardian/{link}/").status_code == 404


def test_cn5_everything_ends_at_eighteen(kit: User) -> None:
    link = named(kit)
    guardians.accept(link)
    guardians.set_limits(link, Limits(only_shipped=True))
    ages.correct(user=kit, birth_date=timezone.localdate() - timedelta(days=18 * 366))
    kit.refresh_from_db()
    assert guardians.of(kit) is None
    assert Client().get(f"/guardian/{link}/").status_code == 404
    privacy.purge()
    assert not Guardian.objects.exists()


def test_cn5_the_guardian_is_exported_erased_and_seen_by_no_staff(
    kit: User, olga: User, client: Client, django_capture_on_commit_callbacks
) -> None:
    guardians.accept(named(kit))
    [row] = dict(my_data.contents(kit))["account"]["guardian"]
    assert (row["email"], row["minutes_per_day"]) == ("gwen@example.test", None)
    client.force_login(olga)
    page = client.get(f"/admin/accounts/user/{kit.pk}/change/").text
    assert "Has a guardian" in page
    assert "gwen@example.test" not in page
    with django_capture_on_commit_callbacks(execute=True):
        my_data.erase(kit)
    assert not Guardian.objects.exists()
    assert "no longer the guardian" in mail.outbox[-1].subject


def test_cn5_a_guardian_who_asked_for_it_is_told_of_a_crisis_once_a_day(
    kit: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = named(kit)
    guardians.accept(link)
    mail.outbox.clear()
    guardians.note_crisis(kit)
    guardians.send_alerts()
    assert mail.outbox == []  # they have not asked for it
    guardians.set_limits(link, Limits(is_alerted=True))
    guardians.note_crisis(kit)

    def down(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr("accounts.mail.send_mail", down)
        guardians.send_alerts()
    for _ in range(3):
        guardians.send_alerts()  # what could not be sent stays owed
        guardians.note_crisis(kit)
    [letter] = mail.outbox
    assert "Kit" in letter.subject
    assert "/safety/help/" in letter.body
    Guardian.objects.update(alerted_at=timezone.now() - timedelta(hours=25))
    guardians.note_crisis(kit)
    guardians.decline(link)
    guardians.send_alerts()
    assert len(mail.outbox) == 1  # not after they have withdrawn


def test_cn5_a_refusal_outlives_the_guardian_and_no_address_travels_in_a_name(kit: User) -> None:
    guardians.decline(named(kit))
    guardians.remove(kit)
    guardians.decline(named(kit, email="hugh@example.test"))
    for address in ("gwen@example.test", "Gwen+again@Example.test", "hugh@example.test"):
        with pytest.raises(guardians.GuardianRefused, match="rather not"):
            named(kit, email=address)
    with pytest.raises(guardians.GuardianRefused, match="holds no address"):
        guardians.appoint(user=kit, name="Visit evil.example", email="ivy@example.test", own_name="Kit")
    assert len(mail.outbox) == 2
