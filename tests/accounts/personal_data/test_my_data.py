import json
import zipfile
from io import BytesIO
from uuid import uuid4

import pytest

from accounts.models import Role, User
from accounts.personal_data import consents, my_data
from accounts.usage import quotas
from moderation.models import Action, ActionKind, Case
from tests import factories


@pytest.fixture
def registry(monkeypatch):
    """The registry. Entries that a test adds are removed afterwards."""
    monkeypatch.setattr(my_data, "_parts", dict(my_data._parts))
    return my_data


def test_the_archive_has_one_document_per_room(alice, registry):
    consents.record(user=alice, kind="persona.self", text="This is me. 就是我。", text_version="1", subject_id=uuid4())
    registry.register("later", export=lambda user: {"who": user.username}, erase=lambda user: None)
    with zipfile.ZipFile(BytesIO(my_data.export(alice))) as archive:
        assert archive.namelist() == [f"{room}.json" for room in my_data.rooms()]
        account = json.loads(archive.read("account.json"))
        assert account["email"] == "alice@example.test"
        assert account["consents"][0]["text"] == "This is me. 就是我。"
        assert json.loads(archive.read("later.json")) == {"who": "alice"}


def test_nothing_of_another_person_is_in_the_archive(alice, bob):
    consents.record(user=bob, kind="persona.self", text="bobs-declaration", text_version="1")
    with zipfile.ZipFile(BytesIO(my_data.export(alice))) as archive:
        assert not any(b"bob" in archive.read(name) for name in archive.namelist())


def test_erasing_leaves_no_account_and_nobody_else_touched(alice, bob):
    consents.record(user=alice, kind="persona.self", text="x", text_version="1")
    quotas.spend(user=alice, kind="messages")
    factories.make_conversation(owner=alice)
    factories.make_conversation(owner=bob)
    my_data.erase(alice)
    assert list(User.objects.all()) == [bob]
    assert bob.conversations.count() == 1


def test_later_rooms_erase_first(alice, registry):
    order = []
    for room in ("lower", "upper"):
        registry.register(room, export=lambda user: {}, erase=lambda user, room=room: order.append(room))
    my_data.erase(alice)
    assert order == ["upper", "lower"]


def test_a_failure_in_one_room_erases_nothing(alice, registry):
    consents.record(user=alice, kind="persona.self", text="x", text_version="1")

    def fail(user):
        raise RuntimeError

    registry.register("upper", export=lambda user: {}, erase=lambda user: user.consents.all().delete())
    registry._parts = {"failing": registry._Part(lambda user: {}, fail), **registry._parts}
    with pytest.raises(RuntimeError):
        my_data.erase(alice)
    assert alice.consents.count() == 1


def test_a_moderators_decisions_stay_without_their_name(alice, mina):
    case = Case.objects.create(
        user=alice, conversation_id=uuid4(), persona_id=uuid4(), persona_name="Ada", due_at="2030-01-01T00:00Z"
    )
    Action.objects.create(case=case, moderator=mina, kind=ActionKind.DISMISS, reason="Fine.", policy_version="1")
    my_data.erase(mina)
    mina = User.objects.get(pk=mina.pk)
    assert mina.role == Role.USER
    assert "mina" not in mina.username + mina.email
    assert not mina.is_active
    assert not mina.is_staff
    assert case.actions.count() == 1
