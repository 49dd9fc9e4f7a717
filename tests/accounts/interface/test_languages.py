"""The language of the interface: who chooses it, where it is kept, and who is spoken to in it."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client
from django.utils import timezone, translation

from accounts.interface import languages
from accounts.legal import closing
from accounts.models import User
from tests import factories

pytestmark = pytest.mark.django_db

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    translation.activate("en")


def language_of(page: Any) -> str:
    found = re.search(r'<html lang="([\w-]+)" dir="ltr"[ >]', page.text)
    assert found
    return found[1]


def choose(client: Client, code: str, next: str = "/rules/") -> Any:
    return client.post("/account/language/", {"language": code, "next": next})


def test_a_visitors_browser_chooses_and_every_page_offers_the_other_language() -> None:
    for headers, code, offer in ((CHINESE, "zh-hans", "English"), ({"Accept-Language": "de"}, "en", "简体中文")):
        page = Client().get("/rules/", headers=headers)
        assert language_of(page) == code
        assert offer in page.text
        assert 'action="/account/language/"' in page.text


def test_a_visitors_choice_outlasts_the_page_and_leads_back_to_it() -> None:
    client = Client()
    answer = choose(client, "zh-hans")
    assert answer["Location"] == "/rules/"
    assert answer.cookies[django_settings.LANGUAGE_COOKIE_NAME]["max-age"] == 365 * 86400
    assert language_of(client.get("/privacy/")) == "zh-hans"
    choose(client, "en")
    assert language_of(client.get("/privacy/", headers=CHINESE)) == "en"


def test_the_choice_is_kept_with_the_account_and_follows_it_to_another_browser(alice: User) -> None:
    here, elsewhere = Client(), Client()
    here.force_login(alice)
    choose(here, "zh-hans")
    alice.refresh_from_db()
    assert alice.language == "zh-hans"
    elsewhere.force_login(alice)
    assert language_of(elsewhere.get("/account/", headers={"Accept-Language": "en"})) == "zh-hans"


def test_an_account_without_a_language_gets_that_of_its_first_page(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(language="")
    client = Client()
    client.force_login(alice)
    client.get("/account/", headers=CHINESE)
    alice.refresh_from_db()
    assert alice.language == "zh-hans"
    assert language_of(client.get("/account/", headers={"Accept-Language": "en"})) == "zh-hans"


def test_a_language_that_the_site_does_not_have_changes_nothing(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    for code in ("xx", "de", "", "<script>"):
        choose(client, code)
    alice.refresh_from_db()
    assert alice.language == "en"
    User.objects.filter(pk=alice.pk).update(language="xx")
    assert language_of(client.get("/account/")) == "en"


def test_the_switch_needs_its_token_and_leads_to_no_other_site() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert choose(strict, "zh-hans").status_code == 403
    assert choose(Client(), "zh-hans", next="https://example.test/").headers["Location"] == "/"
    assert Client().get("/account/language/").status_code == 405


def test_programs_are_answered_in_english() -> None:
    answer = Client().get("/v1/models", headers=CHINESE)
    assert "There is no valid API key" in answer.text


def test_a_chinese_page_brings_the_words_of_its_scripts_and_an_english_one_none() -> None:
    page = Client().get("/", headers=CHINESE).text
    words = json.loads(re.search(r'<script id="script-words" type="application/json">(.*?)</script>', page)[1])
    assert words["Copied."] == "已复制。"
    assert "script-words" not in Client().get("/").text


def test_dates_follow_the_language(alice: User) -> None:
    joined = timezone.localtime(alice.date_joined)
    client = Client()
    client.force_login(alice)
    assert f"{joined.day} {joined:%B %Y}" in client.get("/account/").text
    choose(client, "zh-hans")
    assert f"{joined.year}年{joined.month}月{joined.day}日" in client.get("/account/").text


def test_countries_have_their_names_in_both_languages(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    assert '<option value="DE">Germany</option>' in client.get("/account/").text
    choose(client, "zh-hans")
    assert '<option value="DE">德国</option>' in client.get("/account/").text


def test_an_e_mail_is_in_the_language_of_its_reader(alice: User, bob: User) -> None:
    languages.keep(bob, "zh-hans")
    closing.announce(timezone.localdate() + timedelta(days=40))
    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert "This site closes on" in letters[alice.email].body
    assert "本网站将于" in letters[bob.email].body
    assert "本网站" not in letters[alice.email].body


def test_what_a_person_agrees_to_is_kept_as_they_read_it() -> None:
    client = Client()
    client.get("/account/signup/", headers=CHINESE)
    form = {
        "email": "carol@example.test",
        "password1": factories.PASSWORD,
        "password2": factories.PASSWORD,
        "birth_date": "1970-05-17",
        "agreement": "on",
    }
    client.post("/account/signup/", form, headers=CHINESE)
    carol = User.objects.get(email="carol@example.test")
    assert "人物" in carol.consents.get(kind="terms").text
