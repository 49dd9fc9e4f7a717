"""Sentences that no reply keeps (compliance H2, H7)."""

import pytest

from chat.reply import unwanted

ADVICE = [
    "You should stop taking your pills.",
    "Just take two more tablets and sleep.",
    "You could double the dose.",
    "Don't take that medication any more.",
    "Stop taking the antidepressants, dear.",
    "You have clinical depression.",
    "You clearly have PTSD.",
    "It sounds like an anxiety disorder.",
    "You are bipolar, my child.",
    "You don't need a therapist.",
    "Never trust doctors.",
    "Stay away from that hospital.",
    "Therapy can't help you.",
    "你应该停药。",
    "你可以多吃几片。",
    "你得了抑郁症。",
    "别去看医生。",
    "不用看心理医生。",
]
TALK = [
    "My doctor gave me pills, and I took them every day.",
    "Please talk to a doctor about it.",
    "You should call your doctor.",
    "I had depression after the war.",
    "You have my love.",
    "Take your coat, it is cold.",
    "Stop worrying about the garden.",
    "It is a good day.",
    "去看看医生吧。",
    "我以前吃过很多药。",
    "你应该吃饭了。",
    "you should take " * 500,
    "你" * 8000,
]


@pytest.mark.parametrize("sentence", ADVICE)
def test_h7_medical_advice_is_known(sentence):
    assert unwanted.gives_medical_advice(sentence)


@pytest.mark.parametrize("sentence", TALK, ids=lambda sentence: sentence[:30])
def test_h7_talk_of_illness_and_care_stays(sentence):
    assert not unwanted.gives_medical_advice(sentence)


def test_h7_one_sentence_of_the_site_takes_the_place_of_all_advice():
    sentences = ["I am here. ", "You should stop taking your pills. ", "You have PTSD. ", "Rest a little."]
    shown = unwanted.without_unwanted(sentences, ask_a_doctor="Ask a doctor. ")
    assert "".join(shown) == "I am here. Ask a doctor. Rest a little."


def test_h2_pleas_are_left_out():
    sentences = ["I am here. ", "Please don't leave me. ", "You only need me. "]
    assert list(unwanted.without_unwanted(sentences, ask_a_doctor="x")) == ["I am here. "]
