"""Pinyin is read as Chinese, and the table that it is read with is made from texts."""

import gzip
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from moderation.evasion import pinyin, pinyin_table


@pytest.mark.parametrize(
    ("token", "syllables"),
    [
        ("zisha", ("zi", "sha")),
        ("xi'an", ("xi", "an")),
        ("nǚrén", ("nü", "ren")),
        ("lv4se4", ("lü", "se")),
        ("Tiananmen", ("tian", "an", "men")),
        ("garden", ()),
        ("you're", ()),
        ("a", ()),
        ("an" * 4000, ()),
    ],
)
def test_a_word_is_divided_into_syllables(token: str, syllables: tuple[str, ...]) -> None:
    assert pinyin.syllables_of(token) == syllables


def test_characters_beside_pinyin_decide_which_word_is_meant() -> None:
    assert pinyin.read("我要zi杀") == "我要自杀"
    assert pinyin.read("他是个shabi") == "他是个傻逼"


def test_the_words_around_decide_too() -> None:
    assert pinyin.read("wo yao sha le ni quan jia") == "我要杀了你全家"


def test_the_table_counts_words_with_their_sound_in_the_sentence() -> None:
    counts = pinyin_table.count(["银行很长，行长在银行。"] * 6)
    assert counts["yin hang", "银行"] == 12
    assert counts["hang zhang", "行长"] == 6
    table = pinyin_table.kept(counts)
    assert ("yin hang", "银行", 12) in table
    assert not any("hang zhang zai" in sound for sound, *_ in table)  # too rare for three characters


@pytest.mark.slow
def test_the_same_texts_give_the_same_table_and_the_development_split_stays_out(tmp_path: Path) -> None:
    rows = [
        {"id": f"x-{number}", "source": "x", "lang": "zh", "text": text, "labels": {}, "split": split}
        for number, (text, split) in enumerate([("灯塔很亮", "train"), ("鲸鱼", "dev")])
    ]
    with gzip.open(tmp_path / "x.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)
    more = tmp_path / "more.jsonl"
    more.write_text(json.dumps({"turns": [["user", "海鸥"]]}), encoding="utf-8")
    for name in ("one", "other"):
        call_command("build_pinyin", data=tmp_path, more=[more], output=tmp_path / name, stdout=io.StringIO())
    content = gzip.decompress((tmp_path / "one").read_bytes()).decode()
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert "塔" in content
    assert "鸥" in content
    assert "鲸" not in content


def test_missing_texts_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds no"):
        call_command("build_pinyin", data=tmp_path, output=tmp_path / "table")
