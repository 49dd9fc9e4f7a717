"""What the browser is given: hashed modules, colours from one file, enough contrast, nothing inline."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

STATIC = settings.BASE_DIR / "static"
TEMPLATES = settings.BASE_DIR / "templates"
_IMPORTED = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""")
_HASHED = re.compile(r"\.[0-9a-f]{12}\.(?:js|d\.ts|ts)$|\.d\.[0-9a-f]{12}\.ts$")
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(")
_TOKEN = re.compile(r"^  --([a-z0-9-]+): ([^;]+);", re.MULTILINE)
_ALIAS = re.compile(r"var\(--([a-z0-9-]+)\)")
_BOTH = re.compile(r"light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
_INLINE = re.compile(r"""\sstyle=|\son[a-z]+=["']|<style\b|<script(?![^>]*\b(?:src|type="application/json")\b)""")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("static")
    hashing = {"staticfiles": {"BACKEND": "persona_site.storage.ModuleManifestStaticFilesStorage"}}
    with override_settings(STATIC_ROOT=root, STORAGES=settings.STORAGES | hashing):
        call_command("collectstatic", interactive=False, verbosity=0)
    return root


def test_each_relative_import_in_collected_modules_is_hashed_and_exists(collected: Path) -> None:
    modules = [path for path in (collected / "js").rglob("*.js") if re.search(r"\.[0-9a-f]{12}\.js$", path.name)]
    assert modules
    imports = [(module, target) for module in modules for target in _IMPORTED.findall(module.read_text("utf-8"))]
    assert imports
    unhashed = [f"{module.name}: {target}" for module, target in imports if not _HASHED.search(target)]
    assert unhashed == []
    assert [f"{module.name}: {target}" for module, target in imports if not (module.parent / target).is_file()] == []


def test_modules_are_type_checked_and_short() -> None:
    modules = sorted((STATIC / "js").rglob("*.js"))
    assert [path.name for path in modules if not path.read_text("utf-8").startswith("// @ts-check\n")] == []
    assert [path.name for path in modules if len(path.read_text("utf-8").splitlines()) > 200] == []


def test_colours_stand_in_one_stylesheet() -> None:
    others = [path for path in (STATIC / "css").glob("*.css") if path.name != "tokens.css"]
    assert {path.name: found for path in others if (found := _COLOUR.findall(path.read_text("utf-8")))} == {}


def test_each_colour_that_is_used_is_a_token() -> None:
    defined = set(re.findall(r"^\s*(--[a-z0-9-]+):", (STATIC / "css/tokens.css").read_text("utf-8"), re.MULTILINE))
    for path in (STATIC / "css").glob("*.css"):
        text = path.read_text("utf-8")
        local = set(re.findall(r"^\s*(--[a-z0-9-]+):", text, re.MULTILINE))
        assert set(re.findall(r"var\((--[a-z0-9-]+)", text)) - defined - local == set(), path.name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", ["", "contrast", "terminal"])
@pytest.mark.parametrize(
    ("front", "behind", "least"),
    [
        *(
            (front, behind, 4.5)
            for front in ("ink", "ink-soft", "pen")
            for behind in ("paper", "paper-shade", "paper-lift")
        ),
        *((front, f"{tone}-wash", 4.5) for tone in ("pen", "calm", "care", "alarm") for front in ("ink", tone)),
        *((tone, "paper", 4.5) for tone in ("calm", "care", "alarm")),
        ("on-pen", "pen", 4.5),
        ("on-pen", "pen-deep", 4.5),
        ("paper", "alarm", 4.5),
        ("ink-soft", "care-wash", 4.5),
        *((f"seal-{number}", "paper-lift", 4.5) for number in range(1, 6)),
        *((f"voice-{number}", behind, 4.5) for number in range(1, 7) for behind in ("paper", "paper-lift")),
        ("rule-strong", "paper", 3.0),  # borders of controls, WCAG 1.4.11
        ("rule-strong", "paper-lift", 3.0),
    ],
)
def test_contrast_meets_wcag(theme: str, scheme: str, front: str, behind: str, least: float) -> None:
    """Level AA, and for texts of the theme of high contrast AAA."""
    colours = _tokens(theme, scheme)
    if theme == "contrast" and least == 4.5:
        least = 7.0
    assert _contrast(colours[front], colours[behind]) >= least


def test_what_a_first_view_loads_of_ours_is_under_150_kb_compressed() -> None:
    """All stylesheets and scripts together, more than any one page loads. They are served with gzip or better."""
    files = [path.read_bytes() for ending in ("css", "js") for path in (STATIC / ending).rglob(f"*.{ending}")]
    assert len(files) > 40
    assert sum(len(gzip.compress(file)) for file in files) < 150_000


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    found = {
        str(path.relative_to(TEMPLATES)): hits
        for path in TEMPLATES.rglob("*.html")
        if (hits := _INLINE.findall(path.read_text("utf-8")))
    }
    assert found == {}


def _tokens(theme: str, scheme: str) -> dict[str, str]:
    """The colours of a theme on a light or a dark device, as `#rrggbb`."""
    css = (STATIC / "css/tokens.css").read_text("utf-8")
    blocks = dict(re.findall(r'\[data-theme(?:="(\w+)")?\] \{(.*?)\n\}', css, re.DOTALL))
    values = dict(_TOKEN.findall(blocks[""])) | dict(_TOKEN.findall(blocks[theme]))
    colours = {}
    for name, value in values.items():
        while alias := _ALIAS.fullmatch(value):
            value = values[alias[1]]
        if both := _BOTH.fullmatch(value):
            value = both[1 if scheme == "light" else 2]
        colours[name] = value
    return colours


def _contrast(first: str, second: str) -> float:
    """WCAG 2.1's contrast ratio of two `#rrggbb` colours, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
