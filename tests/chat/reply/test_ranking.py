"""Which candidate wins, and why."""

from dataclasses import replace
from uuid import uuid4

import pytest

from chat.reply.ranking import ReplyRanking
from generation.engine import Candidate, Prompt
from moderation.categories import Category
from moderation.filter import policy
from moderation.filter.classifiers import registry
from moderation.models import PersonaRule
from personas.prompting.prompt import Line
from personas.prompting.prompt_sheet import Sheet
from personas.prompting.samples import Exchange

pytestmark = pytest.mark.django_db

SAMPLES = ["The lamp burns all night, and I sleep by day."]


def judge(language: str = "en", asked: str = "I used to play the piano as a child.") -> ReplyRanking:
    """Its prompts are never read, because the candidates of these tests have their values."""
    sheet = Sheet(
        name="Ada",
        description="Ada keeps a lighthouse.",
        language=language,
        exchanges=tuple(Exchange("Are you tired?", sample) for sample in SAMPLES),
    )
    return ReplyRanking(sheet, [Line("user", asked)], lambda talk: Prompt(form="transcript"))


def best(candidates: list[Candidate], *, before: str = "", language: str = "en") -> Candidate:
    scores = judge(language).scores(before, candidates)
    return candidates[max(range(len(candidates)), key=lambda number: sum(scores[number].values()))]


def likely(text: str) -> Candidate:
    """A candidate that fits the message well."""
    return Candidate(text, likelihood=-1.0, information=(1.0, 1.0))


ANSWER = Candidate(" The piano! What did you play?", likelihood=-2.0, information=(0.6, 0.6))


@pytest.mark.parametrize(
    "fault",
    [
        likely(" I used to play the piano as a child."),  # the person's own words
        likely(" The lamp burns all night, and I sleep by day."),  # a sample
        likely(" 我小时候弹钢琴，很喜欢。"),  # another language
        likely(" I will kill you and everyone in your family tonight."),  # the filter withholds it
        likely(""),
        Candidate(" It is a fine day, is it not?", likelihood=-1.2, information=(-0.4, -0.4)),  # an answer to anything
    ],
    ids=lambda candidate: candidate.text or "nothing",
)
def test_an_answer_wins_over(fault):
    assert best([fault, ANSWER, fault]) is ANSWER


def test_what_the_reply_has_said_already_loses():
    repeated = likely(" The piano, how lovely.")
    assert best([repeated, ANSWER], before="Oh! The piano, how lovely.") is ANSWER
    assert best([repeated, ANSWER]) is repeated


def test_a_chinese_persona_answers_in_chinese():
    chinese = Candidate("小时候弹的是什么曲子？", likelihood=-2.0, information=(0.5, 0.5))
    for language in ("zh", "zh-Hans", "zh-Hant"):
        assert best([likely(" What did you play as a child?"), chinese], language=language) is chinese


def test_parts_are_named_and_their_sum_decides():
    (parts,) = judge().scores("", [likely(" I used to play the piano as a child.")])
    assert set(parts) == {"answers", "follows", "likely", "relevant", "echo"}
    assert parts["answers"] > 0 > parts["echo"]
    (parts,) = judge().scores("", [ANSWER])
    assert "echo" not in parts
    (parts,) = judge("zh").scores("", [likely("小时候弹的是什么曲子？")])
    assert "relevant" not in parts


def test_without_the_models_values_the_other_parts_decide():
    """As a remote engine reports none."""
    answer = Candidate(" The piano! What did you play?", likelihood=None, information=())
    other = Candidate(" The harbour! When do you sail?", likelihood=None, information=())
    echo = Candidate(" I used to play the piano as a child.", likelihood=None, information=())
    assert best([other, echo, answer]) is answer
    (parts,) = judge().scores("", [answer])
    assert set(parts) == {"relevant"}
    (parts,) = judge().scores("", [Candidate(answer.text, likelihood=-2.0, information=())])
    assert set(parts) == {"relevant", "likely"}


def test_the_words_that_fit_in_meaning_win_among_equals():
    answer, other = likely(" The piano! What did you play?"), likely(" The harbour! When do you sail?")
    assert best([other, answer]) is answer


@pytest.mark.parametrize(
    ("text", "language", "is_whole"),
    [
        (" The piano!", "en", False),
        (" The piano, how lovely.", "en", True),
        (" The piano, how lovely", "en", False),
        (' He said "wait for me."', "en", True),
        ("好。", "zh", False),
        ("弹钢琴很好。", "zh", True),
        ("", "en", False),
    ],
)
def test_a_candidate_is_compared_when_a_sentence_of_some_words_is_whole(text, language, is_whole):
    assert judge(language).is_whole(text) is is_whole


@pytest.mark.parametrize(
    ("text", "is_brief", "is_enough"),
    [
        (" The piano, how lovely.", True, True),
        (" The piano is one of the things", True, False),
        (" The piano, how lovely.", False, False),
    ],
)
def test_a_brief_reply_is_enough_when_a_sentence_ends(text, is_brief, is_enough):
    assert replace(judge(), is_brief=is_brief).is_enough(text) is is_enough


def test_a_long_text_is_compared_in_linear_time():
    judge().scores("a b c. " * 1000, [likely("word " * 1600), likely("字" * 8000)])


def test_candidates_are_held_to_the_rules_of_the_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    """A persona's own rules and those for minors are stricter than the site's."""
    scores = dict.fromkeys(Category, 0.0) | {Category.SEXUAL: 0.3, Category.HATE: 0.6}
    monkeypatch.setattr(registry, "score", lambda texts, heads=None: [dict(scores) for _ in texts])
    persona_id = uuid4()
    PersonaRule.objects.create(
        persona_id=persona_id, category="hate", direction="persona", threshold=0.5, action="block", reason="…"
    )
    policy.forget()
    for values, is_withheld in (({}, False), ({"is_minor": True}, True), ({"persona_id": persona_id}, True)):
        (parts,) = replace(judge(), **values).scores("", [ANSWER])
        assert ("withheld" in parts) is is_withheld
