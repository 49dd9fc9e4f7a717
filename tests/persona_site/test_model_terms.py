"""The terms of MODEL must be accepted in the terminal. Otherwise nothing is fetched."""

import io

import pytest

from generation.catalogue import model_rows, packaged
from persona_site import preflight
from persona_site.management.commands.up import Command

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def command(settings, tmp_path):
    settings.STATE_DIR = tmp_path
    settings.ACCEPT_MODEL_TERMS = False
    return Command(stdout=io.StringIO())


def accept(command):
    command._accept_terms(packaged.PACKAGED["gemma3-270m"])


def test_without_a_terminal_they_are_shown_and_refused(command, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(preflight.CannotStart, match="ACCEPT_MODEL_TERMS=yes"):
        accept(command)
    assert packaged.PACKAGED["gemma3-270m"].terms.text in command.stdout._out.getvalue()
    assert not model_rows.terms_accepted("gemma3-270m")


@pytest.mark.parametrize("answer", ["", "n", "no", "what?"])
def test_any_answer_but_yes_accepts_nothing(command, monkeypatch, answer):
    monkeypatch.setattr("sys.stdin", Terminal(answer + "\n"))
    with pytest.raises(preflight.CannotStart, match="You did not accept the terms"):
        accept(command)
    assert not model_rows.terms_accepted("gemma3-270m")


def test_yes_is_kept_and_not_asked_again(command, monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    accept(command)
    assert model_rows.terms_accepted("gemma3-270m")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    accept(command)


def test_the_setting_accepts_without_a_terminal(command, settings, monkeypatch):
    settings.ACCEPT_MODEL_TERMS = True
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    accept(command)
    assert model_rows.terms_accepted("gemma3-270m")


def test_a_model_without_terms_is_not_asked_about(command, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    command._accept_terms(packaged.PACKAGED[packaged.DEFAULT])
    assert command.stdout._out.getvalue() == ""
