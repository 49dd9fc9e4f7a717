"""Every name of our code that a document, a docstring or a comment puts in backticks exists."""

import ast
import re
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path

from django.conf import settings

from tests.sources import tree

ROOT = Path(settings.BASE_DIR)
DOTTED = re.compile(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?:\([^`]*\))?`")
FILE = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|md|html|css|js|json|toml|txt|sh|svg|png))(?::[^`]*)?`")
PRODUCT = (
    "accounts",
    "api",
    "chat",
    "generation",
    "moderation",
    "personas",
    "persona_site",
    "stories",
    "text",
    "benchmarks",
    "tests",
)


def tracked(*endings: str) -> list[Path]:
    """Files of the repository with these endings, new ones that git does not ignore included."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for name in listing.stdout.splitlines() if (path := ROOT / name).suffix in endings and path.is_file()]


@cache
def members(tree_path: Path) -> dict[str, set[str]]:
    """Top-level names of a module; a class comes with its attributes, methods and fields."""
    names: dict[str, set[str]] = {}
    for node in tree(tree_path).body:
        match node:
            case ast.ClassDef():
                names[node.name] = class_members(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                names[node.name] = set()
            case ast.Import() | ast.ImportFrom():
                names |= {(alias.asname or alias.name).split(".")[0]: set() for alias in node.names}
            case _:
                names |= {name.id: set() for name in ast.walk(node) if isinstance(name, ast.Name)}
    return names


def class_members(node: ast.ClassDef) -> set[str]:
    own = {item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}
    for item in ast.walk(node):
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
            own.add(item.id)
        if isinstance(item, ast.Attribute) and isinstance(item.value, ast.Name) and item.value.id == "self":
            own.add(item.attr)
    return own


@cache
def modules() -> dict[str, list[Path]]:
    """Dotted names, and their last parts alone, with the files that they may mean."""
    places: dict[str, list[Path]] = defaultdict(list)
    for path in tracked(".py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] in PRODUCT and "migrations" not in parts:
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            for start in range(len(parts)):
                places[".".join(parts[start:])].append(path)
    return places


@cache
def classes() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in tracked(".py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                found[node.name] |= class_members(node)
    return found


@cache
def events() -> set[str]:
    """What the product logs: `reply.completed` is an event's name and no attribute of a module."""
    names = set()
    for path in tracked(".py"):
        if path.relative_to(ROOT).parts[0] == "tests":
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"\w+\.\w+", node.value):
                names.add(node.value)
    return names


def is_there(name: str) -> bool:
    """Whether a dotted name exists, or is none of ours."""
    parts = name.split(".")
    if name in events() or name in modules():
        return True
    for length in range(len(parts) - 1, 0, -1):
        head, rest = ".".join(parts[:length]), parts[length:]
        for path in modules().get(head, []):
            names = members(path)
            if rest[0] in names and (len(rest) == 1 or not names[rest[0]] or rest[1] in names[rest[0]]):
                return True
        if head in modules():
            return False
    if parts[0] in classes():
        return parts[1] in classes()[parts[0]]
    return True


@cache
def files() -> set[str]:
    """The repository's files, each by its whole path and by every end of it: `chat/models.py` and `models.py`."""
    endings = (".py", ".md", ".html", ".css", ".js", ".ts", ".json", ".toml", ".txt", ".sh", ".svg", ".png")
    parts = [path.relative_to(ROOT).parts for path in tracked(*endings)]
    return {"/".join(each[start:]) for each in parts for start in range(len(each))}


def written() -> list[Path]:
    return [path for path in tracked(".md", ".py", ".js", ".css", ".html") if "migrations" not in path.parts]


def test_the_reader_of_names_can_tell_right_from_wrong():
    assert is_there("conversations.get_conversation_for")
    assert is_there("engine.Engine")
    assert is_there("threading.Thread")
    assert not is_there("conversations.no_such_door")
    assert not is_there("chat.no_such_module.door")
    assert {"chat/models.py", "models.py"} <= files()
    assert "chat/no_such_module.py" not in files()


def test_names_in_backticks_exist():
    wrong = []
    for path in written():
        text = path.read_text()
        names = {name for name in DOTTED.findall(text) if not FILE.fullmatch(f"`{name}`") and not is_there(name)}
        names |= {name for name in FILE.findall(text) if name not in files() and not name.startswith("var/")}
        wrong += [f"{path.relative_to(ROOT)}: {name}" for name in sorted(names)]
    assert not wrong
