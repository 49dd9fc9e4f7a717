"""What one person may start and wait for, also when everything comes at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection as database
from django.urls import reverse

from accounts.models import Quota
from chat.conversation import conversations, messages
from chat.models import Conversation, Reply
from generation.jobs import waiting_room
from tests import factories

TOGETHER = 8


def test_messages_that_come_together_cannot_pass_the_limit_of_replies_that_wait(transactional_db, alice, settings):
    settings.WAITING_PER_ACCOUNT = 3
    talks = [factories.make_conversation(owner=alice) for _ in range(TOGETHER)]

    def send(talk):
        try:
            return messages.send_message(user=alice, conversation_id=talk.id, client_id=uuid4(), text="Good morning.")
        except conversations.Busy:
            return None
        finally:
            database.close()

    with ThreadPoolExecutor(TOGETHER) as tabs:
        sent = list(tabs.map(send, talks))
    assert len([each for each in sent if each]) == 3
    assert Reply.objects.filter(status="queued").count() == waiting_room.sizes()["interactive"] == 3


def test_so_many_conversations_start_and_the_next_is_told_when(alice, client, settings):
    settings.QUOTAS = settings.QUOTAS | {"conversations": (2, timedelta(days=1))}  # a minute may end meanwhile
    persona = factories.make_persona(owner=alice)
    client.force_login(alice)
    for _ in range(2):
        client.post(reverse("chat:list"), {"persona": persona.id})
    answer = client.post(reverse("chat:list"), {"persona": persona.id}, follow=True)
    assert "You have reached the limit of 2 conversations per day. You can go on in" in answer.text
    assert Conversation.objects.filter(owner=alice).count() == 2
    with pytest.raises(conversations.OverQuota) as refused:
        conversations.start(user=alice, persona_id=persona.id)
    assert refused.value.status == 429
    assert refused.value.retry_after is not None
    assert Quota.objects.get(user=alice, kind="conversations").used == 2
