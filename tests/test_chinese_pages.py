"""Chinese pages show no English words, and English pages no Chinese ones."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.contacts import guardians
from accounts.interface import languages
from accounts.models import User
from chat.models import Author, ConversationState, Notice, Origin, Reply
from personas import forms
from personas.models import Draft
from tests import factories

pytestmark = pytest.mark.django_db

# Names, formats and keys, which are the same in Chinese.
SAME = set(re.findall(r"\w+", """
    AI Afterword API Open
    WebUI chat ui Cookie cookie Ctrl Email English Enter Esc GDPR JSON JSONL Markdown OpenAI Shift Tab SillyTavern
    IP UTC ZIP zip ERASE assistant the readyz Ada Lovelace Samantha
    WhatsApp Telegram Messenger Instagram LINE KakaoTalk QQ Signal iMessage Discord Google Chat LinkedIn ChatGPT Slack
    Word PDF PNG JPEG GIF WebP CHARX TA MB GB Top Min
    txt md docx epub odt rtf srt vtt xml mbox eml jpg png tiff ogg opus mp wav
"""))  # fmt: skip
LANGUAGES = {name for _, name in forms.LANGUAGES}  # each by its own name
# Of an element that shows text which the site did not write, or which is not read as words.
FOREIGN_TAGS = {"script", "style", "code", "kbd", "pre", "bdi", "title"}
SHOWN_ATTRIBUTES = ("aria-label", "placeholder", "title", "alt", "data-command")
VOID = {"input", "meta", "link", "br", "img", "hr", "path", "circle"}


class Shown(HTMLParser):
    """The text of a page that the site itself shows: no code, and nothing in an element for a person's words."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        is_foreign = tag in FOREIGN_TAGS or values.get("dir") == "auto" or "lang" in values or "aria-hidden" in values
        if tag != "html" and tag not in VOID:
            self.open.append((tag, is_foreign))
        if not self.is_in_foreign and not is_foreign:
            self.texts += [values[name] or "" for name in SHOWN_ATTRIBUTES if values.get(name)]

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place][0] == tag:
                del self.open[place:]
                return

    def handle_data(self, text: str) -> None:
        if not self.is_in_foreign:
            self.texts.append(text)

    @property
    def is_in_foreign(self) -> bool:
        return any(is_foreign for _, is_foreign in self.open)


def shown(page: str) -> str:
    reader = Shown()
    reader.feed(page)
    return "\n".join(text.strip() for text in reader.texts if text.strip())


def english(page: str) -> list[str]:
    """Lines that have an English word of two letters or more."""
    return [
        line
        for line in shown(page).splitlines()
        if line not in LANGUAGES and set(re.findall(r"[A-Za-z]{2,}", re.sub(r"https?:\S+|\S+@\S+", "", line))) - SAME
    ]


@pytest.fixture(autouse=True)
def no_rate_limit_left_over(db: None) -> None:
    cache.clear()


