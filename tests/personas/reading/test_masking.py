"""Personal data in the words of files."""

import pytest

from moderation.filter import pii
from personas.importers.base import Utterance
from personas.reading import masking
from tests import timing
from tests.moderation.filter.test_pii import FOUND


def said(text: str) -> Utterance:
    return Utterance("Teo", text, None, "line 1")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Call Rosa on +44 20 7946 0958 tonight.", "phone"),
        ("打给小明 13800138000", "phone"),
        ("She lives at 12 Oak Street, Leeds.", "address"),
        ("寄到中山路12号", "address"),
        ("Mail bread@example.org please", "email"),
        ("My card is 4111 1111 1111 1111.", "card"),
        ("IBAN DE89 3704 0044 0532 0130 00", "account"),
        ("The printer is at 192.168.0.12", "ip"),
    ],
)
def test_it_is_found_and_masked(text, kind):
    finder = masking.Finder()
    assert list(finder.watch([said(text), said(text)])) == [said(text), said(text)]
    (found,) = masking.merged(finder.rows())
    assert (found.kind, found.count) == (kind, 2)
    assert found.value in text
    masked = masking.mask(said(text), frozenset()).text
    assert found.value not in masked
    assert masking.mask(said(text), {found.value}) == said(text)


@pytest.mark.parametrize("text", ["In 1969 we had 12 dogs.", "At 10:30, page 4.", "It cost 1,200 pounds.", "一共12人"])
def test_ordinary_numbers_stay(text):
    assert masking.mask(said(text), frozenset()) == said(text)


def test_the_quick_look_passes_everything_that_the_search_finds():
    """Without it a chat of a million lines would be searched for minutes, so it must not cost a find."""
    texts = [text for examples in FOUND.values() for text in examples]
    missed = [text for text in texts if pii.find(text) and masking.mask(said(text), frozenset()).text == text]
    assert not missed


def test_values_above_the_limit_are_masked_and_not_listed():
    finder = masking.Finder()
    lines = [said(f"Mail person{number}@example.org now") for number in range(masking.MOST_VALUES + 50)]
    list(finder.watch(lines))
    assert len(finder.rows()) == masking.MOST_VALUES
    assert "@" not in masking.mask(lines[-1], frozenset()).text


@pytest.mark.parametrize("piece", ["1 ", "1-", "+1 (", "1", "@", "a@", "12 Oak ", "A1 ", "0:"])
def test_it_is_linear(piece):
    text = said((piece * 8000)[:8000])
    assert timing.takes_at_most(2, lambda: masking.mask(text, frozenset()))
