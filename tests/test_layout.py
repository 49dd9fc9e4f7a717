"""Arrows between rooms point one way: api → chat → personas → generation, moderation → accounts."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
BELOW = {
    "accounts": set(),
    "generation": {"accounts"},
    "moderation": {"accounts"},
    "personas": {"accounts", "generation", "moderation"},
    "chat": {"accounts", "generation", "moderation", "personas"},
    "api": {"accounts", "generation", "moderation", "personas", "chat"},
}
# What of the site's frame a room may use; the rest of persona_site looks into rooms, not they into it.
FRAME = {"persona_site.redis", "persona_site.env"}
ROOMS = [room for room in BELOW if (ROOT / room).is_dir()]


def imports(path: Path) -> set[str]:
    """Dotted names of the modules that a file imports, at its top or inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_the_reader_of_imports_sees_them():
    assert "accounts.models.User" in imports(ROOT / "accounts/requests.py")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_below_it(room):
    wrong = []
    for path in (ROOT / room).rglob("*.py"):
        for name in imports(path):
            other = name.split(".")[0]
            if other in BELOW and other != room and other not in BELOW[room]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
            if other == "persona_site" and not any(name.startswith(allowed) for allowed in FRAME):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_tables_are_no_backdoor():
    """A foreign key by a string is an arrow too."""
    wrong = []
    for room in ROOMS:
        for path in [ROOT / room / "models.py", *(ROOT / room / "models").glob("*.py")]:
            if not path.exists():
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    other, dot, model = node.value.partition(".")
                    if dot and other in BELOW and model.isidentifier() and other not in BELOW[room] | {room}:
                        wrong.append(f"{path.relative_to(ROOT)} points at {node.value}")
    assert not wrong
