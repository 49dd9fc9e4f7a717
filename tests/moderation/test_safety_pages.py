import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from moderation.crisis import notices
from moderation.filter.policy import RuleSpec, Terms
from moderation.models import Policy
from moderation.plain_words import category_in_words
from moderation.policies import policy_changes

pytestmark = pytest.mark.django_db


def test_ca4_k11_the_protocol_is_public_versioned_and_in_the_words_of_the_notices(client: Client) -> None:
    page = client.get("/safety/protocol/")
    assert page.status_code == 200
    for level in ("low", "passive", "active", "imminent", "follow_up"):
        notice = notices.notice(country="", language="en", level=level)
        assert notice.text.split("\n")[0] in page.text
        assert notice.version in page.text
    assert page.text.count("The persona does not answer.") == 3  # from a wish to be dead upward


def test_k5_help_lines_are_public_and_by_country(client: Client) -> None:
    page = client.get("/safety/help/?country=GB").context
    assert page["resources"] == notices.resources(country="GB", language="en")
    assert any("116 123" in line["contact"] for line in page["resources"])
    assert client.get("/safety/help/?country=gb").context["resources"] == page["resources"]


@pytest.mark.parametrize("country", ["", "ZZ", "<script>alert(1)</script>", "XXXX"])
def test_k5_an_unknown_country_gets_the_international_directories(client: Client, country: str) -> None:
    page = client.get("/safety/help/", {"country": country})
    assert "findahelpline.com" in str(page.context["resources"])
    assert "<script>alert" not in page.text


def test_k5_the_profile_comes_before_the_browsers_language(client: Client, alice: User) -> None:
    def country() -> str:
        return (
            client.get("/safety/help/", headers={"accept-language": "de-AT,de;q=0.9"})
            .context["form"]["country"]
            .value()
        )

    assert country() == "AT"
    alice.country = "NZ"
    alice.save()
    client.force_login(alice)
    assert country() == "NZ"


def test_k5_every_country_of_the_list_is_on_the_page(client: Client) -> None:
    page = client.get("/safety/help/")
    contacts = [line["contact"] for _, lines in page.context["lines"] for line in lines]
    for line in notices.help_lines():
        if line["countries"]:
            assert line["contact"]["en"] in contacts
    assert all(lines for _, lines in page.context["lines"])


def test_ds1_the_rules_are_public_and_made_from_the_active_policy(client: Client) -> None:
    page = client.get("/rules/").text
    assert f"Version {Policy.objects.get(is_active=True).version}" in page
    terms = policy_changes.current()
    assert terms is not None
    for spec in terms.rules:
        if not spec.is_shadow:
            assert category_in_words(spec.category).lower() in page.lower()


def test_ds1_a_new_version_changes_the_page_at_once(client: Client, olga: User) -> None:
    minors = tuple(RuleSpec("sexual/minors", direction, 0.25, "block") for direction in ("user", "persona"))
    terms = Terms(minors, requires_persona_approval=True, break_notice_hours=1)
    policy = policy_changes.activate(terms=terms, owner=olga, reason="For a test.")
    page = client.get("/rules/").text
    assert f"Version {policy.version}" in page
    assert "Sexual content about minors" in page
    assert "Hatred" not in page
    assert "only after its audit and a reviewer’s approval" in page
    assert "every hour of continuous use" in page


def test_without_an_active_policy_the_page_says_that_nothing_passes(client: Client) -> None:
    Policy.objects.update(is_active=False)
    assert "No message passes the filter" in client.get("/rules/").text


def test_the_pages_answer_nothing_but_reading(client: Client) -> None:
    for name in ("protocol", "help", "rules"):
        assert client.post(reverse(f"moderation:{name}")).status_code == 405
