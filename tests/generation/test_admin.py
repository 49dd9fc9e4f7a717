import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generation.catalogue import model_rows, packaged
from generation.models import ModelEntry

pytestmark = pytest.mark.django_db
LIST = "admin:generation_modelentry_changelist"


@pytest.fixture
def desk(client: Client, olga: User) -> Client:
    client.force_login(olga)
    model_rows.entries()
    return client


def activate(desk: Client, *names: str) -> str:
    data = {"action": "activate", "_selected_action": names}
    return desk.post(reverse(LIST), data, follow=True).content.decode()


def test_the_owner_lets_an_installed_model_speak(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_rows, "is_installed", lambda name: True)
    assert "is active from the next reply on" in activate(desk, "gemma3-270m")
    assert model_rows.active().name == "gemma3-270m"


def test_a_model_that_is_not_installed_stays_silent(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_rows, "is_installed", lambda name: False)
    assert "is not installed yet" in activate(desk, "gemma3-270m")
    assert not ModelEntry.objects.filter(is_active=True).exists()


def test_only_one_can_be_selected(desk: Client) -> None:
    assert "Select one model" in activate(desk, *packaged.PACKAGED)


def test_rows_are_not_changed_by_hand(desk: Client) -> None:
    page = desk.get(reverse("admin:generation_modelentry_change", args=[packaged.DEFAULT])).content.decode()
    assert 'name="is_active"' not in page