@pytest.fixture
def addresses(alice: User) -> list[str]:
    """The pages of alice's account and conversations, in many states."""
    persona = factories.make_persona(owner=alice, name="奶奶", language="zh", description="她住在海边。")
    conversation = factories.make_conversation(owner=alice, persona=persona, title="海边的信")
    now = timezone.now()
    question = conversation.messages.create(author=Author.USER, text="今天的海是什么颜色？", is_pinned=True)
    for status, code in (("completed", ""), ("stopped", ""), ("failed", "engine_unavailable"), ("blocked", "")):
        answer = conversation.messages.create(author=Author.PERSONA, parent=question, text="灰色的。")
        reply = Reply.objects.create(
            message=answer, status=status, code=code, offset="0-0", queued_at=now, finished_at=now, engine="甲",
            model="乙", recalled={"told": [1], "memories": [1, 2]}, sampling={"temperature": 0.8},
        )  # fmt: skip
        Notice.objects.create(
            conversation=conversation, message=answer, kind="masked", rule="pii", version="1", text="通知", shown_at=now
        )
        conversation.head = answer
        conversation.save()
    withheld = conversation.messages.create(author=Author.USER, parent=answer, text="秘密", is_withheld=True)
    conversation.head = withheld
    conversation.save()
    Origin.objects.create(reply=reply, attempt=1, engines=[{
        "name": "甲", "model": "乙", "device": "丙", "version": "1", "context_length": 2048, "because": "",
    }], parts=[{"name": name, "text": "字", "tokens": 3, "dropped": 2} for name in (
        "rules", "introduction", "samples", "lorebook", "memories", "told", "turns", "prefix",
    )], prompt={"stop": ["。"], "messages": [], "joint": "", "form": "chat", "text": ""}, rendered="字")  # fmt: skip
    resting = factories.make_conversation(owner=alice, persona=persona, state=ConversationState.RESTING)
    archived = factories.make_conversation(owner=alice, persona=persona, state=ConversationState.ARCHIVED)
    one = conversation.id
    return [
        "/",
        reverse("shortcuts"),
        reverse("account"),
        reverse("account_erase"),
        reverse("account_email"),
        reverse("account_change_password"),
        reverse("account_logout"),
        reverse("usersessions_list"),
        reverse("privacy"),
        reverse("api:keys"),
        reverse("chat:list"),
        reverse("chat:list") + "?archive=",
        reverse("chat:search") + "?q=海",
        reverse("chat:search") + "?q=云",
        *(reverse("chat:conversation", args=[each]) for each in (one, resting.id, archived.id)),
        reverse("chat:delete", args=[one]),
        reverse("chat:goodbye", args=[one]),
        reverse("chat:delete-message", args=[question.id]),
        reverse("chat:message", args=[question.children.earliest("created_at").pk]),
        reverse("chat:inspection", args=[one, reply.id]),
        reverse("chat:report", args=[one, reply.id]),
        reverse("chat:export", args=[one]) + "?format=page",
    ]


def test_the_pages_of_account_and_conversations_are_chinese(alice: User, addresses: list[str]) -> None:
    languages.keep(alice, "zh-hans")
    client = Client()
    client.force_login(alice)
    pages = {address: client.get(address) for address in addresses}
    assert {address: page.status_code for address, page in pages.items() if page.status_code != 200} == {}
    assert {address: english(page.text) for address, page in pages.items() if english(page.text)} == {}


def test_the_pages_of_a_guardian_and_their_minor_are_chinese(settings: Any) -> None:
    settings.MINIMUM_AGE = 16
    minor = factories.make_user("小凯", born=timezone.localdate() - timedelta(days=17 * 366))
    languages.keep(minor, "zh-hans")
    client, visitor = Client(), Client(headers={"Accept-Language": "zh-CN"})
    client.force_login(minor)
    pages = [client.get(reverse("guardian"))]
    guardian = guardians.appoint(user=minor, name="阿姨", email="gwen@example.test", own_name="小凯")
    link = urlsplit(guardians.address(guardian)).path
    pages += [client.get(reverse("guardian")), visitor.get(link), visitor.get(link + "x")]
    visitor.post(link, {"act": "accept"})
    limits = {"minutes": 30, "messages": 50, "personas": "shipped", "alert": "on"}
    pages += [visitor.post(link, {"act": "set", **limits}, follow=True)]
    pages += [client.get(reverse(name)) for name in ("guardian", "account")]
    pages += [visitor.post(link, {"act": "decline"}, follow=True), client.get(reverse("guardian"))]
    assert [english(page.text) for page in pages if english(page.text)] == []


