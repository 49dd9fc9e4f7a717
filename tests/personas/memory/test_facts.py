import pytest

from personas.memory.facts import fact_in, kinds_asked
from personas.memory.models import Kind
from personas.memory.units import has_words, last_question, units


@pytest.mark.parametrize(
    ("sentence", "kind", "slot"),
    [
        ("My dog is called Bruno.", Kind.PETS, "dog.name"),
        ("Actually my dog's name is Max now.", Kind.PETS, "dog.name"),
        ("We have a new puppy. Her name is Juno.", Kind.PETS, "dog.name"),
        ("I work as a nurse.", Kind.WORK, "i.work"),
        ("I moved to Leeds in May.", Kind.HOME, "i.home"),
        ("My sister Clara moved to Norway.", Kind.HOME, "sister clara.home"),
        ("The wedding is on 5 June.", Kind.PLANS, "wedding.when"),
        ("The wedding has been moved to 12 June.", Kind.PLANS, "wedding.when"),
        ("I'm 34 years old.", Kind.NAME, "i.age"),
        ("My mum's birthday is on 3 March.", Kind.FAMILY, "mother.birthday"),
        ("My favourite colour is green.", Kind.LIKES, "colour.favourite"),
        ("I'm allergic to peanuts.", Kind.HEALTH, ""),
        ("You used to sing to me.", Kind.PERSONA, ""),
        ("我女儿叫小雨", Kind.FAMILY, "女儿.name"),
        ("我家的狗叫豆包。", Kind.PETS, "狗.name"),
        ("我姐姐搬到昆明去了。", Kind.HOME, "姐姐.home"),
        ("我在医院当护士。", Kind.WORK, "i.work"),
        ("婚礼改到六月二十号了", Kind.PLANS, "婚礼.when"),
        ("我今年三十四岁", Kind.NAME, "i.age"),
        ("我对花生过敏", Kind.HEALTH, ""),
    ],
)
def test_a_fact_has_its_kind_and_slot(sentence: str, kind: Kind, slot: str) -> None:
    fact = fact_in(sentence)
    assert fact is not None
    assert (fact.kind, fact.slot) == (kind, slot)


@pytest.mark.parametrize("sentence", ["It is a very nice day.", "I'm tired.", "今天下雨。", "", "?!"])
def test_small_talk_is_no_fact(sentence: str) -> None:
    assert fact_in(sentence) is None


def test_a_question_names_a_kind_in_other_words() -> None:
    assert kinds_asked("What do I do for a living?")[0] == Kind.WORK
    assert kinds_asked("我养的宠物叫什么？")[0] == Kind.PETS


def test_sentences_that_lean_on_another_stay_with_it() -> None:
    assert units("We got a puppy last week. He is called Bruno. The bus was late again today.") == {
        0: "We got a puppy last week. He is called Bruno.",
        1: "The bus was late again today.",
    }


def test_two_facts_in_a_sentence_are_apart_so_that_one_can_be_replaced() -> None:
    assert list(units("My dog is called Bruno and I work as a nurse.").values()) == [
        "My dog is called Bruno",
        "I work as a nurse.",
    ]
    assert list(units("我女儿叫小雨，我在医院当护士。").values()) == ["我女儿叫小雨", "我在医院当护士。"]


@pytest.mark.parametrize(
    "question",
    [
        "What is my dog called?",
        "what day did i say it was",
        "你还记得我老家在哪吗",
        "我的名字谁起的呀",
        "Remember my name?",
    ],
)
def test_a_persons_own_question_is_not_remembered(question: str) -> None:
    assert units(question) == {}


@pytest.mark.parametrize(
    "statement",
    ["When I was nine I broke my arm.", "Did I tell you that my dog is called Bruno?", "What a day. The roof leaks."],
)
def test_a_statement_that_looks_like_a_question_is(statement: str) -> None:
    assert units(statement)


def test_a_piece_is_a_part_of_its_message() -> None:
    message = "Hello there.  I slept badly, and the bus was late! 我女儿叫小雨。Is that so? My dog is called Max."
    assert all(piece in message for piece in units(message).values())


def test_what_holds_no_words_of_its_own_is_nothing_to_remember() -> None:
    assert not has_words("And then?")
    assert has_words("It was 7.")


def test_the_last_question_of_a_text() -> None:
    assert last_question("Sit down. What is your dog called?") == "What is your dog called?"
    assert last_question("Sit down.") == ""
