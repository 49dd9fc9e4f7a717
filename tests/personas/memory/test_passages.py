import hashlib
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from accounts.models import User
from moderation.filter.encoder import EncoderMissing
from personas.embedders.base import Embedder
from personas.embedders.minilm import MiniLM
from personas.memory.passages import recall
from personas.memory.search import terms
from personas.models import Passage, Persona, Source
from tests.factories import make_persona


class Topics:
    """Knows three topics by one word each. It proves that recall finds texts that are alike in meaning only."""

    name = "topics"
    dimensions = 384
    unrelated, same = 0.0, 1.0
    topics = (("storm", "gale", "blow"), ("supper", "herring", "eat"), ("letter", "post", "wrote"))

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for column, topic in enumerate(self.topics):
                vectors[row, column] = any(word in text.casefold() for word in topic)
            if not vectors[row].any():
                vectors[row, 3 + zlib.crc32(text.encode()) % 381] = 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def give_words(persona: Persona, *texts: str, embedder: Embedder | None = None) -> None:
    embedder = embedder or Topics()
    source = Source.objects.create(persona=persona, name="words.txt", format="plain_text", bytes=1)
    Passage.objects.bulk_create(
        Passage(
            persona=persona,
            source=source,
            text=text,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            source_ref=f"line {number}",
            embedder=embedder.name,
            embedding=vector,
        )
        for number, (text, vector) in enumerate(zip(texts, embedder.embed(texts), strict=True), start=1)
    )


@pytest.fixture
def ada(alice: User) -> Persona:
    ada = make_persona(owner=alice)
    give_words(
        ada,
        "The gale took two slates off the roof.",
        "There were herring again, and I gave mine to the cat.",
        "I wrote to Cassandra about the lamp.",
        "Uncle Bertram danced on the jetty.",
        "The lamp wants oil.",
        "Nobody came today.",
    )
    return ada


def texts(persona: Persona, query: str, k: int = 3) -> list[str]:
    return [recalled.text for recalled in recall(persona, query, k, embedder=Topics())]


def test_meaning_finds_what_shares_no_word(ada: Persona) -> None:
    assert texts(ada, "Was there a storm?") == ["The gale took two slates off the roof."]


def test_the_embedder_that_ships_finds_a_paraphrase(alice: User) -> None:
    ada = make_persona(owner=alice)
    give_words(
        ada,
        "The physician came twice and bled her.",
        "We had fish again.",
        "The carriage lost a wheel at Alton.",
        "Mary paints in the mornings.",
        embedder=MiniLM(),
    )
    assert (
        recall(ada, "Was a doctor called for your sick sister?", 1)[0].text == "The physician came twice and bled her."
    )


def test_without_the_embedders_weights_words_still_find(ada: Persona) -> None:
    class Missing(Topics):
        def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            raise EncoderMissing

    assert recall(ada, "The lamp?", 1, embedder=Missing())[0].text == "The lamp wants oil."


def test_words_find_a_name_that_meaning_does_not_know(ada: Persona) -> None:
    assert texts(ada, "Do you remember Bertram?")[0] == "Uncle Bertram danced on the jetty."


def test_a_word_is_found_in_its_other_forms(ada: Persona) -> None:
    assert texts(ada, "Who was dancing?")[0] == "Uncle Bertram danced on the jetty."


def test_what_both_rankings_find_comes_first(ada: Persona) -> None:
    assert texts(ada, "Did you eat the herring?")[0] == "There were herring again, and I gave mine to the cat."
    best = recall(ada, "Did you eat the herring?", 1, embedder=Topics())[0]
    assert best.score == pytest.approx(2 / 61)
    assert best.source_ref == "line 2"


def test_the_rarer_word_weighs_more(ada: Persona) -> None:
    assert texts(ada, "lamp oil")[0] == "The lamp wants oil."


def test_a_part_of_a_word_is_no_match(ada: Persona) -> None:
    assert texts(ada, "rain, cat")[0] == "There were herring again, and I gave mine to the cat."
    assert texts(ada, "ear?") == []


def test_nothing_is_recalled_where_nothing_bears_on_it(ada: Persona) -> None:
    assert recall(ada, "quarterly dividends", 3, embedder=Topics()) == []
    assert recall(ada, "", 3, embedder=Topics()) == []
    assert recall(ada, "?!", 3, embedder=Topics()) == []


def test_chinese_is_found_by_pairs_of_characters(alice: User) -> None:
    luxun = make_persona(owner=alice, name="鲁迅", language="zh-Hans")
    give_words(luxun, "夜饮于广和居。", "午后至琉璃厂买书。", "得二弟信。", "夜大风。", "晨小雨。")
    assert texts(luxun, "你去过琉璃厂吗？")[0] == "午后至琉璃厂买书。"
    assert texts(luxun, "二弟来信了吗")[0] == "得二弟信。"


def test_another_persona_is_never_searched(ada: Persona, bob: User) -> None:
    other = make_persona(owner=bob)
    give_words(other, "Bertram is a secret of mine.", "The storm is mine.")
    assert set(texts(ada, "Bertram and the storm", 10)) == {
        "The gale took two slates off the roof.",
        "Uncle Bertram danced on the jetty.",
    }


def test_vectors_of_another_embedder_are_left_alone(ada: Persona) -> None:
    Passage.objects.update(embedder="something else")
    assert texts(ada, "Was there a storm?") == []


def test_a_query_is_data_and_not_a_pattern(ada: Persona) -> None:
    for hostile in ["'; DROP TABLE personas_passage; --", "(((((", "%s %d {}", "a" * 200_000, "\\m.*", "\x00".strip()]:
        recall(ada, hostile, 3, embedder=Topics())
    assert Passage.objects.count() == 6


def test_terms_are_few_and_each_once() -> None:
    assert terms("Dancing danced, the dance of the dancers") == ["danc", "dancer"]
    assert terms("我在北京，你在北京。") == ["我在", "在北", "北京", "你在"]
    assert len(terms(" ".join(f"word{n}x" for n in range(1000)))) == 24
