from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from persona_site import env


@pytest.mark.parametrize(("value", "expected"), [("yes", True), ("0", False), ("ON", True), ("", True)])
def test_a_flag(monkeypatch, value, expected):
    monkeypatch.setenv("SOME_FLAG", value)
    assert env.flag("SOME_FLAG", True) is expected


@pytest.mark.parametrize(("value", "expected"), [("25MB", 25 * 1024**2), ("512 kb", 512 * 1024), ("7", 7), ("", 10)])
def test_a_size(monkeypatch, value, expected):
    monkeypatch.setenv("SOME_SIZE", value)
    assert env.size("SOME_SIZE", "10") == expected


def test_a_duration(monkeypatch):
    monkeypatch.setenv("SOME_TIME", "15m")
    assert env.duration("SOME_TIME", "1s") == timedelta(minutes=15)


def test_a_secret_may_live_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("from the file\n")
    monkeypatch.setenv("SOME_SECRET", "from the environment")
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "key"))
    assert env.secret("SOME_SECRET") == "from the file"


def test_an_empty_value_counts_as_none(monkeypatch):
    """`.env.example` says so, and people copy it to `.env`."""
    monkeypatch.setenv("SOME_TEXT", " ")
    assert env.text("SOME_TEXT", "http://127.0.0.1:8000") == "http://127.0.0.1:8000"


def test_a_secret_file_that_is_no_text_is_named(monkeypatch, tmp_path):
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("SOME_SECRET_FILE", str(tmp_path / "key"))
    with pytest.raises(ImproperlyConfigured, match=r"SOME_SECRET_FILE points at .*, which is not text"):
        env.secret("SOME_SECRET")


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda name: env.flag(name, False), "perhaps"),
        (lambda name: env.integer(name, 1), "many"),
        (lambda name: env.integer(name, 1, minimum=5), "4"),
        (lambda name: env.integer(name, 1, maximum=5), "6"),
        (lambda name: env.duration(name, "1s"), "soon"),
        (lambda name: env.duration(name, "1s"), "999999999999d"),
        (lambda name: env.duration(name, "15s", minimum=timedelta(seconds=1)), "0s"),
        (lambda name: env.size(name, "1MB"), "big"),
        (lambda name: env.choice(name, "a", of={"a", "b"}), "c"),
        (lambda name: env.time_zone(name, "UTC"), "Mars/Olympus"),
        (lambda name: env.time_zone(name, "UTC"), "../../etc/passwd"),
        (lambda name: env.country(name), "GBR"),
    ],
)
def test_a_wrong_value_stops_with_a_sentence_that_names_it(monkeypatch, read, value):
    monkeypatch.setenv("SOME_SETTING", value)
    with pytest.raises(ImproperlyConfigured, match=r"^SOME_SETTING is .*\.$"):
        read("SOME_SETTING")


def test_a_secret_file_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("SOME_SECRET_FILE", "/nowhere/key")
    with pytest.raises(ImproperlyConfigured, match="SOME_SECRET_FILE points at /nowhere/key"):
        env.secret("SOME_SECRET")
