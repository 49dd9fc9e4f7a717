import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from moderation.filter.policy import Terms
from moderation.models import Assessment, AuditEntry, PersonaRule, Policy
from moderation.policies import policy_changes
from moderation.policies.presets.registry import PRESETS
from tests import factories

pytestmark = pytest.mark.django_db

OVERVIEW = "/moderation/policy/"
CHINA = "/moderation/policy/presets/china/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(olga: User) -> Client:
    return signed_in(olga)


def active() -> Policy:
    return Policy.objects.get(is_active=True)


def current() -> Terms:
    terms = policy_changes.current()
    assert terms is not None
    return terms


def test_moderators_read_the_pages_and_change_nothing(mina: User, alice: User, olga: User) -> None:
    client, before = signed_in(mina), active()
    draft = policy_changes.try_in_shadow(terms=PRESETS["china"].terms, owner=olga, reason="We move.", days=3)
    rule = PersonaRule.objects.create(
        persona_id=factories.make_persona(owner=alice).id,
        category="hate",
        direction="user",
        threshold=0.1,
        action="block",
    )
    version = reverse("moderation:policy_version", args=[draft.version])
    pages = [
        OVERVIEW,
        CHINA,
        version,
        "/moderation/policy/edit/",
        "/moderation/policy/topic/",
        "/moderation/policy/personas/",
    ]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert not re.search('name="activate"|Hold the persona|End the', answer.text), page
        assert signed_in(alice).get(page).status_code == 404, page
    doors = [
        (CHINA, {"reason": "Mine."}),
        (version, {"reason": "Mine."}),
        (version + "end/", {}),
        (f"/moderation/policy/personas/{rule.pk}/end/", {"reason": "Mine."}),
        ("/moderation/policy/topic/?name=gambling", topic_form()),
        ("/moderation/policy/edit/", edit_form(current())),
    ]
    for page, data in doors:
        assert client.post(page, data).status_code == 403, page
    assert active() == before


def test_t1_a_preset_says_what_it_sets_and_what_differs_and_is_applied_with_a_reason(owner: Client) -> None:
    page = owner.get("/moderation/policy/presets/three-conditions-2021/").text
    assert "only after its audit and a reviewer’s approval" in page
    assert "Talk about medical advice in what a persona says" in page
    answer = owner.post("/moderation/policy/presets/three-conditions-2021/", {"reason": " ", "activate": "yes"})
    assert "A change of the policy needs a reason." in answer.text
    assert active().version == "1"
    owner.post("/moderation/policy/presets/three-conditions-2021/", {"reason": "The provider asks.", "activate": "yes"})
    assert active().requires_persona_approval
    history = owner.get(OVERVIEW).text
    assert "The provider asks." in history
    assert "from the preset “Three conditions of 2021”" in history


def test_r18_r27_a_version_is_gone_back_to_in_one_act_with_a_reason(owner: Client, olga: User) -> None:
    rules = set(current().rules)
    owner.post(CHINA, {"reason": "We move.", "activate": "yes"})
    assert "Go back to version 1" in owner.get(OVERVIEW).text
    owner.post("/moderation/policy/versions/1/", {"reason": "We stay.", "activate": "yes"})
    assert (active().version, active().made_from, active().reason) == ("3", "version:1", "We stay.")
    assert (set(current().rules), current().topics, current().requires_persona_approval) == (rules, (), False)
    entries = AuditEntry.objects.filter(action="policy.activated").order_by("id")
    assert [(entry.subject, entry.actor) for entry in entries] == [
        ("policy:2", f"user:{olga.pk}"),
        ("policy:3", f"user:{olga.pk}"),
    ]
    assert entries[0].data["added"] == entries[1].data["removed"]
    page = owner.get("/moderation/policy/versions/3/").context
    assert page["compared"][0].subject == "help with crimes in what a persona says"  # the first of those undone
    assert owner.get("/moderation/policy/versions/3/?against=1").context["compared"] == []


def test_r22_a_trial_begins_and_ends_on_the_page_and_shows_the_report(owner: Client) -> None:
    row = Assessment.objects.create(direction="user", action="flag", probabilities={"sexual": 0.95})
    owner.post(CHINA, {"reason": "We move.", "days": "5", "shadow": "yes"})
    draft = Policy.objects.latest("pk")
    assert (draft.is_draft, active().version) == (True, "1")
    page = owner.get(f"/moderation/policy/versions/{draft.version}/").text
    assert "1 of 1" in page
    assert reverse("admin:moderation_assessment_change", args=[row.pk]) in page
    assert "Sexual content in what a person writes" in page
    assert f"Draft {draft.version}" in owner.get(OVERVIEW).text
    owner.post(f"/moderation/policy/versions/{draft.version}/end/")
    assert "A draft in shadow" not in owner.get(OVERVIEW).text


