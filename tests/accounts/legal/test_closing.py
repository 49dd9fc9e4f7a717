"""The notice before the service ends (compliance CN10)."""

from datetime import timedelta
from io import StringIO
from smtplib import SMTPException

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.legal import closing
from accounts.models import User

pytestmark = pytest.mark.django_db


def notice(*arguments):
    output = StringIO()
    call_command("shutdown_notice", *arguments, stdout=output)
    return output.getvalue()


def in_days(days):
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def test_cn10_every_page_and_an_e_mail_to_everybody_say_when_the_site_closes(client, alice, bob):
    User.objects.create_user(username="second", email=alice.email)
    User.objects.create_user(username="gone", email="gone@example.test", is_active=False)
    User.objects.create_user(username="owner", email="owner@localhost")
    assert "E-mails sent: 2." in notice("--on", in_days(40))
    assert sorted(letter.to for letter in mail.outbox) == [[alice.email], [bob.email]]
    assert in_days(40) in mail.outbox[0].subject
    assert "/account/" in mail.outbox[0].body
    for path in ("/", "/privacy/", "/account/login/"):
        page = client.get(path).text
        assert f'datetime="{in_days(40)}"' in page
        assert "Download your data" in page


def test_cn10_a_letter_that_is_not_taken_stops_no_other_and_is_named(alice, bob, monkeypatch):
    send = EmailMultiAlternatives.send

    def refuse(letter, **options):
        if letter.to == [alice.email]:
            raise SMTPException("refused")
        return send(letter, **options)

    monkeypatch.setattr(EmailMultiAlternatives, "send", refuse)
    with pytest.raises(CommandError, match=alice.email):
        notice("--on", in_days(40))
    assert [letter.to for letter in mail.outbox] == [[bob.email]]
    assert closing.announced().isoformat() == in_days(40)


def test_cn10_people_get_thirty_days(client):
    with pytest.raises(CommandError, match="30 days"):
        notice("--on", in_days(29))
    assert closing.announced() is None
    assert not mail.outbox
    notice("--on", in_days(30))


def test_cn10_a_notice_can_be_moved_and_withdrawn(client):
    notice("--on", in_days(40))
    notice("--on", in_days(50))
    assert closing.announced().isoformat() == in_days(50)
    assert "withdrawn" in notice("--withdraw")
    assert "No notice" in notice("--withdraw")
    assert "This site closes" not in client.get("/").text


def test_cn10_history_can_be_copied_and_deleted(client, alice):
    client.force_login(alice)
    page = client.get("/account/").text
    assert "/account/export/" in page
    assert "/account/erase/" in page
