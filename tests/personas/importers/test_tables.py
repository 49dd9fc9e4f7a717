"""Tables of apps that have no reader of their own: their columns tell, by their names or by what stands in them."""

import pytest

from personas.importers.base import UnknownFormat
from tests.personas.importers.builders import read

SAID = [("Ana", "Did the lemon tree survive?"), ("Me", "It did, of course"), ("Ana", "Good")]
VIBER = (
    '24/12/2023,09:05:11,Ana,+359888111222,Did the lemon tree survive?\n'
    '24/12/2023,09:06:00,Me,+359888111333,"It did, of course"\n'
    "24/12/2023,09:07:00,Ana,+359888111222,Photo message\n"
    "24/12/2023,09:08:00,Ana,+359888111222,Good\n"
)  # fmt: skip


@pytest.mark.parametrize("header", ["", "Date,Time,Sender name,Phone number,Message\n"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_table_of_viber_is_read_with_and_without_the_names_of_its_columns(header, between):
    table = (header + VIBER).replace(", of", "§ of").replace(",", between).replace("§ of", ", of")
    reading = read(table, "Ana.csv")
    assert reading.format == "chat-table"
    assert reading.said == SAID
    assert reading.times == ["2023-12-24T09:05:11", "2023-12-24T09:06:00", "2023-12-24T09:08:00"]
    assert reading.skipped == {"media": 1}


def test_words_with_commas_that_no_quotes_hold_are_whole():
    assert read(VIBER.replace('"', ""), "Ana.csv").said == SAID


def test_a_date_with_a_time_in_one_column_is_enough():
    table = '2021-03-05 10:12,Ana,"Did it, really?"\n2021-03-05 10:13,Beto,It did\n2021-03-05 10:14,Ana,Cake\n'
    assert read(table).said == [("Ana", "Did it, really?"), ("Beto", "It did"), ("Ana", "Cake")]


def test_what_the_owner_sent_is_told_by_its_direction():
    imazing = (
        "Chat Session,Message Date,Type,Sender ID,Sender Name,Text,Attachment\n"
        "Ana,2023-12-24 09:05:11,Incoming,+1555,Ana,Did the lemon tree survive?,\n"
        'Ana,2023-12-24 09:06:11,Outgoing,,,"It did, of course",\n'
        "Ana,2023-12-24 09:07:11,Incoming,+1555,Ana,,tree.jpg\n"
        "Ana,2023-12-24 09:07:12,Notification,,,Ana named the conversation,\n"
        "Ana,2023-12-24 09:08:11,Incoming,+1555,Ana,Good,\n"
    )
    reading = read(imazing, "Ana.csv")
    assert reading.said == SAID
    assert reading.skipped == {"media": 1, "system": 1}
    signal = (
        "ADDRESS,DATE_SENT,TYPE,BODY\n+1555,1703408711000,10485780,Hello\n+1555,1703408771000,10485783,Hi\n"
        "+1555,1703408781000,20,Bye\n"
    )
    assert read(signal).said == [("+1555", "Hello"), ("Me", "Hi"), ("+1555", "Bye")]
    assert read(signal).times[0] == "2023-12-24T09:05:11"


def test_a_table_without_senders_is_one_authors():
    tweets = (
        '"tweet_id","timestamp","source","text"\n"1","2013-12-24 09:05:11 +0000","web","Frost again"\n'
        '"2","2013-12-25 09:05:11 +0000","web","RT @ana: Thaw"\n'
    )
    reading = read(tweets, "tweets.csv")
    assert reading.said == [("", "Frost again")]
    assert reading.skipped == {"repost": 1}
    assert any("“text”" in remark for remark in reading.remarks)


@pytest.mark.parametrize(
    "table",
    [
        "Given,Family,Phone\nAna,Lima,+1\nBo,Costa,+2\n",
        "Buchungstag;Betrag;Konto\n24.12.2023;1,00;1\n25.12.2023;2,00;2\n",
    ],
)
def test_a_table_of_something_else_is_refused_and_what_to_do_is_said(table):
    with pytest.raises(UnknownFormat, match="Date, Name and Message"):
        read(table, "list.csv")


def test_verses_with_commas_are_no_table():
    verses = "One, two, three\nfour, five, six\nseven, eight, nine\n"
    assert read(verses, "verses.txt").format == "plain-text"


def test_a_line_that_begins_with_a_number_above_is_no_quotation():
    assert read("date,text\n2023-06-05,>5 miles today\n2023-06-06,Rain.\n", "diary.csv").texts == [
        ">5 miles today",
        "Rain.",
    ]


def test_a_table_of_reddit_gives_its_authors_words_without_what_they_quote():
    rows = [
        "I think so.\n\n> Theirs.\n>Theirs too.\n\nBut no. >:(",
        "&gt; Only theirs.",
        "[deleted]",
        "[removed]",
        "Yes.",
    ]
    lines = "".join(
        f'{n},https://www.reddit.com/r/x/{n}/,2023-06-05 17:17:11 UTC,x,"{row}"\n' for n, row in enumerate(rows)
    )
    reading = read(f"id,permalink,date,subreddit,body\n{lines}", "comments.csv")
    assert reading.texts == ["I think so.\n\n\nBut no. >:(", "Yes."]
    assert reading.skipped == {"quotation": 1, "deleted": 2}
