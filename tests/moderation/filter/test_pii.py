import itertools

import pytest

from moderation.filter import pii

FOUND = {
    "phone": [
        "call me at 212-555-0147",
        "My number is +44 20 7946 0958.",
        "我的电话是13812345678",
        "打给我：138 1234 5678",
        "ring (415) 555-2671 tonight",
        "You can reach me on 07700 900123",
        "电话010-62511234",
        "+86 138 1234 5678",
        "phone 555-0143 please",
        "0033 6 12 34 56 78",
    ],
    "email": ["write to anna.smith@example.org please", "anna [at] example [dot] com"],
    "card": ["card 4111 1111 1111 1111", "5500-0000-0000-0004"],
    "account": ["IBAN GB82 WEST 1234 5698 7654 32", "DE89370400440532013000"],
    "id": ["My SSN is 536-90-4399", "身份证11010519491231002X", "AB 12 34 56 C"],
    "ip": ["server 192.168.10.24"],
    "address": ["I live at 221 Baker Street, London", "住在中山路123号5栋302室"],
}
ORDINARY = [
    "In 1984 we had 300 people",
    "It cost $1,299.99 in 2019-2020",
    "Born 12/05/1998 and died 2014-03-09",
    "from 1914-1918",
    "chapter 12:34-36",
    "ISBN 978-3-16-148410-0",
    "it was 10 000 000 people",
    "2001 2002 2003",
    "there were 1234567 of them",
    "3.14159265",
    "on pages 1024, 2048",
    "他1998年出生，2020年毕业",
    "version 10.4.2",
    "room 4012 at 10:30",
    "4111 1111 1111 1112 fails its check digit",
    "1. Bread 2. Milk 3. Eggs",
]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in FOUND.items() for text in texts])
def test_finds_what_reaches_a_person(kind: str, text: str) -> None:
    spans = pii.find(text)
    assert [span.kind for span in spans] == [kind]
    assert pii.LABELS[kind]["en"] in pii.mask(text, spans, language="en")


@pytest.mark.parametrize("text", ORDINARY)
def test_leaves_years_prices_dates_and_counts_alone(text: str) -> None:
    assert pii.find(text) == ()


def test_masks_only_the_span() -> None:
    text = "Call me at 212-555-0147, any time after 9."
    assert pii.mask(text, pii.find(text)) == "Call me at [phone number removed], any time after 9."


def test_masks_in_the_language_of_the_text() -> None:
    text = "我的电话是13812345678，有空打给我。"
    assert pii.mask(text, pii.find(text)) == "我的电话是[电话号码已隐去]，有空打给我。"


def test_masks_several_in_one_text() -> None:
    text = "anna@example.org or 212-555-0147 or 4111 1111 1111 1111"
    assert (
        pii.mask(text, pii.find(text)) == "[e-mail address removed] or [phone number removed] or [card number removed]"
    )


def test_spans_never_overlap_and_come_in_order() -> None:
    spans = pii.find("Tel 0033 6 12 34 56 78, IBAN DE89370400440532013000, +1 212 555 0147 / 192.168.10.24")
    assert list(spans) == sorted(spans)
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))


def test_ordinary_letters_hold_almost_none(shared_data) -> None:  # type: ignore[no-untyped-def]
    """Sentences of published letters and diaries of the dead: a mask in one of them is a false alarm."""
    texts = [
        path.read_text(encoding="utf-8", errors="replace")
        for path in sorted((shared_data / "personas" / "letters").rglob("*.txt"))
    ]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    if not lines:
        pytest.skip("no letters here")
    alarms = [
        line for line in lines if any(span.kind in {"phone", "card", "account", "id", "ip"} for span in pii.find(line))
    ]
    assert len(alarms) <= len(lines) / 2000, alarms[:5]
