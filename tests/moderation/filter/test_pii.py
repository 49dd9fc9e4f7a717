import itertools

import pytest

from moderation.filter import pii
from tests import timing

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
# Numbers beside a word such as "call", which is where they were taken for telephone numbers.
NOT_TELEPHONES = [
    "the number of bees was 4,012",
    "The number of bees was 4,012.",
    "the number of bees was 4,012 in 1998 and 4,512 in 1999",
    "on 12.03.2024 at 18:15",
    "call me on 12.03.2024 at 18:15",
    "call me on 12.03.2024 18:15-19:00",
    "Ring me between 18:15-19:00",
    "text me at 18h15",
    "the number was 4.012.345",
    "The number of bees was 4 012 345 in 2001",
    "a number of 12 345 678 people",
    "我的号码是第12345678位",
    "在2024年3月12日 18:15打电话",
    "call 2024-03-12 18:15",
    "call 2024-03-12T18:15:00",
    "12/03/24 18:15 is when I call",
    "phone rates in 1914-1918, 1998/99",
    "call me in 1998/99 or 2001-2002",
    "The phone cost 1.299,00 euros",
    "The phone cost 1,299.00-1,499.00",
    "the mobile measures 120 x 80 x 12.5 mm",
    "call John 3:16-17",
    "ring 1 Corinthians 13:4-7 12",
    "The number is 3.14159265358979",
    "ISBN 978-3-16-148410-0",
    "contact ISBN 0-306-40615-2",
    "call number 0-306-40615-2",
    "flight LH 400 and train ICE 1234 567",
    "dial in version 10.4.2.1234",
    "contact on 2024/03/12 18:15",
    "number 7 x 8 = 56, 7 x 9 = 63",
    "the numbers 1 2 3 4 5 6 7 8 9 10",
    "Count: 1, 2, 3, 4, 5, 6, 7, 8",
    "numbers 10 20 30 40 50 60 70",
    "call 1-2-3-4-5-6-7",
    "Call me between 10.30 - 11.45",
    "the number fell from 1200000 to 1100000",
    "from 1 200 000 to 1 100 000 in number",
    "phone 12.03.2024 - 15.03.2024",
    "contact 2024-03-12 - 2024-03-15",
    "text 1990-1995 2000-2005",
    "the score was 3:2 (1:1), call me",
    "Text of 10.000.000 letters",
    "the number 1000000",
    "it rang 100-200 times, call 50 / 60",
    "phone 50%-60% 70%",
    "page numbers 120-125, 130-135",
    "number of pages: 120-125 130-135",
    "numbers 23-45-12-9-33-41 came up in the lottery",
    "The lottery numbers were 4 8 15 16 23 42",
    "Contact between 1.5.1945 and 8.5.1945",
    "Text 8. 5. 1945 12. 6. 1945",
    "the number of stars is 100 000 000 000",
    "I call 1066 1492 1789 the great years",
    "the train number 12 34 5678",
    "coordinates 51.5074 -0.1278 contact",
    "call at 10:30 or 11:45",
    "电话是下午3点打的，2024-03-12 18:15",
    "手机价格是1299-1499",
    "号码 2024/03/12",
    "销量数字是1234567",
    "一共打了 12 000 000 个电话",
    "今天打电话 18:15-19:00",
    "人口号码 4,012,345",
    "他在1998/1999打给我",
    "the phone has 6 000 000 pixels",
    "Ring at No. 12-14, flat 3",
    "1914-1918 call 1939-1945",
    "temperatures of 20-25 30-35 recorded by cell",
    "cell count 1 250 000 per ml",
    "my cell count is 4.5 - 11.0 (10)",
    "the fax from 01.02.1998 10:20",
    "4 012 345 678 people have a mobile",
    "number 24/7 365",
    "24/7 365 days a year, call us",
    "opus number 27 2 1801",
    "BWV 1046-1051 numbers",
    "recipe for 12: 250-300 g flour, text me",
    "dial 250 / 300 / 350 degrees",
    "I was born 12 03 1956 and call",
    "12-03-1956 14-05-1988 call",
    "12 Mar 2024 18.15 call",
    "22.11.1963 12:30",
    "On 06.06.1944 at 06:30, call",
    "on 06.06.1944 06:30-07:00",
    "02/09/1945 09:00",
    "(1914) 1918 1939",
    "(1914-1918) 20 million",
    "(2001) 15 years",
    "(1999) 2000-2001",
    "(12) 13 14 15 16 17",
    "(020) is 20 and (030) is 30",
    "00 12 34 56",
    "0.5 1.5 2.5 3.5",
    "01.02.03 04.05.06",
    "00:15:30-00:17:45",
    "0 1 2 3 4 5 6 7 8 9",
    "01 02 03 04 05 06 07",
    "+1 -1 +2 -2",
    "+10 +20 +30",
    "+100 000 000",
    "+5.000.000 euros",
    "On 010203 and 04-05-06",
    "born 01-02-2003",
    "0-0 1-1 2-2 3-3",
    "00100 000 bees",
    "05 06 2003 to 07 08 2003",
    "08.05.1945 23:01",
    "In 1969 Abbey Road was released.",
    "In 1990 Old Dr Brown came.",
    "On 12 May St Paul's was full.",
    "In 1912 Old St Paul's burned.",
    "On 3 May Dr Smith called.",
    "By 1850 Oxford Street had gas light.",
    "version 10.4.2.1 was released",
    "section 3.2.1.4 of the handbook",
    "v1.2.3.4 is out",
    "see § 4.3.2.1",
    "第1.2.3.4节",
    "版本 10.4.2.1",
    "He scored 6 0 6 4 6 3, call it luck",
    "Call the score 6-4, 6-3, 7-6 (7-5)",
    "phone it was 6-4 3-6 7-6",
    "The number was 6 378 137 metres",
    "the phone weighs 1 234 567 g",
    "电话费一共 1 234 567 元",
    "我的手机有 12 345 678 个字",
    "7 14 21 28 35 42 49 is the number row",
    "打给他是 2024年3月12日18:15-19:00",
    "我2024-03-12 18:15打给你",
    "联系时间 18:15-19:00",
    "手机号码活动 12.03.2024 - 15.03.2024",
    "2024/3/12 联系我",
    "联系 2001-2002",
    "第 12345678 号",
    "航班 CA 1234 5678 联系我",
    "ISBN 7-5327-1234-5 call",
    "ISBN 9787532712345 电话",
    "call 12h30-14h45",
    "from 08.05.1945 23:01 to 09.05.1945 00:16, text me",
    "17.06.1953, 10.00 Uhr, call",
    "Anruf number 17.06.1953 10.00",
    "On 4/7/1776 and 14/7/1789, call",
    "1998/99 2000/01 2002/03 call",
    "The years 1914-1918 and 1939-1945, call",
    "1939 - 1945 text",
    "temperature -12.5 to 20.25, contact",
    "98.6 37.0 36.6 call",
    "Ring if above 37.5-38.0",
    "call extension 12",
    "ring 3 x at No. 14",
    "dial 999",
    "Call 911 at 10:30",
    "Psalm 119:105-112 and 23:1-6, text",
    "Matthew 5:3-7:27 text",
    "text 1 John 4:7-8, 4:16",
    "Genesis 1:1-2:3 call",
    "odds of 1:1000000 call",
    "the ratio 1:100:1000 number",
    "number of people: 1,234,567 - 2,345,678",
    "I paid $1,299.99, call it 1 300",
    "call $ 12 345 678",
    "¥1 234 567 联系",
    "GBP 1.234.567 phone bill",
    "bill number of 2024: 1.234,56",
    "1.234,56 - 2.345,67 phone",
    "a phone bill of 100.50 200.75 300.25",
    "1 2 3 4 5 6 7 call",
    "call 2 4 6 8 10 12",
    "10-20-30-40 dial",
    "call 25 50 75 100 125",
    "250 g 100 g 50 g call",
    "Number 10-12-14 on the plan",
    "number 1001 1002 1003",
    "the number 1,000,000,000",
    "call me in 10 000 000 years",
    "2,5 - 3,5 kg number",
    "Symphony number 9 op. 125, 1822-1824",
    "Route 66 2448 miles number",
    "the train 14:30-15:45 number 7",
    "12:00-13:30, 14:00-15:30 call",
    "Mon-Fri 9-12 13-17 call",
    "Mo-Fr 9.00-12.00, 13.00-17.30 call",
    "Tel hours 9.00 - 12.00",
    "8-12/13-17 phone",
    "number 12/13/14/15/16",
    "on 01/02/03/04 May, call",
    "chapters 1-12, 13-24, 25-36: call me",
    "3:2 (1:1) number",
    "scored 3-2 1-1 0-0 number",
]
TELEPHONES = [
    "call me at 212-555-0147",
    "Phone: (212) 555-0147",
    "+1 212 555 0147",
    "+1-212-555-0147",
    "1-800-555-0199",
    "212.555.0147",
    "+44 20 7946 0958",
    "020 7946 0958",
    "07700 900123",
    "(0161) 496 0000",
    "0161 496 0999",
    "+49 30 901820",
    "0171 1234567",
    "+33 1 42 68 53 00",
    "01 42 68 53 00",
    "06.12.34.56.78",
    "0033 6 12 34 56 78",
    "+34 612 345 678",
    "call 612 345 678",
    "+39 06 6982",
    "Tel. 06 698 12345",
    "+31 20 794 0000",
    "020-794 0000",
    "+32 2 555 12 12",
    "+41 44 668 18 00",
    "044 668 18 00",
    "+43 1 58858 0",
    "+45 32 12 34 56",
    "call 32 12 34 57",
    "+46 8 123 456 78",
    "08-123 456 78",
    "+47 22 12 34 56",
    "+358 9 1234567",
    "+48 22 123 45 67",
    "call 22 123 45 67",
    "+420 224 123 456",
    "+36 1 234 5678",
    "+7 495 123-45-67",
    "+90 212 123 45 67",
    "+91 98765 43210",
    "call 98765 43210",
    "+86 138 1234 5678",
    "13812345678",
    "138-1234-5678",
    "电话是010-62511234",
    "电话：021-6251 1234",
    "手机13912345678，随时打",
    "+852 2345 6789",
    "call 2345 6789",
    "+886 912 345 678",
    "0912-345-678",
    "+81 3 1234 5678",
    "03-1234-5678",
    "090-1234-5678",
    "+82 10 1234 5678",
    "010-1234-5678",
    "+65 6123 4567",
    "ring 6123 4567",
    "+61 2 9374 4000",
    "(02) 9374 4000",
    "0412 345 678",
    "+64 9 123 4567",
    "+27 21 123 4567",
    "+55 11 91234-5678",
    "(11) 91234-5678",
    "+52 55 1234 5678",
    "+972 3-123-4567",
    "+353 1 234 5678",
    "087 123 4567",
    "On 12.03.2024 call 212-555-0147",
    "Ring me at 18:15 on 020 7946 0958",
    "Between 18:15-19:00 call +49 30 901820",
    "since 1998 my number has been 07700 900123",
    "The 3 of us: 212-555-0147 or 212-555-0199",
    "it costs $12.50, call 212-555-0147",
    "call 12.03.2024 212-555-0147",
    "phone 555-0143",
    "1998 212-555-0147 call",
    "电话010-62511234，18:15以后",
    "flat 3, phone 020 7946 0958",
    "flight 12, call 212-555-0147",
    "our house number 12, phone 020 7946 0958",
]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in FOUND.items() for text in texts])
def test_finds_what_reaches_a_person(kind: str, text: str) -> None:
    spans = pii.find(text)
    assert [span.kind for span in spans] == [kind]
    assert pii.LABELS[kind]["en"] in pii.mask(text, spans, language="en")