def edit_form(terms: Terms, *, changed: dict[int, dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    """The form in the shape that the browser sends. `changed`: number of a rule → its other values."""
    data: dict[str, Any] = {
        "form-TOTAL_FORMS": len(terms.rules),
        "form-INITIAL_FORMS": len(terms.rules),
        "break_notice_hours": terms.break_notice_hours,
        "reason": "By hand.",
        "activate": "yes",
    }
    for number, rule in enumerate(terms.rules):
        values = vars(rule) | (changed or {}).get(number, {})
        data |= {f"form-{number}-{field}": value for field, value in values.items() if value is not False}
    return data | fields


def test_rules_change_only_as_a_new_version_made_by_the_owner(owner: Client, olga: User) -> None:
    terms = current()
    first = next(number for number, rule in enumerate(terms.rules) if rule.category == "hate")
    data = edit_form(terms, changed={first: {"threshold": 0.5}}, requires_persona_approval="on")
    assert owner.post("/moderation/policy/edit/", data).status_code == 302
    assert active().version == "2"
    assert active().requires_persona_approval
    assert Policy.objects.get(version="1").rules.count() == active().rules.count() == len(terms.rules)
    entry = AuditEntry.objects.get(action="policy.activated")
    assert (len(entry.data["added"]), len(entry.data["removed"])) == (1, 1)


def test_a_policy_that_lets_minors_be_sexualised_is_refused_and_the_form_is_kept(owner: Client) -> None:
    terms = current()
    removed = {n: {"DELETE": "on"} for n, rule in enumerate(terms.rules) if rule.category == "sexual/minors"}
    page = owner.post("/moderation/policy/edit/", edit_form(terms, changed=removed, reason="My long reason."))
    assert "must block sexual/minors" in page.text
    assert "My long reason." in page.text
    assert active().version == "1"
    assert not AuditEntry.objects.filter(action="policy.activated").exists()


def topic_form(**fields: str) -> dict[str, str]:
    values = {
        "name": "boats",
        "examples": "We row.\r\n\r\nWe sail.\r\nWe row.\r\n我们划船。",
        "user": "flag",
        "persona": "block",
        "reason": "Too wet.",
        "activate": "yes",
    }
    return values | fields


def test_t2_the_owner_adds_changes_and_removes_a_topic_in_plain_words(owner: Client) -> None:
    address = "/moderation/policy/topic/"
    assert "at most 24 characters" in owner.post(address, topic_form(name="b" * 25)).text
    assert "3 to 60 example sentences" in owner.post(address, topic_form(examples="We row.\nWe sail.")).text
    assert "has no action" in owner.post(address, topic_form(user="allow", persona="allow")).text
    assert current().topics == ()
    assert owner.post(address, topic_form()).status_code == 302
    (topic,) = current().topics
    assert (topic.name, topic.examples) == ("boats", ("We row.", "We sail.", "我们划船。"))
    page = owner.get(address + "?name=boats").text
    assert "我们划船。" in page
    assert "Remove the topic" in page
    assert "Talk about boats" in Client().get("/rules/").text
    owner.post(address + "?name=boats", topic_form(name="ships", user="block"))
    assert [(topic.name, topic.category) for topic in current().topics] == [("ships", "topic/ships")]
    owner.post(address + "?name=ships", topic_form(remove="yes"))
    assert current().topics == ()
    assert active().version == "4"


def test_t2_a_shipped_topic_is_offered_with_its_examples_until_it_is_there(owner: Client) -> None:
    assert "?name=gambling" in owner.get(OVERVIEW).text
    assert "彩票" in owner.get("/moderation/policy/topic/?name=gambling").text
    owner.post(CHINA, {"reason": "We move.", "activate": "yes"})
    assert owner.get(OVERVIEW).text.count("?name=gambling") == 1
    kept = edit_form(current())
    owner.post("/moderation/policy/edit/", kept)
    assert {topic.name for topic in current().topics} == {"gambling", "money and investments"}


def test_a_persona_is_held_to_a_stricter_rule_and_a_milder_one_is_refused(owner: Client, alice: User) -> None:
    persona = factories.make_persona(owner=alice)
    address = "/moderation/policy/personas/"
    assert str(persona.id) in owner.get(f"{address}?persona={persona.id}").text
    rule = {"persona_id": persona.id, "category": "hate", "direction": "persona", "action": "block", "reason": "Asked."}
    refusal = owner.post(address, rule | {"threshold": "0.9"}).text
    assert "must be stricter than the policy" in refusal
    assert "Asked." in refusal
    assert owner.post(address, rule | {"threshold": "0.4"}).status_code == 302
    row = PersonaRule.objects.get()
    assert "Hatred of a group of people in what a persona says" in owner.get(address).text
    owner.post(f"{address}{row.pk}/end/", {"reason": ""})
    assert PersonaRule.objects.filter(ended_at=None).exists()
    owner.post(f"{address}{row.pk}/end/", {"reason": "It is over."})
    assert not PersonaRule.objects.filter(ended_at=None).exists()


def test_without_an_active_version_the_pages_still_lead_to_one(owner: Client) -> None:
    Policy.objects.update(is_active=False)
    assert "No version is active" in owner.get(OVERVIEW).text
    owner.post(CHINA, {"reason": "The first.", "activate": "yes"})
    assert active().version == "2"
