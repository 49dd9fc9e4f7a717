import re

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import Role, User
from accounts.sign_in import roles
from moderation.desk import appeals, cases, claims, notes, quality, restrictions, retention, second_person, sight
from moderation.models import Action, ActionKind, AuditEntry
from tests import factories
from tests.moderation.desk.material import decide, make_case

pytestmark = pytest.mark.django_db

DESK = "moderation/"


@pytest.fixture
def ada(db: None) -> User:
    """An auditor."""
    user = factories.make_user("ada")
    roles.give(user, Role.AUDITOR, by=None)
    return User.objects.get(pk=user.pk)


def desk_addresses(ids: dict[str, object]) -> list[str]:
    """Every address of the desk."""
    patterns = get_resolver().url_patterns
    desk = next(pattern for pattern in patterns if getattr(pattern, "app_name", "") == "moderation")
    return [
        reverse(f"moderation:{route.name}", kwargs={name: ids[name] for name in route.pattern.converters})
        for route in desk.url_patterns
        if str(route.pattern).startswith(DESK)
    ]


def test_r28_an_auditor_reads_all_and_changes_nothing(ada: User, alice: User, mina: User) -> None:
    ids = factories.make_one_of_each(owner=alice, moderator=mina)
    restricted = make_case(alice, category="sexual/minors")
    client = Client()
    client.force_login(ada)
    addresses = desk_addresses(ids)
    assert len(addresses) > 12
    before = Action.objects.count()
    for address in addresses:
        assert client.post(address).status_code in {403, 405}, address
        assert client.get(address).status_code in {200, 404, 405}, address
    for page in ("queue", "figures"):
        assert client.get(reverse(f"moderation:{page}")).status_code == 200
    for case_id in (ids["case_id"], restricted.pk):
        assert client.get(reverse("moderation:case", args=[case_id])).status_code == 200
    for model in ("case", "auditentry", "restriction"):
        assert client.get(reverse(f"admin:moderation_{model}_changelist")).status_code == 200
    assert Action.objects.count() == before
    assert AuditEntry.objects.filter(actor=f"user:{ada.pk}").values_list("action").distinct().get() == ("case.viewed",)


def test_r28_no_door_opens_to_an_auditor(ada: User, alice: User, mina: User, olga: User) -> None:
    case, decided = make_case(alice), make_case(alice)
    restriction = decide(decided, mina, ActionKind.WARN).restrictions.get()
    ban = decide(make_case(alice), mina, ActionKind.BAN)
    appeal = appeals.file(restriction=restriction, user=alice, text="A play.")
    assert sight.visible_to(ada).count() == 3
    for door in (
        lambda: decide(case, ada, ActionKind.DISMISS),
        lambda: claims.claim(case=case, moderator=ada),
        lambda: cases.reveal(case=case, moderator=ada, what="words", reason="words_decide"),
        lambda: notes.write(case=case, author=ada, text="Seen."),
        lambda: retention.hold(case=case, moderator=ada, is_held=True),
        lambda: restrictions.lift(restriction=restriction, moderator=ada, reason="A mistake."),
        lambda: appeals.answer(appeal=appeal, moderator=ada, outcome="upheld", answer="No."),
    ):
        with pytest.raises(PermissionDenied):
            door()
    with pytest.raises(second_person.SecondRefused):
        second_person.confirm(action=ban, moderator=ada)
    assert claims.take_next(moderator=ada) is None
    assert not quality.waiting_for(ada).exists()


def test_r28_pages_offer_an_auditor_nothing_to_send(ada: User, alice: User, mina: User) -> None:
    opened, proposed = make_case(alice, category="sexual"), make_case(alice)
    decide(proposed, mina, ActionKind.BAN)
    client = Client()
    client.force_login(ada)
    for case in (opened, proposed):
        page = client.get(reverse("moderation:case", args=[case.pk])).text
        assert "Take it back" not in page
        assert "data-review-form" not in page
        assert not [action for action in re.findall(r'action="([^"]+)"', page) if str(case.pk) in action]
    assert "Take the next case" not in client.get(reverse("moderation:queue")).text
