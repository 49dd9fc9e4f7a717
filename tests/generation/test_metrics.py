"""The speed of an engine's latest reply stays known after the reply."""

import time
from collections.abc import Callable, Iterator

import pytest

from generation import metrics
from generation.engine import EngineInfo, Prompt, Sampling, Token
from generation.models import EngineEntry
from generation.routing import router
from tests.fakes import ScriptedEngine


class SteadyEngine(ScriptedEngine):
    """A word every 20 ms, so at most 50 a second: proves what is measured."""

    def stream(self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool]) -> Iterator[Token]:
        for token in super().stream(prompt, sampling, cancelled):
            time.sleep(0.02)
            yield token


def build(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
    return Prompt(form="transcript", text="Hello"), Sampling()


@pytest.mark.django_db
def test_the_speed_of_the_latest_reply_stays_known() -> None:
    speeds = metrics.Speeds()
    engine, entry = SteadyEngine(("word ",) * 10), EngineEntry(name="steady", kind="openai")
    assert len(list(router.stream_from(entry, engine, build, lambda: False))) == 11
    for _ in range(2):  # also at a beat after which nothing was written
        figures = speeds.look()["steady"]
        assert figures["reply_tokens_per_second"]
        assert 1 < figures["reply_tokens_per_second"] <= 50
        assert figures["first_token_ms"]
