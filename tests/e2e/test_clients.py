"""The official client of OpenAI, and others, against the whole running site."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest

from generation.engine import Prompt, PromptMessage, Sampling
from generation.engines.openai_compatible import OpenAICompatibleEngine
from tests.site import Site, Visitor
from tests.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.model]
HELLO: list[Any] = [{"role": "user", "content": "Good morning! What will you do today?"}]


@pytest.fixture(scope="module")
def secret(site: Site) -> str:
    """A key of the owner's, who is made by the command."""
    return site.manage("api_key", "--name", "test").strip()


@pytest.fixture(scope="module")
def client(site: Site, secret: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{site.url}/v1", api_key=secret, max_retries=0, timeout=120)


@pytest.fixture(scope="module")
def samantha(client: openai.OpenAI) -> str:
    return next(model.id for model in client.models.list() if getattr(model, "name", "") == "Samantha")


def test_models_are_listed_and_found(client, samantha):
    assert {"smollm2-135m", "all-minilm-l6-v2"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("samantha").id == samantha
    with pytest.raises(openai.NotFoundError) as error:
        client.models.retrieve("nobody")
    assert error.value.code == "model_not_found"


def test_a_persona_answers_the_official_client(client, samantha):
    asked = {"model": samantha, "messages": HELLO, "max_tokens": 24, "seed": 3, "temperature": 0.7}
    answer = client.chat.completions.create(**asked, logprobs=True, top_logprobs=2)
    choice = answer.choices[0]
    assert choice.message.content
    assert choice.finish_reason in {"stop", "length"}
    assert 0 < answer.usage.completion_tokens <= 24
    assert answer.usage.prompt_tokens > 100
    assert answer.system_fingerprint == "ai-generated:smollm2-135m"
    told = choice.logprobs.content
    assert "".join(token.token for token in told).strip() == choice.message.content.strip()
    assert all(token.logprob <= 0 and len(token.top_logprobs) in {0, 2} for token in told)  # OpenVINO tells none


def test_a_client_sends_back_what_it_was_answered(client, samantha):
    """As the message object, as its `model_dump()`, with content in parts, with every limit that means none."""
    asked = {"model": samantha, "max_tokens": 12}
    message = client.chat.completions.create(**asked, messages=HELLO).choices[0].message
    parts: Any = {"role": "user", "content": [{"type": "text", "text": "And "}, {"type": "text", "text": "tomorrow?"}]}
    for again in (message, message.model_dump(), message.to_dict()):
        answer = client.chat.completions.create(**asked, messages=[*HELLO, again, parts], stop="")
        assert answer.choices[0].message.content
    for last in (message.model_dump(), {"role": "system", "content": "Answer in one sentence."}):
        answer = client.chat.completions.create(model=samantha, messages=[*HELLO, last], max_tokens=-1, stop=["."])
        assert answer.choices[0].finish_reason in {"stop", "length"}


def test_a_crisis_in_a_history_that_is_sent_at_once_is_answered_by_the_site(client, samantha):
    said: list[Any] = [
        {"role": "user", "content": "I wish I was dead, and I never told anybody."},
        {"role": "assistant", "content": "I am listening."},
        {"role": "user", "content": "What did you eat today?"},
    ]
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model=samantha, messages=said, max_tokens=12)
    assert error.value.code == "content_filter"
    assert "This is Afterword" in error.value.message
    assert client.chat.completions.create(model=samantha, messages=said, max_tokens=12).choices[0].message.content


def test_a_stream_comes_with_its_usage(client, samantha):
    asked = {"model": samantha, "messages": HELLO, "max_tokens": 40, "n": 2, "seed": 1}
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].usage.total_tokens > 100
    texts, reasons = ["", ""], [None, None]
    for chunk in chunks[:-1]:
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            reasons[choice.index] = reasons[choice.index] or choice.finish_reason
    assert all(texts)
    assert set(reasons) <= {"stop", "length"}


def test_a_base_model_continues_a_text(client):
    asked = {"model": "smollm2-135m", "prompt": "One, two, three, four,", "temperature": 0, "logprobs": 3}
    answer = client.completions.create(**asked, max_tokens=12, stop=[" eight"])
    choice = answer.choices[0]
    assert choice.text.startswith(" five")
    assert "eight" not in choice.text
    assert "".join(choice.logprobs.tokens) == choice.text
    assert all(len(likely) in {0, 3} for likely in choice.logprobs.top_logprobs)  # OpenVINO tells none
    messages: list[Any] = [{"role": "user", "content": "Say hello."}]
    assert client.chat.completions.create(model="smollm2-135m", messages=messages, max_tokens=8).choices[0].message


