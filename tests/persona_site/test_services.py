"""Management commands before the first start of a site."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.site import ROOT


def judge(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "texts.jsonl").write_text(json.dumps({"id": "a", "text": "I planted beans this morning."}))
    command = [sys.executable, "manage.py", "moderate", "--input", str(folder / "texts.jsonl")]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)


@pytest.mark.services
def test_a_command_makes_the_tables_of_a_new_state_folder(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="afterword-") as state:  # tmp_path is too long for a socket
        done = judge(tmp_path, AFTERWORD_STATE=state)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["action"] == "allow"


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