@pytest.mark.parametrize("text", ORDINARY)
def test_leaves_years_prices_dates_and_counts_alone(text: str) -> None:
    assert pii.find(text) == ()


@pytest.mark.parametrize("text", NOT_TELEPHONES)
def test_dates_amounts_ranges_and_names_of_things_reach_nobody(text: str) -> None:
    assert pii.find(text) == ()


@pytest.mark.parametrize("text", TELEPHONES)
def test_telephone_numbers_are_found_in_the_forms_of_many_countries(text: str) -> None:
    spans = pii.find(text)
    assert {span.kind for span in spans} == {"phone"}
    left = pii.mask(text, spans)
    assert not any(part in left for part in ("555", "0147", "5678", "900123", "7946", "901820", "6251"))


@pytest.mark.parametrize("text", ["电话是010-62511234。", "是010-62511234，随时打"])
def test_a_number_right_behind_chinese_is_masked_from_its_first_digit(text: str) -> None:
    assert "010" not in pii.mask(text, pii.find(text))


def test_a_house_number_that_could_be_a_year_is_still_one() -> None:
    for text in ("He lives at 1969 Abbey Road, London", "Send it to 1600 Pennsylvania Avenue"):
        assert [span.kind for span in pii.find(text)] == ["address"]


@pytest.mark.parametrize(
    "unit",
    ["1", "1 ", "1-", "1.", "1:", "1,000", "12 000 ", "250 / ", "12-34 ", "12.03.2024 ", "2024-", "(1", "978-0-"],
)
def test_the_search_takes_time_in_proportion_to_the_text(unit: str) -> None:
    text = (unit * 8000)[:8000]
    assert timing.takes_at_most(1, lambda: pii.find(text))


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