@pytest.fixture
def named_places(alice: User) -> dict[str, str]:
    """Pages that name a place of a file: Look inside, the form of a persona, its recognised words, its portrait.

    Each with the place, as a Chinese page names it.
    """
    words, now = "我在海边的一所小学教书二十年。", timezone.now()
    persona = factories.make_persona(owner=alice, name="奶奶", language="zh", description="她住在海边。")
    source = persona.sources.create(name="信.txt", format="plain-text", bytes=9, status="ready")
    line = source.utterances.create(position=0, is_persona=True, text=words, source_ref="chapter 2, paragraph 7")
    passage = persona.passages.create(source=source, text=words, digest="1", source_ref="chat 1, message 12")
    statement = persona.statements.create(section="words", key="1", label="海", text="海", count=1, lines=[line.pk])
    conversation = factories.make_conversation(owner=alice, persona=persona)
    reply = Reply.objects.create(
        message=conversation.messages.create(author=Author.PERSONA, text="灰色的。"),
        status="completed", offset="0-0", queued_at=now, finished_at=now,
        recalled={"memories": [passage.pk]},
    )  # fmt: skip
    draft = Draft.objects.create(owner=alice, persona=persona, fields={"name": "奶奶"})
    file = draft.files.create(
        name="信.txt", format="plain-text", bytes=9, status="ready", report={"speakers": {"": 1}, "messages": 1},
        beginning=[{"speaker": "", "text": words, "sent_at": None, "source_ref": "page 3, line 4"}],
    )  # fmt: skip
    transcript = file.transcripts.create(
        medium="page", place="page 3", digest="1", bytes=1, lines=[{"text": words, "confidence": 0.1, "start": 0.0}]
    )
    return {
        reverse("chat:inspection", args=[conversation.id, reply.id]): "聊天 1、消息 12",
        reverse("personas:draft", args=[draft.pk]): "第 3 页、第 4 行",
        reverse("personas:words", args=[draft.pk, transcript.pk]): "第 3 页",
        reverse("personas:statement", args=[persona.pk, statement.pk]): "第 2 章、第 7 段",
    }


def test_pages_that_name_places_of_files_are_chinese(alice: User, named_places: dict[str, str]) -> None:
    languages.keep(alice, "zh-hans")
    client = Client()
    client.force_login(alice)
    pages = {address: client.get(address) for address in named_places}
    assert {address for address, page in pages.items() if named_places[address] not in shown(page.text)} == set()
    assert {address: english(page.text) for address, page in pages.items() if english(page.text)} == {}


def test_the_same_pages_are_english_where_a_person_reads_english(alice: User, addresses: list[str]) -> None:
    client = Client()
    client.force_login(alice)
    chinese = re.compile(r"[\u4e00-\u9fff]")
    for address in addresses:
        text = re.sub("海边的信|通知|奶奶|萨曼莎|海|[甲乙丙]", "", shown(client.get(address).text))
        lines = [line for line in text.splitlines() if chinese.search(line)]
        assert set(lines) <= {"简体中文"}, address


VISITORS = [
    "/",
    "/privacy/",
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/account/password/reset/done/",
    "/setup/no-such-link/",
]


def test_pages_for_visitors_and_what_their_forms_say_are_chinese() -> None:
    visitor = Client(headers={"Accept-Language": "zh-CN"})
    pages = [visitor.get(address) for address in VISITORS]
    pages += [visitor.post("/account/signup/", {"email": "x", "birth_date": "3000-01-01"})]
    pages += [visitor.post("/account/login/", {"login": "x@example.test", "password": "y"})]
    assert [english(page.text) for page in pages if english(page.text)] == []


def test_the_letters_of_the_account_are_chinese(alice: User) -> None:
    visitor = Client(headers={"Accept-Language": "zh-CN"})
    for address in (alice.email, "nobody@example.test"):
        visitor.post("/account/password/reset/", {"email": address})
    visitor.post(
        "/account/signup/",
        {
            "email": "carol@example.test",
            "password1": factories.PASSWORD,
            "password2": factories.PASSWORD,
            "birth_date": "1970-05-17",
            "agreement": "on",
        },
    )
    assert len(mail.outbox) >= 3
    texts = [re.sub(r"testserver|\S+@\S+", "", f"{letter.subject}\n{letter.body}") for letter in mail.outbox]
    assert [english(text) for text in texts if english(text)] == []


def test_the_refusals_of_a_persons_forms_are_chinese(alice: User) -> None:
    languages.keep(alice, "zh-hans")
    client = Client()
    client.force_login(alice)
    persona = factories.make_persona(owner=alice, name="奶奶")
    conversation = factories.make_conversation(owner=alice, persona=persona)
    pages = [
        client.post(reverse("account_erase"), {"proof": "x"}),
        client.post(reverse("account_change_password"), {"oldpassword": "x", "password1": "1", "password2": "2"}),
        client.post(reverse("api:keys"), {"label": ""}),
        client.post(reverse("chat:send", args=[conversation.id]), {"text": ""}),
        client.post(reverse("chat:import"), {"persona": persona.pk}, follow=True),
    ]
    assert [english(page.text) for page in pages if english(page.text)] == []
