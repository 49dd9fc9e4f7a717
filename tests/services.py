"""A pytest plugin, loaded before Django's settings: the tests' own state folder, PostgreSQL and Redis."""

import os
from contextlib import ExitStack

import pytest

from tests.site import ROOT

os.environ.setdefault("AFTERWORD_STATE", str(ROOT / "var" / "test"))
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the test's thread

_stack = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    from persona_site import services

    _stack.enter_context(services.running_for(["test"]))


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()
