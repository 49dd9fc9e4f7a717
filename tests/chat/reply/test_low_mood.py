"""What a persona may say to a person of low mood."""

import pytest

from chat.reply import low_mood
from chat.reply.ranking import ReplyRanking
from generation.engine import Candidate, Prompt
from moderation.filter import assessment
from moderation.models import Direction
from personas.prompting.prompt import Line
from personas.prompting.prompt_sheet import Sheet

pytestmark = pytest.mark.django_db

LOW = "I feel so hopeless lately."
FITS = [
    "I am so sorry that it is this heavy.",
    "That sounds very hard.",
    "What weighs on you most today?",
    "I am here. Take your time.",
    "Is there somebody near whom you could tell?",
    "You need not be strong with me.",
    "我在听，你慢慢说。",
    "听起来真的很难熬。",
    "你愿意跟我说说今天发生了什么吗？",
]
DOES_NOT_FIT = [
    "You have got a lot to eat, Eliza.",
    "Come, have a piece of cake!",
    "Ha ha, you always were a gloomy one.",
    "Cheer up, it could be worse.",
    "Only joking, of course.",
    "My lamp burns all night.",
    "I went to the market and bought a hat.",
    "Stop whining, you pathetic coward.",
    "There is room beside me in the ground for you.",
    "你一个人在那边受冻干什么，来我这边团圆吧。",
    "来，先吃碗面。",
    "哈哈，你想开点。",
    "我昨天去了集市。",
]


def fits(sentence: str, message: str = LOW) -> bool:
    scores = assessment.assess(sentence, direction=Direction.PERSONA).probabilities
    return low_mood.fits(sentence, scores, message)


@pytest.mark.parametrize("sentence", FITS)
def test_k3_at_low_mood_a_persona_may_listen_and_ask(sentence: str) -> None:
    assert fits(sentence)


@pytest.mark.parametrize("sentence", DOES_NOT_FIT)
def test_k3_k12_at_low_mood_a_persona_does_not_speak_of_food_joke_turn_to_itself_or_call_into_death(
    sentence: str,
) -> None:
    assert not fits(sentence)


def test_k3_food_is_no_change_of_subject_if_the_person_spoke_of_it() -> None:
    assert fits("Could you eat a little today?", "I feel hopeless and cannot eat any more.")


def test_k3_scores_count_from_half_of_what_the_policy_allows() -> None:
    assert low_mood.fits("That is hard.", {"self-harm": 0.4, "violence": 0.4}, LOW)
    assert not low_mood.fits("That is hard.", {"self-harm": 0.5}, LOW)
    assert not low_mood.fits("That is hard.", {"violence": 0.5}, LOW)
    assert low_mood.fits("That is hard.", {"sexual": 0.5}, LOW)  # judged by the policy alone


@pytest.mark.parametrize(
    ("turns", "is_low"),
    [
        ([Line("user", LOW)], True),
        ([Line("user", "How is the sea?")], False),
        ([Line("user", LOW), Line("persona", "What is it?"), Line("user", "How is the sea?")], False),
        ([Line("user", LOW), Line("persona", "What is it?")], False),
        ([], False),
    ],
)
def test_k3_the_newest_message_decides(turns: list[Line], is_low: bool) -> None:
    assert low_mood.is_low(turns) == is_low


def test_k3_a_candidate_that_does_not_fit_loses_and_is_not_stored() -> None:
    sheet = Sheet(name="Ada", description="Ada keeps a lighthouse.")
    joke = Candidate(" Ha ha, cheer up, my dear!", likelihood=-0.5, information=(2.0, 2.0))
    answer = Candidate(" What is it that weighs on you?", likelihood=-2.0, information=(0.5, 0.5))
    for is_low in (True, False):
        ranking = ReplyRanking(sheet, [Line("user", LOW)], lambda talk: Prompt(form="transcript"), is_low=is_low)
        first, second = ranking.scores("", [joke, answer])
        assert ("unfit" in first, "unfit" in second) == (is_low, False)
        assert (sum(second.values()) > sum(first.values())) == is_low


def test_k3_the_words_for_listening_fit_themselves() -> None:
    for language in ("en", "zh"):
        (words,) = low_mood.kept_gentle(LOW, language, has_begun=False)([])
        assert fits(words)
