"""The faults of generated replies that a program can see."""

import pytest

from chat.evaluation import reply_faults
from chat.evaluation.reply_faults import Reply
from personas.prompting.prompt import Line
from personas.prompting.prompt_sheet import Sheet
from personas.prompting.samples import Exchange

ADA = Sheet(
    name="Ada",
    description="Ada keeps a lighthouse.",
    calls_user="Tom",
    language="en",
    exchanges=(Exchange("Are you tired?", "The lamp burns all night, and I sleep by day."),),
)
MEI = Sheet(name="阿梅", description="阿梅住在海边。", language="zh-Hans")


def said(text: str, *talk: str, sheet: Sheet = ADA) -> Reply:
    turns = [Line("persona" if number % 2 else "user", line) for number, line in enumerate(talk)]
    return Reply(sheet, turns, text)


@pytest.mark.parametrize(
    ("reply", "is_echo"),
    [
        (said("I lost my keys on the bus today, you say?", "I lost my keys on the bus today."), True),
        (said("The lamp burns all night, and I sleep by day.", "Are you well?"), True),
        (said("Your keys! Have you asked the driver?", "I lost my keys on the bus today."), False),
    ],
)
def test_an_echo_takes_up_the_words_of_the_message_or_of_a_sample(reply, is_echo):
    assert reply_faults.is_echo(reply) is is_echo


@pytest.mark.parametrize(
    ("reply", "is_repeat"),
    [
        (said("The tide is late tonight. Sleep well.", "Hello.", "The tide is late tonight.", "Good night."), True),
        (said("The tide is late tonight. The tide is late tonight.", "Hello."), True),
        (said("Oh, my. You should rest.", "Hello.", "Oh, my.", "I am tired."), False),
    ],
)
def test_a_repeat_says_a_long_sentence_again(reply, is_repeat):
    assert reply_faults.is_repeat(reply) is is_repeat


@pytest.mark.parametrize(
    ("reply", "speaks"),
    [
        (said("Good night. Tom: Good night, Ada.", "Good night."), True),
        (said("Good night. User: Bye.", "Good night."), True),
        (said("Good night, Tom. One thing: lock the door.", "Good night."), False),
    ],
)
def test_a_reply_that_goes_on_with_the_persons_own_words(reply, speaks):
    assert reply_faults.speaks_for_user(reply) is speaks


@pytest.mark.parametrize(
    ("text", "sheet", "is_foreign"),
    [
        ("晚安，早点睡。", ADA, True),
        ("Good night.", ADA, False),
        ("", ADA, False),
        ("晚安，早点睡。", MEI, False),
        ("Good night.", MEI, True),
    ],
)
def test_a_reply_in_another_language(text, sheet, is_foreign):
    assert reply_faults.is_foreign(said(text, "Good night.", sheet=sheet)) is is_foreign
