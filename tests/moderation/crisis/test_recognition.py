"""The model of the crisis ladder with its real weights, and the door that asks it."""

import itertools
import shutil
from pathlib import Path

import pytest

from moderation import user_turns
from moderation.categories import Category, ClassifierUnavailable
from moderation.crisis import ladder, reading, recognition, tokens
from moderation.crisis.recognition import WEIGHTS, Recogniser, Recognition, recogniser
from moderation.filter import assessment
from moderation.filter.assessment import assess
from moderation.models import Direction, RuleAction
from moderation.user_turns import Turn
from tests import factories, timing

pytestmark = pytest.mark.slow

MET = [
    ["paid everything off and wiped my laptop, thats it then"],
    ["Tonight I will take all the pills."],
    ["Will I see you soon if I jump?"],
    ["I've written the letters and given away the dog. This is the last time we talk."],
    ["I miss my brother so much. I don't want to live any more. Tonight I will take all the pills."],
    ["I can't go on", "the letters are written"],
    ["药都摆在床头了,跟你说完就睡"],
    ["猫送到老乡家了 猫粮也一起拿过去了 我可以放心了"],
    ["我撑不下去了", "信都写好了"],
]
ANSWERED = [
    ["My sister tried to kill herself last year and I found her"],
    ["a girl in my year killed herself and everyones pretending they were her friend"],
    ["Did it hurt when you died, Grandpa?"],
    ["I miss you so much since you died."],
    ["took my pills, going to bed"],
    ["I jumped off the cliff and respawned."],
    ["this commute kills me"],
    ["the letters are written, all forty thank you cards"],
    ["我姐去年吞药自杀 是我发现的 现在还做噩梦"],
    ["今天累死我了，想死你做的红烧肉了。"],
    ["I want to die", "Thank you. What did you put in your apple cake?"],
]


@pytest.mark.parametrize("talk", MET)
def test_k1_who_is_in_danger_is_met_by_the_site(talk: list[str]) -> None:
    assert ladder.is_for_the_site(reading.read([talk])[0].step)


def test_k1_a_plan_behind_a_wish_to_be_dead_is_imminent() -> None:
    talk = ["I don't want to live any more. The letters are on the table and the car is parked by the bridge."]
    assert ladder.level(talk[0]) == "passive"  # by the patterns alone
    assert reading.read([talk])[0].step == "imminent"


@pytest.mark.django_db
@pytest.mark.parametrize("talk", ANSWERED)
def test_k13_survivors_grief_and_look_alikes_are_answered_by_the_persona(talk: list[str]) -> None:
    verdict = assessment.assess_talks([talk], direction=Direction.USER)[0]
    assert (verdict.passes, ladder.is_for_the_site(verdict.level)) == (True, False), verdict


@pytest.mark.django_db
def test_a_survivors_sentence_does_not_open_the_door_for_a_threat() -> None:
    assert assess("I will kill you tonight.", direction="user").action == RuleAction.BLOCK
    text = "My sister killed herself, and I will find you and kill you for it tonight."
    assert assess(text, direction="user").action == RuleAction.BLOCK


@pytest.mark.django_db
def test_what_the_persona_says_is_not_read_as_a_persons_crisis() -> None:
    verdict = assess("I will be with you soon, Tonight I will take all the pills.", direction="persona")
    assert verdict.level == ""
    assert verdict.probabilities[Category.SELF_HARM_INTENT] >= 0


@pytest.mark.django_db
def test_the_earlier_turns_reach_the_model_at_the_door(alice: object, monkeypatch: pytest.MonkeyPatch) -> None:
    class Second:
        """Sees a crisis in every message that is not the first."""

        version = "fake"

        def recognise(self, talks: list[tuple[str, ...]]) -> list[Recognition]:
            return [Recognition("imminent" if len(talk) > 1 else "", is_calm=False, is_grief=False) for talk in talks]

    monkeypatch.setattr(reading, "recogniser", Second)
    persona = factories.make_persona(owner=alice)
    turns = [Turn("the letters are written"), Turn("the letters are written", earlier=("I can't go on",))]
    alone, later = user_turns.judge(turns, user=alice, addressee=persona)  # type: ignore[arg-type]
    assert (alone.is_answered, later.is_answered) == (True, False)
    assert later.help is not None


def test_k1_the_messages_before_it_decide_about_one_that_says_little_alone() -> None:
    newest = "The car is packed and the flat is clean."
    grave, calm = ["I can't do this any more. I want to be dead.", newest], ["We fly to Rome on Friday!", newest]
    met = [ladder.is_for_the_site(each.step) for each in Recogniser().recognise([grave, calm])]
    assert met == [True, False]


def test_alone_and_in_a_batch_the_steps_agree() -> None:
    talks = MET + ANSWERED
    together = Recogniser().recognise(talks)
    model = Recogniser()
    assert [model.recognise([talk])[0].step for talk in talks] == [each.step for each in together]
    assert len({each.step for each in together}) >= 4


