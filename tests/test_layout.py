"""Arrows between rooms point one way: api, stories → chat → personas → generation, moderation → accounts."""

import ast
import re
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings

from tests.sources import tree

ROOT = Path(settings.BASE_DIR)
BELOW = {
    "accounts": set(),
    "generation": {"accounts"},
    "moderation": {"accounts"},
    "personas": {"accounts", "generation", "moderation"},
    "chat": {"accounts", "generation", "moderation", "personas"},
    "stories": {"accounts", "generation", "moderation", "personas", "chat"},
    "api": {"accounts", "generation", "moderation", "personas", "chat"},
}
# What of the site's frame a room may use; the rest of persona_site looks into rooms, not they into it.
FRAME = {f"persona_site.{module}" for module in ("redis", "env", "loading", "cpu_inference", "cpu_training")}
# Whole seconds of processor time each, in every process.
SLOW = {"torch", "transformers", "sklearn", "scipy", "wordfreq", "faster_whisper", "rapidocr_onnxruntime"}
MOST_LINES = 40  # of a function, from its `def` to its end
LOADED_BY_DJANGO = {"apps", "models", "admin", "tasks"}
ROOMS = [room for room in BELOW if (ROOT / room).is_dir()]


PRODUCT = [path for room in [*ROOMS, "persona_site", "text"] for path in (ROOT / room).rglob("*.py")]
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in PRODUCT}


def imports(path: Path, *, within: ast.AST | None = None) -> set[str]:
    """Dotted names of the modules that a file imports, at its top or inside functions."""
    return named(path, ast.walk(within or tree(path)))


def imported_at_once(path: Path) -> set[str]:
    """Dotted names of what a file imports when it is imported itself."""
    top = [node for node in tree(path).body if not isinstance(node, ast.If)]  # `if TYPE_CHECKING` imports nothing
    return named(path, top)


def named(path: Path, nodes: Iterable[ast.AST]) -> set[str]:
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_the_reader_of_imports_sees_them():
    assert "accounts.models.User" in imports(ROOT / "accounts/interface/requests.py")


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
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    other, dot, model = node.value.partition(".")
                    if dot and other in BELOW and model.isidentifier() and other not in BELOW[room] | {room}:
                        wrong.append(f"{path.relative_to(ROOT)} points at {node.value}")
    assert not wrong


def of_rooms(names: set[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] in BELOW}


def is_ready(path: Path, function: ast.AST) -> bool:
    """`AppConfig.ready` is where Django wants imports that need the models."""
    return path.name == "apps.py" and isinstance(function, ast.FunctionDef) and function.name == "ready"


def test_rooms_are_imported_at_the_top_of_a_file() -> None:
    """An import inside a function hides a circle. A library that takes long to load may be imported there."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    assert [
        (name, hidden)
        for name, path in MODULES.items()
        for function in ast.walk(tree(path))
        if isinstance(function, functions) and not is_ready(path, function)
        and (hidden := of_rooms(imports(path, within=function)))
    ] == []  # fmt: skip


def test_no_room_is_imported_for_its_types_alone() -> None:
    """A value that two modules need lies in a module below both."""
    assert [
        (name, hidden)
        for name, path in MODULES.items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        and (hidden := of_rooms(imports(path, within=node)))
    ] == []  # fmt: skip


def test_no_process_starts_with_a_library_that_takes_seconds_to_load() -> None:
    """The web server and each worker import these modules. What needs such a library imports it inside a function."""
    seen: dict[str, str] = {}
    waiting = dict.fromkeys(["persona_site.asgi", "persona_site.urls", "persona_site.checks"], "the start")
    waiting |= dict.fromkeys([name for name in MODULES if name.split(".")[-1] in LOADED_BY_DJANGO], "the start")
    slow = []
    while waiting:
        name, importer = waiting.popitem()
        seen[name] = importer
        for other in imported_at_once(MODULES[name]):
            if other.split(".")[0] in SLOW:
                slow.append(f"{name}, imported by {importer}, imports {other}")
            module = other if other in MODULES else other.rpartition(".")[0]
            if module in MODULES and module not in seen:
                waiting[module] = name
    assert "personas.finetuning.training" in seen
    assert not slow


def arrows(modules: dict[str, Path]) -> dict[str, set[str]]:
    """Which of these modules each of them imports."""
    found = {}
    for name, path in modules.items():
        found[name] = {other for each in imports(path) for other in (each, each.rpartition(".")[0]) if other in modules}
        found[name] -= {name}
    return found


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return None


@pytest.mark.parametrize("room", ROOMS)
def test_imports_within_a_room_go_in_no_circle(room: str) -> None:
    inside = {name: path for name, path in MODULES.items() if name.startswith(f"{room}.")}
    assert circle(arrows(inside)) is None


def by_folder(package: str) -> dict[str, set[str]]:
    """Which folders and single modules of a package import which others of it."""
    inside = {name: path for name, path in MODULES.items() if name.startswith(f"{package}.")}
    found: dict[str, set[str]] = {}
    for name, others in arrows(inside).items():
        part, *parts = (each.removeprefix(f"{package}.").split(".")[0] for each in (name, *others))
        found[part] = found.get(part, set()) | set(parts) - {part}
    return found


PACKAGES = {name.rpartition(".")[0] for name in MODULES} - {""}
PARENTS = sorted({package.rpartition(".")[0] for package in PACKAGES if "." in package})
# Its parts look into each other by many ways, from the days before it had folders.
OPEN = {"personas"}


@pytest.mark.parametrize("package", [package for package in PARENTS if package not in OPEN])
def test_folders_import_each_other_in_no_circle(package: str) -> None:
    assert circle(by_folder(package)) is None


def test_the_folders_are_those_of_the_product() -> None:
    assert {"chat", "generation", "moderation", "moderation.filter", "personas.importers.chats"} <= set(PARENTS)
    assert "conversation" in by_folder("chat")
    assert {package for package in OPEN if circle(by_folder(package))} == OPEN


def test_a_circle_would_be_seen(tmp_path: Path) -> None:
    for name, line in (("one", "from room import two"), ("two", "from room.one import value")):
        (tmp_path / f"{name}.py").write_text(line)
    modules = {f"room.{name}": tmp_path / f"{name}.py" for name in ("one", "two")}
    assert arrows(modules) == {"room.one": {"room.two"}, "room.two": {"room.one"}}


def long_functions(path: Path) -> list[str]:
    """The functions of a file that have more than MOST_LINES, with their lines."""
    return [
        f"{path.name}: {node.name} has {lines} lines"
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES
    ]


def test_no_function_is_long() -> None:
    paths = [*PRODUCT, *(ROOT / "benchmarks").rglob("*.py")]
    assert [long for path in paths if "migrations" not in path.parts for long in long_functions(path)] == []


def test_a_long_function_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "two.py"
    body = "    pass\n" * (MOST_LINES - 1)
    path.write_text(f"def short():\n{body}\n\nasync def long():\n    pass\n{body}")
    assert long_functions(path) == [f"two.py: long has {MOST_LINES + 1} lines"]


def test_tasks_that_are_sent_by_their_names_are_there() -> None:
    current_app.loader.import_default_modules()
    sent = {
        name for path in PRODUCT for name in re.findall(rf'"((?:{"|".join(BELOW)})\.tasks\.\w+)"', path.read_text())
    }
    assert sent
    assert sent <= set(current_app.tasks)
