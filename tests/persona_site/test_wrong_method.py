"""What a browser shows of an address that takes another method."""

import pytest
from django.test import Client

from accounts.interface import languages

pytestmark = pytest.mark.django_db
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.mark.parametrize(
    ("language", "heading", "advice"),
    [("en", "There is nothing to read here", "press it again"), ("zh-hans", "这里没有可看的内容", "再按一次")],
)
def test_an_address_behind_a_button_says_what_to_do(alice, language, heading, advice):
    languages.keep(alice, language)
    client = Client(headers={"Accept": BROWSER})
    client.force_login(alice)
    page = client.get("/account/language/")
    assert page.status_code == 405
    assert page["Allow"] == "POST"
    assert heading in page.text
    assert advice in page.text
    assert 'href="/account/"' in page.text  # the site's own frame, for the person who is signed in


def test_a_form_that_is_sent_to_a_page_gets_a_sentence():
    page = Client(headers={"Accept": BROWSER}).post("/safety/help/")
    assert page.status_code == 405
    assert "This page takes no form" in page.text


@pytest.mark.parametrize("accept", ["", "*/*", "application/json"])
def test_a_program_gets_the_empty_answer(accept):
    answer = Client(headers={"Accept": accept}).get("/account/language/")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert answer.content == b""
