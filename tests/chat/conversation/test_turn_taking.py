"""Who speaks next in a group. Pure: no store is needed."""

from uuid import uuid4

import pytest

from chat.conversation.turn_taking import MOST_REPLIES, Line, Voice, next_speaker

YOU = None
NAMES = {"A": "Ada Holm", "T": "Uncle Tom", "L": "鲁迅"}
IDS = {letter: uuid4() for letter in NAMES}


def speaks(*talk: tuple[str | None, str], chance: float = 0.99, **interest: float) -> str | None:
    """The letter of the persona that speaks after the talk. None: the person's turn."""
    voices = [Voice(IDS[letter], name, interest.get(letter, 0.1), chance) for letter, name in NAMES.items()]
    chosen = next_speaker(voices, [Line(IDS[who] if who else None, text) for who, text in talk])
    return next((letter for letter, each in IDS.items() if each == chosen), None)


@pytest.mark.parametrize(
    ("said", "speaker"),
    [
        ("Ada, how are you?", "A"),
        ("And what do you think, uncle tom?", "T"),
        ("鲁迅，你好", "L"),
        ("你觉得呢，鲁迅？", "L"),
        ("I told Tom about Ada. Ada, was that wrong?", "A"),  # who is called stands before who is mentioned
        ("What would Ada say to that?", "A"),
        ("An uncle of mine ate the adamant pear.", "L"),  # no names: the most interested one answers
    ],
)
def test_a_message_is_answered_by_whom_it_addresses(said: str, speaker: str) -> None:
    assert speaks((YOU, said), L=0.5) == speaker


def test_those_whom_a_message_names_answer_in_its_order_and_nobody_else() -> None:
    talk = [(YOU, "Tom and Ada, good evening!")]
    assert speaks(*talk, L=0.9, chance=0) == "T"
    talk.append(("T", "Good evening."))
    assert speaks(*talk, L=0.9, chance=0) == "A"
    talk.append(("A", "Hello, dear."))
    assert speaks(*talk, L=0.9, chance=0) is None


@pytest.mark.parametrize("said", ["What do all of you think?", "Hello everyone!", "你们好"])
def test_a_message_to_all_is_answered_by_all(said: str) -> None:
    talk: list[tuple[str | None, str]] = [(YOU, said)]
    for _ in NAMES:
        speaker = speaks(*talk)
        assert speaker is not None
        talk.append((speaker, "Well, well."))
    assert {who for who, _ in talk[1:]} == set(NAMES)
    assert speaks(*talk) is None


def test_the_one_with_the_most_to_say_answers_and_the_others_pass() -> None:
    assert speaks((YOU, "The lamp went out."), A=0.6) == "A"
    assert speaks((YOU, "The lamp went out."), ("A", "It did."), A=0.6) is None


def test_another_joins_in_if_it_has_enough_to_say_and_the_draw_lets_it() -> None:
    talk = [(YOU, "The lamp went out."), ("A", "It did.")]
    assert speaks(*talk, T=0.5, chance=0.3) == "T"
    assert speaks(*talk, T=0.5, chance=0.99) is None


def test_whoever_asked_hears_the_answer() -> None:
    talk = [(YOU, "Hello."), ("A", "Hello."), (YOU, "Good."), ("T", "How is the sea?")]
    assert speaks(*talk, (YOU, "Rough."), A=0.2) == "T"


def test_a_persona_that_another_one_addresses_answers_once() -> None:
    talk = [(YOU, "The lamp went out."), ("A", "Tom, did you see to it?")]
    assert speaks(*talk) == "T"
    assert speaks(*talk, ("T", "I did, Ada.")) is None


def test_after_a_few_replies_it_is_the_persons_turn() -> None:
    names = [f"P{number}" for number in range(6)]
    voices = [Voice(uuid4(), name, 1.0, 0.0) for name in names]
    talk = [Line(None, "Well?")]
    while (speaker := next_speaker(voices, talk)) is not None:
        talk.append(Line(speaker, "Yes."))
    assert len(talk) - 1 == MOST_REPLIES


def test_nobody_speaks_before_the_person_has() -> None:
    assert speaks(("A", "Tom, are you there?"), T=0.9, chance=0) is None
