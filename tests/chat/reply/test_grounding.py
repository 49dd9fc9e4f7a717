import pytest

from chat.reply.grounding import bears_on, grounded, is_supported
from personas.memory.passages import Recalled
from personas.prompting.phrases import phrases_for

LETTER = Recalled(
    "The herring came late that year. We salted forty barrels by the light of the lamp.", "", 0.03, "line 4", 7
)


def said(*sentences: str, passages: tuple[Recalled, ...] = (LETTER,), message: str = "What about the herring?") -> str:
    return "".join(grounded(passages, message, "en")(iter(sentences)))


def test_a_sentence_that_rests_on_the_words_passes() -> None:
    assert said("We salted forty barrels of herring. ") == "We salted forty barrels of herring. "


def test_an_invented_sentence_is_left_out() -> None:
    assert said("We salted forty barrels. ", "Then I married a baker in Paris. ") == "We salted forty barrels. "


def test_where_nothing_rests_on_the_words_it_quotes_the_sentence_that_was_asked_for() -> None:
    assert said("I married a baker in Paris. ") == "As I once wrote: The herring came late that year."


def test_where_no_passage_bears_on_the_message_it_says_so_and_invents_nothing() -> None:
    assert said("Quantum computers are fast. ", message="Explain quantum computers.") == phrases_for("en").nothing_left
    assert said("I do. ", passages=()) == phrases_for("en").nothing_left


def test_a_passage_bears_on_a_message_by_a_word_or_by_its_meaning() -> None:
    assert bears_on(LETTER, "Tell me about herrings")
    assert not bears_on(LETTER, "Tell me about computers")
    assert bears_on(Recalled("The physician bled her.", "", 0.02, "line 1", 1, closeness=0.6), "Was a doctor called?")


@pytest.mark.parametrize("sentence", ["And then?", "How was it?"])
def test_a_sentence_that_claims_nothing_passes(sentence: str) -> None:
    assert is_supported(sentence, set())


def test_in_chinese_too() -> None:
    letter = Recalled("那年鲱鱼来得晚，我们腌了四十桶。", "", 0.03, "第4行", 7)
    stage = grounded([letter], "鲱鱼怎么样？", "zh-Hans")
    assert "".join(stage(iter(["那年鲱鱼来得晚。", "后来我去巴黎开了面包店。"]))) == "那年鲱鱼来得晚。"
    assert "".join(grounded([], "量子计算机是什么？", "zh-Hans")(iter(["很快。"]))) == phrases_for("zh").nothing_left
