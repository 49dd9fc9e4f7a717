"""When `manage.py up` prints its link: once replies can begin, and not much later if they cannot."""

from typing import Any

import pytest

from persona_site.management.commands import up


class FakeSupervisor:
    """Its processes run for so many looks."""

    def __init__(self, looks: int) -> None:
        self._looks = looks

    def is_running(self) -> bool:
        self._looks -= 1
        return self._looks >= 0


def wait(monkeypatch: pytest.MonkeyPatch, *answers: bool, seconds: float, looks: int = 1000) -> bool:
    """Waits on a site whose /readyz gives these answers in turn, and then the last one for ever."""
    left = list(answers)
    supervisor: Any = FakeSupervisor(looks)
    monkeypatch.setattr(up, "_get", lambda path: left.pop(0) if len(left) > 1 else left[0])
    monkeypatch.setattr(up, "REPLIES_SECONDS", seconds)
    return up._wait_for_replies(supervisor)


def test_the_link_waits_until_replies_can_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wait(monkeypatch, False, False, True, seconds=60)


def test_a_site_whose_engines_do_not_work_gets_its_link_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not wait(monkeypatch, False, seconds=0)


def test_nothing_is_waited_for_when_the_processes_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not wait(monkeypatch, False, seconds=60, looks=1)
