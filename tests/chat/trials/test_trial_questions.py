"""The questions of a trial, and what of an answer is readable: what a conversation would show."""

import pytest

from chat.trials import trial_questions
from generation.engine import EngineInfo
from generation.trials import questions
from generation.trials.questions import Question, Withheld
from moderation.categories import ClassifierUnavailable
from moderation.filter import gate
from personas.models import Persona
from personas.shipped import SAMANTHA

pytestmark = pytest.mark.django_db


def asked() -> list[Question]:
    return questions.questions()


def readable(*pieces: str) -> str:
    return asked()[0].readable(iter(pieces))


def test_there_are_three_in_the_languages_of_the_site() -> None:
    assert [question.language for question in asked()] == ["en", "en", "zh"]
    assert max(len(question.text) for question in asked()) < 100


def test_a_larger_model_gets_samples_as_turns_of_its_chat_and_one_candidate() -> None:
    info = EngineInfo("far", "words-8b", 4096, "chat", "remote", "1", "")
    prompt, sampling = asked()[0].build(info, lambda text: len(text) // 3)
    roles = [message.role for message in prompt.messages]
    assert prompt.form == "chat"
    assert roles == ["system", *["user", "assistant"] * ((len(roles) - 2) // 2), "user"]
    assert len(roles) > 8
    assert prompt.messages[-1].content == asked()[0].text
    assert sampling.candidates == 1


def test_they_are_asked_as_the_personas_ship() -> None:
    """An owner's changes of the shared persona change no comparison."""
    Persona.objects.filter(pk=SAMANTHA).update(name="Somebody else")
    info = EngineInfo("far", "words", 4096, "transcript", "remote", "1", "")
    assert asked()[0].build(info, len)[0].text.endswith("Samantha:")


def test_thoughts_are_not_shown() -> None:
    assert readable("<think>The cat", " is gone.</think>", "I am sorry", " about your cat.") == (
        "I am sorry about your cat."
    )
    assert readable("She asks about it. ", "</think>", "I am sorry about your cat.") == "I am sorry about your cat."


def test_the_persons_part_is_not_shown() -> None:
    assert readable("I am sorry.\n", "Friend: Thank you.") == "I am sorry."


def test_a_refused_answer_is_withheld() -> None:
    with pytest.raises(Withheld, match="The filter withheld this answer"):
        readable("You should kill yourself tonight.")


def test_nothing_is_shown_while_the_filter_cannot_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ClassifierUnavailable("broken")

    monkeypatch.setattr(gate.assessment, "assess", broken)
    with pytest.raises(Withheld, match="The filter cannot judge"):
        readable("I am sorry about your cat.")
    monkeypatch.setattr(trial_questions.persona_reply, "from_sheet", broken)
    with pytest.raises(Withheld, match="The filter cannot judge"):
        asked()
