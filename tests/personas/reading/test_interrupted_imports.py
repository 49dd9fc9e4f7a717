"""An import whose worker is lost goes on where it was, and gives the rows of one that ran through."""

import io
from collections import Counter
from typing import Any

import pytest
from django.db import connections

from benchmarks.synthetic_exports import texts, whatsapp
from personas import creation, judging
from personas.models import Passage, Source, SourceStatus, Utterance
from personas.reading import corpus, importing, reading_progress
from tests import factories
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CHAT = "\n".join(whatsapp(number, text) for number, text in enumerate(texts(400), start=1)).encode()


class Killed(BaseException):
    """As where a process ends: nothing catches it."""


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    monkeypatch.setattr(importing, "_BATCH", 40)
    monkeypatch.setattr(importing, "_JUDGED_AT_ONCE", 20)


@pytest.fixture
def judged(monkeypatch):
    """The passages that the filter was asked about. It refuses each with the word queen."""
    asked: list[str] = []

    def refusals(asked_texts, **_):
        asked.extend(asked_texts[::2])
        return ["hate" if "queen" in text else "" for text in asked_texts]

    monkeypatch.setattr(judging, "refusals", refusals)
    return asked


def source_of(owner) -> Source:
    persona = factories.make_persona(owner=owner)
    creation.add_source(
        user=owner, persona=persona, file=io.BytesIO(CHAT), name="chat.txt", format="whatsapp", speaker="Ada"
    )
    return persona.sources.get()


def rows(source: Source) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    utterances = Utterance.objects.filter(source=source).order_by("position")
    passages = Passage.objects.filter(source=source).order_by("id")
    fields = ("position", "speaker", "is_persona", "text", "sent_at", "source_ref", "digest")
    return list(utterances.values_list(*fields)), list(passages.values_list("text", "prompted_by", "source_ref"))


def kill_after(calls: int, monkeypatch: pytest.MonkeyPatch, holder: Any = importing, name: str = "_copy") -> None:
    """Ends the process at the next call of a function: by default, of the one that writes a batch of utterances."""
    call = getattr(holder, name)
    done: Counter[str] = Counter()

    def call_or_end(*arguments, **named):
        done["calls"] += 1
        if done["calls"] > calls:
            raise Killed
        return call(*arguments, **named)

    monkeypatch.setattr(holder, name, call_or_end)


def test_a_killed_import_goes_on_and_judges_nothing_twice(alice, busy, judged, monkeypatch):
    whole, broken = source_of(alice), source_of(alice)
    importing.import_source(whole.pk)
    expected, asked = rows(whole), list(judged)
    judged.clear()
    for calls, *place in ((2,), (1,), (2, judging, "fit")):
        with monkeypatch.context() as killing:
            kill_after(calls, killing, *place)
            with pytest.raises(Killed):
                importing.import_source(broken.pk)
        broken.refresh_from_db()
        assert broken.status == SourceStatus.IMPORTING
    assert broken.stored["utterances"] > 0
    assert 0 < Passage.objects.filter(source=broken).count() < len(expected[1])
    importing.import_source(broken.pk)
    broken.refresh_from_db()
    whole.refresh_from_db()
    assert rows(broken) == expected
    assert judged == asked
    assert (broken.status, broken.stored, broken.report) == (SourceStatus.READY, {}, whole.report)
    assert any(reason.startswith("refused") for reason in broken.report["skipped"])


def test_one_that_fails_later_leaves_no_words(alice, busy, judged, monkeypatch):
    source = source_of(alice)
    with monkeypatch.context() as killing:
        kill_after(2, killing)
        with pytest.raises(Killed):
            importing.import_source(source.pk)
    assert Utterance.objects.filter(source=source).exists()
    monkeypatch.setattr(corpus, "pieces", lambda pairs, **_: 1 / 0)
    importing.import_source(source.pk)
    source.refresh_from_db()
    assert (source.status, source.error) == (SourceStatus.FAILED, importing.SITE_FAILED)
    assert rows(source) == ([], [])


def test_a_source_that_is_removed_meanwhile_gets_no_more_words(alice, busy, judged, monkeypatch):
    source = source_of(alice)

    def remove(_: int) -> None:
        creation.remove_source(user=alice, persona=source.persona, source_id=source.pk)

    monkeypatch.setattr(reading_progress, "_EVERY_S", 0)
    monkeypatch.setattr(reading_progress, "is_cancelled", lambda _: False)  # as without Redis
    importing.import_source(source.pk, tell=remove)
    assert not Source.objects.filter(pk=source.pk).exists()
    assert not Utterance.objects.exists()


def test_only_one_worker_imports_a_source(alice, busy, judged):
    source = source_of(alice)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [source.pk.int & (1 << 63) - 1])
        assert not importing.import_source(source.pk)
    finally:
        other.close()  # as for a process that was killed: the database learns of it a moment later
    wait_until(lambda: importing.import_source(source.pk))
