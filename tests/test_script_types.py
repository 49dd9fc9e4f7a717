"""The compiler that `make lint` runs over static/js, tried on faults that it must find."""

import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
_COMPILER = ROOT / ".venv/typescript/node_modules/typescript/bin/tsc"


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A copy of the scripts, to be spoilt."""
    shutil.copy(ROOT / "jsconfig.json", tmp_path)
    return Path(shutil.copytree(ROOT / "static/js", tmp_path / "static/js"))


def faults(scripts: Path) -> str:
    """What the compiler says; empty: nothing is wrong."""
    project = scripts.parent.parent / "jsconfig.json"
    command = [ROOT / ".venv/bin/node", _COMPILER, "--project", project]
    return subprocess.run(command, capture_output=True, text=True, cwd=project.parent).stdout


@pytest.mark.slow
def test_a_frame_that_the_page_does_not_show_is_a_type_error(scripts: Path) -> None:
    types = scripts / "chat/protocol.d.ts"
    text = types.read_text("utf-8")
    types.write_text(text.replace("  | ThreadChanged", "  | { type: 'thread.new' }\n  | ThreadChanged"), "utf-8")
    assert "static/js/chat/main.js" in faults(scripts)


def test_no_script_looks_away_from_its_types() -> None:
    escapes = ("@ts-ignore", "@ts-expect-error", "@ts-nocheck", "{any}", "<any>", "any[]")
    modules = {path.name: path.read_text("utf-8") for path in (ROOT / "static/js").rglob("*.js")}
    assert [(name, escape) for name, text in modules.items() for escape in escapes if escape in text] == []
