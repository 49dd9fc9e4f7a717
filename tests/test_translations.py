"""Every text of the interface has a Chinese translation, which is compiled and keeps its placeholders."""

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
LOCALE = Path("locale/zh_Hans/LC_MESSAGES")
DOMAINS = ("django", "djangojs")
ENGLISH = Path("locale/en/LC_MESSAGES/django")  # of libraries, in this site's words
IGNORED = ("tests/", "benchmarks/", "docs/", "var/", ".venv/", "static/vendor/")  # as in the Makefile
_FIELD = re.compile(r'(msg\w+(?:\[\d\])?) "')
# {name} of str.format and of scripts, %(name)s of templates, and HTML tags.
_KEPT = re.compile(r"\{\w*\}|%\(\w+\)s|</?[a-z][^<>]*>")


def entries(path: Path) -> Iterator[dict[str, str]]:
    """The texts of a catalog, each with its fields and whether it is `fuzzy`, without the header."""
    for block in path.read_text(encoding="utf-8").split("\n\n")[1:]:
        fields: dict[str, str] = {"fuzzy": "yes"} if re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE) else {}
        name = ""
        for line in block.splitlines():
            if line.startswith("#") or not line:
                continue
            if match := _FIELD.match(line):
                name = match[1]
            fields[name] = fields.get(name, "") + ast.literal_eval(line[line.index('"') :])
        yield fields


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogs as `make messages` would write them now, in a copy of the repository."""
    if shutil.which("xgettext") is None:
        pytest.skip("GNU gettext is not installed, so texts cannot be collected: apt install gettext")
    copy = tmp_path_factory.mktemp("messages")
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "*.html", "*.js", "*.po"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in names:
        if (ROOT / name).is_file() and not name.startswith(IGNORED):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    without_settings = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    for arguments in (["--extension", "html,py"], ["--domain", "djangojs"]):
        subprocess.run(
            [sys.executable, "-m", "django", "makemessages", "--locale", "zh_Hans", "--no-obsolete", *arguments],
            cwd=copy, env=without_settings, capture_output=True, check=True,
        )  # fmt: skip
    return copy / LOCALE


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_text_has_a_chinese_translation(collected: Path, domain: str) -> None:
    texts = list(entries(collected / f"{domain}.po"))
    assert len(texts) > 20
    missing = [text["msgid"] for text in texts if not (text.get("msgstr") or text.get("msgstr[0]"))]
    assert not missing, "Run `make messages`, and translate these."
    assert not [text["msgid"] for text in texts if "fuzzy" in text], "Check these, and remove their mark `fuzzy`."


def test_no_text_stands_inside_an_f_string_where_it_is_not_collected(collected: Path) -> None:
    found = [
        f"{path}:{call.lineno}"
        for path in collected.parents[2].rglob("*.py")
        for string in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and re.fullmatch(r"_|n?p?gettext(_lazy|_noop)?", ast.unparse(call.func))
        if isinstance(call.args[0], ast.Constant)
    ]
    assert not found


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_translation_keeps_placeholders_and_tags(domain: str) -> None:
    wrong = []
    for text in entries(ROOT / LOCALE / f"{domain}.po"):
        chinese = text.get("msgstr") or text.get("msgstr[0]", "")
        if chinese and _kept(chinese) != _kept(text.get("msgid_plural") or text["msgid"]):
            wrong.append(text["msgid"])
    assert not wrong


def _kept(text: str) -> Counter[str]:
    return Counter(_KEPT.findall(text))


@pytest.mark.parametrize("catalog", [*(LOCALE / domain for domain in DOMAINS), ENGLISH], ids=str)
def test_the_compiled_file_has_all_translations(catalog: Path) -> None:
    with (ROOT / catalog).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    old = []
    for text in entries((ROOT / catalog).with_suffix(".po")):
        context = text.get("msgctxt")
        if "msgid_plural" in text:
            found, expected = compiled.ngettext(text["msgid"], text["msgid_plural"], 2), text["msgstr[0]"]
        else:
            found = compiled.pgettext(context, text["msgid"]) if context else compiled.gettext(text["msgid"])
            expected = text["msgstr"]
        if expected and found != expected:
            old.append(text["msgid"])
    assert not old, "Run `make messages`."
