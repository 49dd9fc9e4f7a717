"""What a persona says: a chain of generators from an engine's tokens to sentences, for whoever asked.

The sentences are as the model wrote them, cleaned of what no person would write. Nobody may see one
before `moderation.filter.gate.cleared` has let it pass.
"""

import contextlib
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from chat import cleaning, sentences
from generation.engines.base import EngineError, EngineInfo, Prompt, Sampling, Token
from generation.jobs import cancelling
from generation.routing import router
from moderation.filter.assessment import Verdict
from moderation.monitor.signals import Turn
from persona_site.redis import cancel_key, connection
from personas import memory, prompt, prompt_sheet
from personas.models import Persona

Announce = Callable[[EngineInfo, str], None]

_RECALLED = 2  # passages of the persona's own words offered to the prompt
_ECHOES_LOOKED_FOR = 6  # replies back


class Stopped(Exception):
    """Somebody stopped the reply; what was shown is kept."""


@dataclass(kw_only=True)
class Speech:
    """What is known of somebody's words while they are written."""

    engine: EngineInfo | None = None
    prompt: Prompt | None = None  # as the engine that speaks now got it
    opening: str = ""  # the site's own words, which the engine went on from
    sampling: Sampling | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    began: float = field(default_factory=time.monotonic)
    first_token_ms: int | None = None

    @property
    def ran_out_of_tokens(self) -> bool:
        return self.sampling is not None and self.completion_tokens >= self.sampling.max_tokens

    def hear(self, token: Token) -> None:
        if self.first_token_ms is None:
            self.first_token_ms = round((time.monotonic() - self.began) * 1000)
        if token.usage:
            self.prompt_tokens = token.usage.prompt_tokens
            self.cached_tokens = token.usage.cached_tokens
            self.completion_tokens += token.usage.completion_tokens


def of_persona(
    speech: Speech,
    *,
    persona: Persona,
    turns: Sequence[Turn],
    account: str,
    subjects: Sequence[UUID],
    announce: Announce,
    begun: str = "",
    instruction: str = "",
    sampling: Mapping[str, Any] | None = None,
) -> Generator[str]:
    """The persona's answer to the last turn, sentence by sentence; `begun` is its beginning, not said again.

    `instruction` is added to the scene that the persona speaks in, and `sampling` to its own values.
    Ends with Stopped where one of `subjects` was cancelled. Raises EngineError. Closed early, it still counts
    what was said.
    """
    sheet = prompt_sheet.sheet_for(persona)
    if instruction:
        sheet = replace(sheet, scenario=f"{sheet.scenario} {instruction}".strip())
    # Asked in earnest what it is, a persona begins with the truth (compliance H1); the engine goes on from there.
    opening = "" if begun or not turns else prompt_sheet.honest_opening(sheet, turns[-1].text)
    speech.opening = opening
    build = _prompt_builder(speech, persona, sheet, turns, begun=begun or opening, sampling=sampling or {})
    said = heard(speech, build, account=account, subjects=subjects, announce=announce)
    if opening:
        said = _opened(opening, said)
    elif not begun:
        said = cleaning.without_label(said, persona.name)
    earlier = [turn.text for turn in turns if turn.speaker == "persona"][-_ECHOES_LOOKED_FOR:]
    if opening:  # asked again, it is said again: the truth is no echo
        earlier = [text.replace(opening, "") for text in earlier]
    may_begin = None if opening or begun else cleaning.begins_no_echo(earlier)
    spoken: Iterator[str] = sentences.split(cleaning.until_stuttering(said), may_begin=may_begin)
    if not _acts(sheet, turns):
        spoken = cleaning.without_directions(spoken)
    return cleaning.without_echoes(cleaning.until_repeated(spoken), earlier)


def read_ahead(persona: Persona, turns: Sequence[Turn]) -> None:
    """Has the engine read what the prompt of the next answer will begin with. Raises EngineError."""
    sheet = prompt_sheet.sheet_for(persona)

    def build(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        chosen = prompt.sampling(sheet, info)
        begun = prompt.build(
            sheet=sheet, memories=(), turns=turns, info=info, max_tokens=chosen.max_tokens, count=count
        )
        return begun, chosen

    router.read_ahead(build)


def heard(
    speech: Speech, build: router.Build, *, account: str, subjects: Sequence[UUID], announce: Announce
) -> Iterator[str]:
    """The text of an engine's tokens, counted on the way. Raises Stopped where it ended because somebody asked."""
    is_enough = False
    with cancelling.WATCHER.watched(*subjects) as cancelled:
        tokens = router.stream(build, lambda: is_enough or cancelled(), announce, account=account)
        try:
            for token in tokens:
                speech.hear(token)
                if token.text:
                    yield token.text
        except GeneratorExit:
            is_enough = True  # the listener ended it; the engine still tells what it has cost
            with contextlib.suppress(EngineError):
                for token in tokens:
                    speech.hear(token)
            raise
    if connection().exists(*map(cancel_key, subjects)):
        raise Stopped


def _acts(sheet: prompt_sheet.Sheet, turns: Sequence[Turn]) -> bool:
    """Whether it is a character that is written with stage directions, in its samples or its opening line."""
    opening_line = [turn.text for turn in turns[:1] if turn.speaker == "persona"]
    return any(map(cleaning.has_directions, [sheet.description, *(e.persona for e in sheet.exchanges), *opening_line]))


def _prompt_builder(
    speech: Speech,
    persona: Persona,
    sheet: prompt_sheet.Sheet,
    turns: Sequence[Turn],
    *,
    begun: str,
    sampling: Mapping[str, Any],
) -> router.Build:
    """Gathers what the prompt needs, once; the router builds it for each engine that it tries."""
    memories = memory.recall(persona, turns[-1].text if turns else "", _RECALLED)

    def build(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        chosen = replace(prompt.sampling(sheet, info), **sampling)
        speech.sampling = chosen
        made = prompt.build(
            sheet=sheet,
            memories=memories,
            turns=turns,
            info=info,
            max_tokens=chosen.max_tokens,
            count=count,
            prefix=begun,
        )
        speech.prompt = made
        # Until the engine counts for itself, at its end, which a repetition may keep us from hearing.
        speech.prompt_tokens = sum(part.tokens for part in made.parts)
        return made, chosen

    return build


def _opened(opening: str, said: Iterator[str]) -> Iterator[str]:
    """The opening, then what was said; nothing before the engine begins, so that a failure shows nothing."""
    first = next(said, "")
    yield opening
    apart = first[:1].isspace() or opening[-1] not in ".!?"  # a Chinese full stop brings its own space
    yield first if apart or not first else f" {first}"
    yield from said
