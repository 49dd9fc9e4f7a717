import pytest

from text import scripts


@pytest.mark.parametrize(
    ("text", "is_han"),
    [
        ("你好，世界", True),
        ("我用 iPhone 打字给你", False),
        ("我在用 App 聊天呢", True),
        ("Hello", False),
        ("12:30!", False),
    ],
)
def test_a_text_is_chinese_by_most_of_its_letters(text, is_han):
    assert scripts.is_mostly_han(text) is is_han


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("You are talking with 灯塔守望者和他的朋友们.", "en"),
        ("", "en"),
        ("Donaudampfschifffahrtsgesellschaft 不是真人。", "zh-Hans"),
        ("你好", "zh-Hans"),
    ],
)
def test_the_sites_own_texts_name_their_language_also_beside_a_long_name(text, language):
    assert scripts.site_language(text) == language


def test_wide_characters_are_counted():
    assert scripts.wide_characters("ab。你ｃ한") == 4
