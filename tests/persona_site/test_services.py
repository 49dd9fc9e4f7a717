"""Management commands before the first start of a site."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from persona_site import services
from tests.site import ROOT


def judge(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "texts.jsonl").write_text(json.dumps({"id": "a", "text": "I planted beans this morning."}))
    command = [sys.executable, "manage.py", "moderate", "--input", str(folder / "texts.jsonl")]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)


@pytest.fixture
def empty_database(db: None) -> Iterator[str]:
    host = connection.settings_dict["HOST"]
    with psycopg.connect(f"postgresql://postgres@/postgres?host={host}", autocommit=True) as server:
        server.execute("CREATE DATABASE empty")
        yield f"postgresql://postgres@/empty?host={host}"
        server.execute("DROP DATABASE empty WITH (FORCE)")


def test_a_database_without_tables_is_told_in_a_sentence(tmp_path: Path, empty_database: str) -> None:
    done = judge(tmp_path, DATABASE_URL=empty_database)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "The database lacks tables. `python manage.py migrate` makes them; `make run` does so by itself."
    )
    assert "Traceback" not in done.stderr


@pytest.mark.services
def test_a_database_that_does_not_answer_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = judge(tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert "The database does not answer. Check DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("read", [services.database_settings, services.redis_url])
@pytest.mark.parametrize(
    "address", ["{}://me:open#sesame@host:5432/0", "{}://me:open/sesame@host:5432/0", "{}://[::1/0"]
)
def test_an_address_with_a_sign_that_it_cannot_hold_says_how_to_write_it(
    read: Callable[[str], object], address: str
) -> None:
    scheme = "redis" if read is services.redis_url else "postgresql"
    with pytest.raises(ImproperlyConfigured, match=r"_URL must read .* write # as %23") as raised:
        read(address.format(scheme))
    assert "sesame" not in str(raised.value)


def test_a_secret_that_a_full_disk_left_empty_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    path.touch()
    assert services.kept_secret(path, "first") == "first"
    assert services.kept_secret(path, "second") == "first"


def test_two_processes_that_begin_together_have_one_secret(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret_key"
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda n: services.kept_secret(path, f"secret {n}"), range(8)))) == 1
    assert path.stat().st_mode & 0o777 == 0o600
