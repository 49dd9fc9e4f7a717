import hashlib
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from personas.models import Depicts, Passage, Persona, Source
from personas.prompting.prompt_sheet import (
    Sheet,
    asks_in_earnest,
    fill,
    honest_exchange,
    honest_opening,
    sheet_for,
)
from personas.prompting.samples import EXCHANGES, Exchange
from tests.factories import make_persona


def give_words(persona: Persona, *texts: str, prompted_by: str = "") -> None:
    source = Source.objects.create(persona=persona, name="words.txt", format="plain_text", bytes=1)
    Passage.objects.bulk_create(
        Passage(
            persona=persona,
            source=source,
            text=text,
            prompted_by=prompted_by,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            source_ref=f"line {number}",
        )
        for number, text in enumerate(texts, start=1)
    )


@pytest.fixture
def persona(alice: User) -> Any:
    def make(**fields: Any) -> Persona:
        return make_persona(owner=alice, **fields)

    return make


def test_the_honest_answer_says_what_it_is_in_both_languages() -> None:
    for depicts in Depicts:
        exchange = honest_exchange(Sheet(name="Ada", depicts=depicts))
        assert "AI" in exchange.persona
        assert "No" not in exchange.persona.split()  # it answers "Are you an AI?" too
        assert asks_in_earnest(Sheet(name="Ada"), exchange.user)
    chinese = Sheet(name="鲁迅", depicts=Depicts.DEAD, language="zh-Hans")
    assert "人工智能" in honest_exchange(chinese).persona
    assert asks_in_earnest(chinese, honest_exchange(chinese).user)


def test_the_fields_come_over_with_the_cards_placeholders_filled(persona: Any) -> None:
    sheet = sheet_for(
        persona(
            name="Elizabeth",
            calls_user="Jane",
            description="{{Char}} speaks to {{user}} as an equal. {{// a note}}",
            scenario="<USER> meets <BOT>.{{original}}",
            card={"data": {"personality": "lively, {{char}}'s own"}},
            sampling={"temperature": 0.5},
        )
    )
    assert sheet.description == "Elizabeth speaks to Jane as an equal. lively, Elizabeth's own"
    assert sheet.scenario == "Jane meets Elizabeth."
    assert sheet.sampling == {"temperature": 0.5}


def test_written_exchanges_come_before_everything_else(persona: Any) -> None:
    ada = persona(
        examples=[
            [["user", "Storm tonight?"], ["persona", "Let it blow, {{user}}."], ["user", "Are you afraid?"]],
            [["persona", "An answer to nobody."], ["user", "Afraid?"], ["persona", "Of stairs, a little."]],
        ],
        sayings=["I never liked the weather on the mainland."],
    )
    assert sheet_for(ada).exchanges == (
        Exchange("Storm tonight?", "Let it blow, Friend."),
        Exchange("Afraid?", "Of stairs, a little."),
        Exchange("How is the weather with you?", "I never liked the weather on the mainland."),
    )


def test_the_samples_follow_what_is_added_and_deleted(persona: Any) -> None:
    ada = persona()
    give_words(ada, "I danced with nobody, which suited me perfectly well!")
    questions = [exchange.user for exchange in sheet_for(ada).exchanges[2:]]
    give_words(ada, "I thought the rain would never end.")
    assert [*questions, "How is the weather with you?"] == sorted(e.user for e in sheet_for(ada).exchanges[2:])
    ada.passages.order_by("id").last().delete()
    assert [exchange.user for exchange in sheet_for(ada).exchanges[2:]] == questions
    ada.passages.all().delete()
    assert sheet_for(ada).exchanges[2:] == ()
    assert not sheet_for(ada).has_own_words


def test_the_sheet_is_the_same_every_time_and_small(persona: Any, shared_data: Path) -> None:
    text = (shared_data / "personas/letters/austen_letters_1796-1816.txt").read_text(encoding="utf-8")
    jane = persona(name="Jane", calls_user="Cassandra", depicts=Depicts.HISTORICAL)
    give_words(jane, *sorted({p for p in text.split("\n\n") if 40 < len(p) < 600}))
    sheet = sheet_for(jane)
    assert sheet == sheet_for(Persona.objects.get(pk=jane.pk))
    assert len(sheet.exchanges) == EXCHANGES
    assert len({exchange.user for exchange in sheet.exchanges}) == len(sheet.exchanges)
    for exchange in sheet.exchanges[2:]:
        assert exchange.persona in text


def test_a_persona_with_nothing_but_a_name_has_a_sheet(persona: Any) -> None:
    sheet = sheet_for(persona(description="", card={"data": "damaged"}, examples=[["odd"], 3, [["user"]]]))
    assert sheet.name == "Ada"
    assert len(sheet.exchanges) == 2


@pytest.mark.parametrize(
    "question",
    [
        "Are you a real person?",
        "are you real",
        "Are you really Jane Austen?",
        "Wait. Are you an AI?",
        "Is this really you, Mum?",
        "Am I talking to a machine?",
        "What are you?",
        "You're just a program, aren't you?",
        "Are you still alive?",
        "Tell me honestly: real person or AI?",
        "Are you actually there?",
    ],
)
def test_an_earnest_question_gets_an_honest_beginning(question: str) -> None:
    assert "I am an AI" in honest_opening(Sheet(name="Jane", depicts=Depicts.DEAD), question)


@pytest.mark.parametrize(
    "question",
    ["你真的是鲁迅吗？", "你是真人吗？", "您是不是机器人？", "你到底是人工智能吗", "真的是你吗？", "你还活着吗？"],
)
def test_an_earnest_question_in_chinese_gets_an_honest_beginning(question: str) -> None:
    assert "我是人工智能" in honest_opening(
        Sheet(name="鲁迅", depicts=Depicts.HISTORICAL, language="zh-Hans"), question
    )


@pytest.mark.parametrize(
    "text",
    [
        "What are you wearing tomorrow?",
        "Are you writing a novel now?",
        "Are you happy?",
        "I am a real person, you know.",
        "Did you talk to a machine?",
        "How are you?",
        "It was really good.",
    ],
)
def test_ordinary_talk_gets_no_statement(text: str) -> None:
    assert honest_opening(Sheet(name="Jane"), text) == ""


@pytest.mark.parametrize("text", ["先生晚上好，今天忙吗？", "您想念绍兴吗？", "你是怎么去北京的？", "这本书是真的好。"])
def test_ordinary_talk_in_chinese_gets_no_statement(text: str) -> None:
    assert honest_opening(Sheet(name="鲁迅", language="zh"), text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{reverse:Hello}}", {"olleH"}),
        ("{{random:a,b\\,c}}", {"a", "b,c"}),
        ("{{Pick:{{char}},{{user}}}}", {"Ada", "Tom"}),
        ("{{roll:d6}}", {"1", "2", "3", "4", "5", "6"}),
        ("{{roll:soon}}", {""}),
        ("{{random:open", {"{{random:open"}),
    ],
)
def test_macros_of_the_third_version_give_one_value_and_always_the_same(text: str, expected: set[str]) -> None:
    ada = Persona(name="Ada", calls_user="Tom")
    assert {fill(ada, text) for _ in range(3)} <= expected
    assert len({fill(ada, text) for _ in range(3)}) == 1
