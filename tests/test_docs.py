"""Settings, commands, frames and addresses are documented, or this is red."""

import ast
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands
from django.urls import URLResolver, get_resolver

from chat.socket import protocol
from moderation.monitor.signals import SIGNALS, SIGNS
from tests.sources import tree

ROOT = Path(settings.BASE_DIR)
ROOMS = ("accounts", "api", "chat", "generation", "moderation", "personas", "persona_site", "stories", "text")
# An id of law or review practice, as in docs/compliance.md.
REQUIREMENT = r"(?:CA|NY|EU|CN|WA|OR|IT|GD|DS|T|K|H|M|R)\d{1,2}"
READERS = {"text", "flag", "integer", "duration", "size", "words", "secret", "choice", "time_zone", "country"}


@cache
def settings_read() -> dict[str, ast.Call]:
    """Name → the call that reads it, over all modules of persona_site."""
    found = {}
    for path in (ROOT / "persona_site").rglob("*.py"):
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "env"
                and node.func.attr in READERS
            ):
                name = node.args[0]
                assert isinstance(name, ast.Constant), f"{path}:{node.lineno}"
                found[str(name.value)] = node
    return found


def documented_settings() -> dict[str, str]:
    """Name → the default that docs/settings.md gives."""
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    return {name: default.strip() for name, _, default in rows}


def example_settings() -> dict[str, str]:
    return dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_the_reader_of_settings_sees_them():
    assert {"PORT", "SECRET_KEY", "DATABASE_URL", "AFTERWORD_STATE"} <= settings_read().keys()


def test_every_setting_has_a_row_and_no_row_is_left_over():
    assert documented_settings().keys() == settings_read().keys()


def test_every_setting_is_in_the_example_and_nothing_else():
    assert example_settings().keys() == settings_read().keys()


def default_of(call: ast.Call) -> str | None:
    """The default that a setting is read with. None if it is described in words: an f-string or an expression."""
    if len(call.args) < 2 or not isinstance(call.args[1], ast.Constant):
        return None
    value = call.args[1].value
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def test_the_documented_default_is_the_real_one():
    defaults = {name: default for name, call in settings_read().items() if (default := default_of(call)) is not None}
    assert len(defaults) > 30
    documented = {name: documented_settings()[name].strip("`").replace("empty", "") for name in defaults}
    assert documented == defaults
    assert {name: example_settings()[name] for name in defaults} == defaults


def our_commands() -> set[str]:
    rooms = {"persona_site", "accounts", "generation", "moderation", "personas", "chat", "stories", "api"}
    return {name for name, app in get_commands().items() if app in rooms}


def everything_written() -> str:
    return "\n".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if path.exists())


def test_every_command_is_documented():
    text = everything_written()
    missing = sorted(name for name in our_commands() if f"manage.py {name}" not in text)
    assert not missing


def test_every_frame_is_documented():
    text = (ROOT / "docs/protocol.md").read_text()
    frames = re.findall(r'Literal\["([a-z]+(?:\.[a-z]+)?)"\]', Path(protocol.__file__).read_text())
    assert len(frames) > 15
    assert not sorted(frame for frame in set(frames) if f"`{frame}" not in text and f'"{frame}"' not in text)


def our_addresses() -> set[str]:
    """The first parts of all addresses, but those of the admin and of the account library."""
    found = set()
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLResolver) and str(pattern.pattern) == "":
            found |= {str(inner.pattern).split("/")[0] for inner in pattern.url_patterns}
        else:
            found.add(str(pattern.pattern).split("/")[0])
    return {part for part in found if part}


def test_every_first_part_of_an_address_is_documented():
    text = everything_written()
    assert not sorted(part for part in our_addresses() if f"/{part}" not in text)


def explanations(path: Path) -> Iterator[str]:
    """Comments and docstrings of a Python file with the ids in the names of its tests; comments of a template."""
    if path.suffix == ".html":
        yield from re.findall(r"{#.*?#}|{% comment.*?{% endcomment %}|<!--.*?-->", path.read_text(), re.DOTALL)
        return
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith('"""')):
                yield token.string.replace("DeepSeek R1", "")  # the name of a model
            elif token.type == tokenize.NAME and (ids := re.match(r"test((?:_[a-z]{1,2}\d{1,2})+)_", token.string)):
                yield ids[1].replace("_", " ").upper()


@cache
def requirements_named() -> dict[str, set[str]]:
    """Id → the files of the product and its tests that name it."""
    named: dict[str, set[str]] = {}
    paths = [path for room in (*ROOMS, "tests") for path in (ROOT / room).rglob("*.py")]
    for path in [*paths, *(ROOT / "templates").rglob("*.html")]:
        for text in explanations(path):
            for requirement in re.findall(rf"\b{REQUIREMENT}\b", text):
                named.setdefault(requirement, set()).add(str(path.relative_to(ROOT)))
    return named


def documented_requirements() -> set[str]:
    cells = re.findall(r"^\| ([^|]*) \|", (ROOT / "docs/compliance.md").read_text(), re.MULTILINE)
    return {requirement for cell in cells for requirement in re.findall(rf"\b{REQUIREMENT}\b", cell)}


def test_the_reader_of_requirements_sees_comments_docstrings_and_names_of_tests():
    named = requirements_named()
    assert "chat/models.py" in named["CA10"]
    assert "chat/conversation/messages.py" in named["K3"]
    assert "tests/moderation/test_safety_pages.py" in named["K11"]


def test_every_requirement_that_the_code_names_has_a_row():
    rows = documented_requirements()
    assert not {requirement: files for requirement, files in requirements_named().items() if requirement not in rows}


def test_every_signal_of_the_monitor_is_in_the_handbook():
    text = (ROOT / "docs/moderation.md").read_text()
    assert [signal.__name__ for signal in (*SIGNALS, *SIGNS) if f"| `{signal.__name__}` |" not in text] == []