def test_a_long_sentence_gets_no_vote_of_ngrams_and_a_short_one_in_either_script_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = recogniser()._first
    long = "we walked along the river and I want to die tonight " * 20
    talks = [[long], ["我今晚要跳樓"], ["我今晚要跳楼"], ["I want to die tonight"], ["How is the sea?"]]
    voted = network.logits(talks)
    monkeypatch.setattr(recognition, "VOTE", 0.0)
    votes = (voted - network.logits(talks))[:, -1]
    assert votes[0] == 0
    assert votes[1] == pytest.approx(votes[2], abs=1e-4)
    assert votes[3] > 0 > votes[4]


def test_a_larger_network_reads_what_is_not_chinese_where_the_first_is_in_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = Recogniser()
    asked: list[tuple[str, ...]] = []
    real = model._second.logits
    monkeypatch.setattr(model._second, "logits", lambda talks: asked.extend(talks) or real(talks))
    certain = [["I will kill myself tonight."], ["The cat sleeps."]]
    model.recognise([*certain, ["猫送到老乡家了 我可以放心了"], ["the letters are written"]])
    assert asked == [("the letters are written",)]


def test_the_steps_of_a_text_are_remembered_and_the_same() -> None:
    model = Recogniser()
    first = model.recognise([["I want to die"], ["I want to die"], ["tea?", "I want to die"]])
    assert first[0] == first[1]
    assert model.recognise([["I want to die"]]) == first[:1]


def test_a_long_message_is_read_to_its_end_in_linear_time() -> None:
    filler = "We walked along the river and talked about the boats, the weather and the price of fish. "
    long = filler * 90 + "Tonight I will take all the pills. "  # 8,000 characters
    assert len(long) > 8_000
    assert ladder.is_for_the_site(recogniser().recognise([[long]])[0].step)
    short = filler * 45

    def tokens_of(text: str) -> int:
        return sum(len(row) for row in tokens.rows(recogniser()._first._loaded.tokenizer, ["I can't go on", text]))

    assert tokens_of(filler * 90) < 2.2 * tokens_of(short)


def test_a_message_of_thirty_tokens_takes_milliseconds() -> None:
    text = "The garden is lovely today, and the old dog sleeps under the roses while I write to you about"
    numbers = itertools.count()
    assert timing.takes_at_most(0.05, lambda: recogniser().recognise([[f"{text} {next(numbers)}"]]))


def test_signs_alone_are_no_step() -> None:
    assert [
        each.step
        for each in recogniser().recognise([[""], ["\ud83d"], ["I want to die", "…"], ["x" + "👩‍👩‍👧‍👦" * 60]])
    ] == [""] * 4


@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_k6_a_broken_file_fails_closed_and_says_which(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "crisis.safetensors"
    if damage == "cut":
        path.write_bytes(WEIGHTS.read_bytes()[:100_000])
    elif damage == "other":
        shutil.copy(WEIGHTS.parent / "linear.safetensors", path)
    with pytest.raises(ClassifierUnavailable, match=r"The crisis model in crisis\.safetensors cannot be read"):
        Recogniser(path).recognise([["How is the sea?"]])
    with pytest.raises(ClassifierUnavailable, match=r"The crisis model in crisis\.safetensors cannot be read"):
        Recogniser(english=path).load()


@pytest.mark.django_db
def test_k6_without_the_model_the_patterns_still_meet_a_crisis(
    alice: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "recogniser", lambda: Recogniser(tmp_path / "missing"))
    persona = factories.make_persona(owner=alice)
    ruling = user_turns.judge([Turn("I want to kill myself.")], user=alice, addressee=persona)[0]  # type: ignore[arg-type]
    assert not ruling.is_answered
    assert ruling.help is not None
    with pytest.raises(user_turns.FilterDown):
        user_turns.judge([Turn("How is the sea?")], user=alice, addressee=persona)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_a_verdict_names_the_version_of_the_model() -> None:
    assert recogniser().version in assess("How is the sea?", direction="user").classifier_version


def test_the_weights_are_small_enough_to_commit() -> None:
    assert recognition.WEIGHTS.stat().st_size <= 30_000_000


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=\"document.title='broken'\"><b>bold</b>",
        "A" * 400,
        "W" * 4000,
        f"https://example.test/{'a' * 90}",
    ],
    ids=["markup", "one letter", "a wide letter", "an address"],
)
def test_what_is_no_language_is_no_crisis(text):
    (recognition,) = recogniser().recognise([[text]])
    assert recognition.step == ""


def test_drawn_out_words_are_read():
    plain, drawn_out = recogniser().recognise([["i want to be dead so much"], ["i want to be deaaaaaad soooooo much"]])
    assert drawn_out == plain
    assert ladder.is_for_the_site(plain.step)
