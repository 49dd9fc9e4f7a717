from personas.models import Passage
from personas.prompting.samples import Exchange, samples


def passages(*texts: str, prompted_by: str = "") -> list[Passage]:
    return [Passage(text=text, prompted_by=prompted_by) for text in texts]


def test_a_chat_gives_real_exchanges() -> None:
    answer = "I was up on the gallery all night, and I saw nothing!"
    exchanges = samples(language="en", passages=passages(answer, prompted_by="Where were you?"))
    assert exchanges == (Exchange("Where were you?", answer),)


def test_letters_become_answers_to_questions_each_asked_once() -> None:
    letters = passages(
        "It has rained for a week and I am tired of my own face. Captain Morgan, Mr. Hale and Mrs. Pryce sailed.",
        "I danced with nobody, which suited me perfectly well! I thought the rain would never end.",
    )
    answers = {exchange.user: exchange.persona for exchange in samples(language="en", passages=letters)[2:]}
    assert len(answers) == 2
    assert answers["Do you like dancing?"] == "I danced with nobody, which suited me perfectly well!"
    assert "rain" in answers["How is the weather with you?"]


def test_what_cannot_stand_in_a_prompt_is_no_sample() -> None:
    unfit = passages(
        "I wrote to ada@example.org about the weather.",
        "Call me on 0123456789 when it rains.",
        "I read https://example.org every morning.",
        "I <b>think</b> that it rains.",
        "Rain.",
        "我今天很高兴，天气好。",
        "I think " + "very " * 100 + "much.",
    )
    assert samples(language="en", passages=unfit)[2:] == ()


def test_a_chinese_persona_gets_chinese_questions() -> None:
    diary = passages("夜小雨。心里总是说不出的难过。", "The weather is fine and I am well.")
    exchanges = samples(language="zh-Hans", passages=diary)
    assert exchanges[4:] == (Exchange("你心里难过吗？", "心里总是说不出的难过。"),)


def test_chinese_in_the_old_written_style_is_no_sample() -> None:
    assert samples(language="zh-Hans", passages=passages("枯坐终日，极无聊赖。"))[4:] == ()


def test_who_never_talked_is_lent_two_lines_of_small_talk() -> None:
    questions = [exchange.user for exchange in samples(language="en")]
    assert questions == ["Hello. How are you today?", "I had a long day."]


def test_no_sample_can_deny_what_speaks() -> None:
    exchanges = samples(
        language="en",
        written=[Exchange("Are you a real person?", "Yes, of flesh and blood, my dear.")],
        passages=passages("Yes, of course I am a human being.", prompted_by="Are you an AI?"),
    )
    assert exchanges
    assert all("Yes" not in exchange.persona for exchange in exchanges)


def test_near_copies_are_told_once() -> None:
    copies = passages(
        "I was so glad to see the boat come in at last!", "I was so glad to see the boat come in at last, dear!"
    )
    assert len(samples(language="en", passages=copies)[2:]) == 1
