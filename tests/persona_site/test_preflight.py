"""The real command reports each fault that prevents a start in one sentence, without a traceback."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections import namedtuple

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from persona_site import preflight
from tests.site import free_port

pytestmark = pytest.mark.services


@pytest.fixture
def state(tmp_path_factory):
    """A separate state folder, with a path short enough for Unix sockets."""
    return tmp_path_factory.mktemp("state")


def up(state, **environment):
    """Runs `manage.py up`, which must refuse with exit code 1 and no traceback. Returns its stderr."""
    result = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=django_settings.BASE_DIR,
        env={key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL"}}
        | {"AFTERWORD_STATE": str(state), "PORT": str(free_port())}
        | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    return result.stderr


def test_a_port_in_use(state):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        output = up(state, PORT=str(port))
    assert f"Port {port} on 127.0.0.1 is in use by another program." in output
    assert f"PORT={port + 1} make run" in output


def test_a_database_that_does_not_answer_is_named_without_its_password(state):
    output = up(state, DATABASE_URL="postgresql://me:sesame-opens@127.0.0.1:1/site")
    assert "The database at 127.0.0.1:1/site does not answer" in output
    assert "Check DATABASE_URL." in output
    assert "sesame-opens" not in output


@pytest.mark.thorough
def test_a_redis_that_does_not_answer_is_named_without_its_password(state):
    output = up(state, DATABASE_URL=embedded_database_url(), REDIS_URL="redis://:sesame-opens@127.0.0.1:1/0")
    assert "Redis at 127.0.0.1:1 does not answer (ConnectionError). Check REDIS_URL." in output
    assert "sesame-opens" not in output


def embedded_database_url():
    """The URL of the test run's own server, as an operator would write it."""
    return f"postgresql://postgres@/postgres?host={django_settings.DATABASES['default']['HOST']}"


@pytest.mark.thorough
def test_an_address_that_is_none(state):
    assert "DATABASE_URL must read postgresql://" in up(state, DATABASE_URL="mysql://me@somewhere/site")


def test_a_state_folder_that_is_a_file(tmp_path):
    (tmp_path / "state").write_text("")
    assert f"The state folder {tmp_path}/state cannot be used" in up(tmp_path / "state")


@pytest.mark.thorough
def test_a_state_folder_with_too_long_a_name(tmp_path):
    assert "Unix sockets allow 80" in up(tmp_path / ("x" * 90))


@pytest.mark.thorough
def test_a_remote_engine_without_an_address(state):
    output = up(state, ENGINES="openai")
    assert "ENGINES has openai, but OPENAI_BASE_URL is empty. Set OPENAI_BASE_URL" in output
    assert "(afterword.E003)" in output


def test_a_confirmation_by_e_mail_without_a_mail_server(state):
    output = up(state, EMAIL_VERIFICATION="mandatory")
    assert "EMAIL_VERIFICATION is mandatory, but EMAIL_BACKEND" in output
    assert "Or set EMAIL_VERIFICATION=optional. (afterword.E006)" in output


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        (
            "ENGINES",
            ["magic"],
            "'magic', which is unknown. Known: continuous_batching, openai, openvino, transformers.",
        ),
        ("CLASSIFIERS", ["lexicon", "oracle"], "'oracle', which is unknown. Known:"),
        ("MODEL", "llama", "'llama', which is not packaged. Known: smollm2-135m"),
    ],
)
def test_an_unknown_name_is_told_with_those_that_are_known(settings, setting, value, sentence):
    setattr(settings, setting, value)
    with pytest.raises(preflight.CannotStart, match=f"{setting} names {re.escape(sentence)}"):
        preflight.configuration()


@pytest.mark.parametrize("version", ["3.8", "3.10"])
def test_an_old_python_is_told_before_anything_is_imported(version):
    code = (
        "import collections, runpy, sys\n"
        "version = collections.namedtuple('V', 'major minor micro releaselevel serial')\n"
        f"sys.version_info = version(*map(int, '{version}.1'.split('.')), 'final', 0)\n"
        f"sys.version = '{version}.1 (main)'\n"
        "runpy.run_path('manage.py', run_name='__main__')\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=django_settings.BASE_DIR, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == f"Afterword needs Python 3.11 or newer; this is {version}.1.\n"


@pytest.mark.django_db
def test_a_database_of_a_newer_version():
    preflight.schema()
    MigrationRecorder(connection).record_applied("chat", "9999_of_tomorrow")
    with pytest.raises(preflight.CannotStart, match=r"newer version of Afterword .*chat\.9999_of_tomorrow"):
        preflight.schema()


Usage = namedtuple("Usage", "total used free")


def test_a_full_disk_says_how_much_is_needed(settings, tmp_path, monkeypatch):
    settings.STATE_DIR = tmp_path
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**10, 10**10, 50 * 1024**2))
    with pytest.raises(preflight.CannotStart, match=r"has 50 MB free; this start needs 1200 MB\. Free some space"):
        preflight.state_folder()
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18")
    with pytest.raises(preflight.CannotStart, match="this start needs 100 MB"):
        preflight.state_folder()


def test_a_state_folder_that_cannot_be_written(settings, tmp_path):
    settings.STATE_DIR = tmp_path / "file" / "below"
    (tmp_path / "file").write_text("")
    with pytest.raises(preflight.CannotStart, match=r"cannot be written: Not a directory\. Free some space, or point"):
        preflight.state_folder()


@pytest.mark.django_db
def test_a_database_without_pgvector(monkeypatch):
    class Cursor:
        """Answers like a server without the extension."""

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def execute(self, query):
            pass

        def fetchone(self):
            return (0,)

    monkeypatch.setattr(preflight.connection, "cursor", Cursor)
    with pytest.raises(preflight.CannotStart, match=r"has no pgvector\. Install it on that server"):
        preflight.database_url()