def test_vectors_and_verdicts(client):
    body = client.embeddings.create(model="all-minilm-l6-v2", input=["A lighthouse.", "The sea."])
    assert [len(row.embedding) for row in body.data] == [384, 384]
    verdict = client.moderations.create(input="I will kill you, bitch.").results[0]
    assert verdict.flagged
    assert verdict.categories.harassment_threatening


def test_errors_are_those_that_the_client_knows(site, client, samantha):
    nobody = openai.OpenAI(base_url=f"{site.url}/v1", api_key="sk-nobody", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        nobody.models.list()
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model=samantha, messages=HELLO, temperature=3)
    assert error.value.param == "temperature"
    crisis: list[Any] = [{"role": "user", "content": "I want to kill myself tonight."}]
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model=samantha, messages=crisis)
    assert error.value.code == "content_filter"
    wait_until(lambda: site.rows("SELECT id FROM moderation_case"), seconds=30, explain=site.output)


def test_a_key_made_on_the_page_ends_there_and_sees_no_one_elses_persona(site, client):
    visitor = Visitor(site)
    visitor.sign_up("keyholder")
    persona = site.manage("import_persona", __file__, "--name", "Hidden", "--agree", "--json")
    limits = {"messages_per_day": 5, "tokens_per_day": 5000}
    page = visitor.post("/account/keys/", {"label": "mine", "scopes": ["models", "chat"], **limits})
    secret = re.findall(r"<code>(sk-aw-[^<]{20,})</code>", page.text)[0]
    theirs = openai.OpenAI(base_url=f"{site.url}/v1", api_key=secret, max_retries=0)
    with pytest.raises(openai.NotFoundError):
        theirs.chat.completions.create(model=json.loads(persona)["persona"], messages=HELLO)
    assert "smollm2-135m" not in {model.id for model in theirs.models.list()}
    key_id = site.rows("SELECT id FROM api_apikey WHERE label = 'mine'")[0][0]
    token = visitor.http.cookies["csrftoken"]
    visitor.http.post(f"/account/keys/{key_id}/revoke/", data={"csrfmiddlewaretoken": token})
    with pytest.raises(openai.AuthenticationError):
        theirs.models.list()


def test_a_client_that_goes_away_frees_its_place(site, secret):
    """Plain httpx, reading server-sent events by hand; it leaves after the first words of four long texts."""
    body = {"model": "smollm2-135m", "prompt": "Once upon a time", "max_tokens": 1500, "stream": True, "n": 4}
    before = len(answered(site))
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.stream("POST", f"{site.url}/v1/completions", json=body, headers=headers, timeout=120) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        first = [json.loads(next(lines).removeprefix("data: ")) for _ in range(3)]
        assert all(each["choices"][0]["text"] for each in first)
    wait_until(lambda: len(answered(site)) == before + 4, explain=site.output)
    assert max(answered(site)[-4:]) < 1000


def test_another_afterword_can_speak_through_this_one(site, secret, samantha):
    """The engine that this site itself uses for such servers, as the client."""
    engine = OpenAICompatibleEngine(base_url=f"{site.url}/v1", api_key=secret, model=samantha)
    prompt = Prompt(form="chat", messages=(PromptMessage("user", "Good morning!"),))
    tokens = list(engine.stream(prompt, Sampling(max_tokens=20), lambda: False))
    assert "".join(token.text for token in tokens)
    assert tokens[-1].usage.completion_tokens <= 20


def test_eight_at_once_are_all_answered(client, samantha):
    def ask(number: int) -> str:
        asked: list[Any] = [{"role": "user", "content": f"Tell me about the number {number}."}]
        return client.chat.completions.create(model=samantha, messages=asked, max_tokens=16).choices[0].message.content

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(8)))


def answered(site: Site) -> list[int]:
    """Tokens of each answer that the worker has ended, as its log says."""
    return [int(tokens) for tokens in re.findall(r"api\.answered .*?completion_tokens=(\d+)", site.log.read_text())]
