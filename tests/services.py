"""A pytest plugin, loaded before Django's settings: the tests' own state folder, PostgreSQL and Redis.

Where tests run side by side (pytest-xdist), each worker has a folder and stores of its own; the converted models are
the same for all.
"""

import os
from contextlib import ExitStack

import pytest

from tests.site import ROOT, share_models

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")

# A worker inherits the environment of the process that hands out tests.
os.environ.setdefault("AFTERWORD_STATE", str(ROOT / "var" / "test"))
if WORKER:
    os.environ["AFTERWORD_STATE"] = str(ROOT / "var" / "test" / WORKER)
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the test's thread

_stack = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    from persona_site import services

    if config.getoption("numprocesses", None) and not WORKER:
        return  # hands out tests, and runs none
    if WORKER:
        share_models(services.state_dir())
    _stack.enter_context(services.running_for(["test"]))


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()
