"""A pytest plugin, loaded before Django's settings: the tests' own state folder, PostgreSQL and Redis.

With `--without-services` nothing is started, and the tests that need something started are left out: those that
request one of the fixtures below, directly or through another fixture, or carry one of the marks. Slow ones are left
out too. A test that needs a service and has neither fails at once, because nobody listens at the addresses given here.
"""

import os
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.site import ROOT, share_models

os.environ.setdefault("AFTERWORD_STATE", str(ROOT / "var" / "test"))
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the test's thread

_OPTION = "--without-services"
_FIXTURES = {"db", "transactional_db", "installed_model", "browser"}
_MARKS = ("django_db", "model", "e2e", "faults", "training", "thorough", "services", "slow")
_NOBODY = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "REDIS_URL": "redis://127.0.0.1:1/0"}

_stack = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(_OPTION, action="store_true", help="Only what needs no PostgreSQL, Redis, model or Chromium.")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    if early_config.known_args_namespace.without_services:
        os.environ.update(_NOBODY)
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption(_OPTION):
        from persona_site import services

        share_models(Path(os.environ["AFTERWORD_STATE"]))
        _stack.enter_context(services.running_for(["test"]))


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption(_OPTION):
        config.hook.pytest_deselected(items=[item for item in items if needs_services(item)])
        items[:] = [item for item in items if not needs_services(item)]


def needs_services(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return not _FIXTURES.isdisjoint(fixtures) or any(item.get_closest_marker(mark) for mark in _MARKS)
