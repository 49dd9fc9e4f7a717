"""Other users of the machine cannot read the state folder, and folders above it are not changed."""

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from persona_site import processes, services
from tests.site import ROOT

IS_ROOT = os.geteuid() == 0


def mode_of(path):
    return stat.S_IMODE(path.lstat().st_mode)


def readable_by_others(folder):
    return [
        str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_symlink() and mode_of(path) & 0o077
    ]


@pytest.fixture
def parent():
    with tempfile.TemporaryDirectory(prefix="afterword-") as name:  # tmp_path is too long for a socket
        yield Path(name)


def run_command(state, tmp_path):
    """Runs a command that creates the state folder, the stores and the tables."""
    texts = tmp_path / "texts.jsonl"
    texts.write_text(json.dumps({"id": "a", "text": "I planted beans this morning."}))
    return subprocess.run(
        [sys.executable, "manage.py", "moderate", "--input", str(texts)],
        cwd=ROOT,
        env=os.environ | {"AFTERWORD_STATE": str(state)},
        capture_output=True,
        text=True,
        umask=0o022,
    )


@pytest.mark.services
def test_a_command_makes_a_new_state_folder_with_its_tables_which_is_its_owners_alone(parent, tmp_path):
    parent.chmod(0o711)  # others can pass through it and cannot list it
    done = run_command(parent / "state", tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["action"] == "allow"
    assert mode_of(parent) == 0o711
    # As root, PostgreSQL runs as another user in root's group, which can pass through and cannot list it.
    assert mode_of(parent / "state") == (0o710 if IS_ROOT else 0o700)
    assert readable_by_others(parent / "state") == []


@pytest.mark.services
def test_a_closed_folder_above_stays_closed(parent, tmp_path):
    parent.chmod(0o700)
    done = run_command(parent / "state", tmp_path)
    assert mode_of(parent) == 0o700
    if IS_ROOT:
        assert done.returncode == 1
        assert f"cannot pass through {parent}. " in done.stderr.splitlines()[-1]
        assert f"chmod o+x {parent}" in done.stderr
    else:
        assert done.returncode == 0, done.stderr


def test_what_an_earlier_version_left_open_is_closed_at_the_start(parent, monkeypatch):
    state = parent / "state"
    (state / "media" / "uploads").mkdir(parents=True, mode=0o755)
    letter = state / "media" / "uploads" / "letter"
    letter.write_text("Dear Ada")
    elsewhere = parent / "elsewhere"
    elsewhere.write_text("not ours")
    (state / "link").symlink_to(elsewhere)
    for path in (state, state / "media", state / "media" / "uploads"):
        path.chmod(0o755)
    letter.chmod(0o644)
    elsewhere.chmod(0o644)
    monkeypatch.setattr(services, "state_dir", lambda: state)
    services.close_to_others()
    assert readable_by_others(state) == []
    assert (mode_of(letter), mode_of(elsewhere)) == (0o600, 0o644)
    # A second start, which is refused, does not shut a running database out.
    assert mode_of(state) == (0o710 if IS_ROOT else 0o700)


def test_media_and_processes_are_their_owners_alone(tmp_path):
    storage = FileSystemStorage(location=tmp_path / "media")
    storage.save("avatars/a.webp", ContentFile(b"x"))
    assert mode_of(tmp_path / "media" / "avatars") == 0o700
    assert mode_of(tmp_path / "media" / "avatars" / "a.webp") == 0o600
    assert "umask = 077" in processes.configuration([])
