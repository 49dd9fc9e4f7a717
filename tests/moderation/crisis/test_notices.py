from datetime import date, timedelta

import pytest

from moderation.crisis import ladder, notices


def test_k2_the_notice_speaks_as_the_site_asks_and_gives_help() -> None:
    notice = notices.notice(country="US", language="en", level="active")
    assert "not the persona" in notice.text
    assert "are you safe" in notice.text.lower()
    assert "write here again" in notice.text
    assert any("988" in resource["contact"] for resource in notice.resources)


def test_the_notice_comes_in_chinese() -> None:
    notice = notices.notice(country="CN", language="zh-hans", level="imminent")
    assert "你现在安全吗" in notice.text
    assert any("12356" in resource["contact"] for resource in notice.resources)


@pytest.mark.parametrize("country", ["", "XX", "VA", "us", "CN"])
@pytest.mark.parametrize("language", ["en", "zh", "fr", ""])
@pytest.mark.parametrize("level", ["low", "passive", "active", "imminent", "follow_up", "", "unheard-of"])
def test_k5_always_ends_with_emergency_and_someone_near(country: str, language: str, level: str) -> None:
    notice = notices.notice(country=country, language=language, level=level)
    assert notice.text
    assert notice.version
    *lines, emergency, near = notice.resources
    assert lines
    assert emergency["name"] in {"Emergency number", "急救电话"}
    assert near["name"] in {"Someone near you", "你身边的人"}


def test_an_unknown_country_gets_the_international_directories() -> None:
    contacts = " ".join(r["contact"] for r in notices.resources(country="", language="en"))
    assert "findahelpline.com" in contacts
    assert "befrienders.org" in contacts


def test_k5_every_line_has_a_source_and_was_checked_within_a_year() -> None:
    for line in notices.help_lines():
        assert line["source"].startswith("http"), line["name"]
        assert line["languages"], line["name"]
        assert "en" in line["contact"], line["name"]
        checked = date.fromisoformat(line["checked_on"])
        assert date.today() - checked <= timedelta(days=365), f"{line['name']['en']} was last checked on {checked}."  # noqa: DTZ011


def test_help_lines_are_not_taken_for_personal_data_to_mask() -> None:
    """The notices do not pass the gate. This checks only that the ladder can read their words."""
    for level in ("low", "passive", "active", "imminent"):
        assert ladder.level(notices.notice(country="", language="en", level=level).text) in ladder.LEVELS
