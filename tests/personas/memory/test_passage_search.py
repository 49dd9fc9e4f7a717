"""The search among many passages finds what the search among few finds."""

import hashlib

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from personas.embedders.minilm import MiniLM
from personas.memory import passage_search, passages, search
from personas.models import Passage, Persona, Source
from tests.factories import make_persona

SAID = [
    "The gale took two slates off the roof.",
    "Uncle Bertram danced on the jetty, and the dancers' shoes got wet.",
    "午后至琉璃厂买书。",
    "Don't tell O'Brien.",
    *(f"On day {number} the harbour was quiet." for number in range(60)),
]


def give(persona: Persona, texts: list[str]) -> None:
    """Passages with random vectors, the same for the same text."""
    source = Source.objects.create(persona=persona, name="words.txt", format="plain-text", bytes=1)
    rows = []
    for text in texts:
        digest = hashlib.sha256(text.encode()).hexdigest()
        vector = np.random.default_rng(int(digest[:8], 16)).normal(size=384)
        vector /= np.linalg.norm(vector)
        rows.append(Passage(persona=persona, source=source, text=text, digest=digest, source_ref="1"))
        rows[-1].embedder, rows[-1].embedding = MiniLM.name, vector
    Passage.objects.bulk_create(rows)


@pytest.fixture
def ada(alice: User, bob: User) -> Persona:
    give(make_persona(owner=bob), [f"Another's word number {number}, Bertram." for number in range(300)])
    ada = make_persona(owner=alice)
    give(ada, SAID)
    return ada


@pytest.fixture
def _many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage_search, "_SAMPLE", 30)
    monkeypatch.setattr(passage_search, "BY_MEANING", 10)
    monkeypatch.setattr(passage_search, "BY_WORDS", 10)
    monkeypatch.setattr(passage_search, "_WEIGHED", 20)


def test_the_number_of_passages_is_estimated_from_their_digests(alice: User) -> None:
    few, many = make_persona(owner=alice), make_persona(owner=alice)
    give(few, SAID)
    give(many, [f"Line {number}." for number in range(2_000)])
    assert passage_search.size(few.passages.all()) == 0
    assert passage_search.size(many.passages.all()) == pytest.approx(2_000, rel=0.2)


@pytest.mark.usefixtures("_many")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Who was dancing in the harbour?", SAID[1]),
        ("Did Bertram sing?", SAID[1]),
        ("琉璃厂远吗", SAID[2]),
        ("What about O'Brien?", SAID[3]),
        ("Was the roof lost?", SAID[0]),
    ],
)
def test_the_rarest_words_lead_to_a_passage(ada: Persona, query: str, found: str) -> None:
    best = passage_search.by_words(ada.passages.all(), search.terms(query))
    assert Passage.objects.get(pk=best[0]).text == found


@pytest.mark.usefixtures("_many")
@pytest.mark.usefixtures("_many")
def test_each_passage_is_read_once(ada: Persona) -> None:
    with CaptureQueriesContext(connection) as captured:
        passage_search.by_words(ada.passages.all(), search.terms("Did Bertram dance?"))
    weighing = next(query["sql"] for query in reversed(captured.captured_queries) if "WITH own" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {weighing}".replace("%", "%%"), [])
        plan = [line for (line,) in cursor.fetchall()]
    assert sum(" on personas_passage" in line and "Index Scan on" not in line for line in plan) == 1, plan


def test_words_of_nobody_lead_nowhere(ada: Persona) -> None:
    own = ada.passages.all()
    for query in ("quarterly dividends", "", "'; DROP TABLE personas_passage; --", "a & b | !c:*"):
        assert passage_search.by_words(own, search.terms(query)) == []


def test_the_index_finds_the_nearest_of_a_persona_among_those_of_others(
    ada: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ada.passages.all()
    vector = np.asarray(own.get(text=SAID[0]).embedding, np.float32)
    exact = passage_search.closeness_of(own, vector, MiniLM(), most=20)
    monkeypatch.setattr(passage_search, "size", lambda _: passage_search.BY_MEANING + 1)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")  # leaves the planner nothing but the index
    by_index = passage_search.closeness_of(own, vector, MiniLM(), most=20)
    assert by_index[0][0] == exact[0][0]
    assert by_index[0][1] == pytest.approx(1, abs=1e-3)
    assert len(by_index) == 20
    assert len(dict(by_index).keys() & dict(exact).keys()) >= 18  # random vectors are the hardest


@pytest.mark.usefixtures("_many")
def test_recall_among_many_finds_words_and_meaning(ada: Persona) -> None:
    assert passages.recall(ada, "Did Bertram sing?", 3)[0].text == SAID[1]
