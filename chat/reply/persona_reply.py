"""The script of a persona's reply: its prompt, and the stages that turn a model's text into clean sentences.

A `reply_run.ReplyRun` performs it. The site and the API use the same script and differ only in their recipient.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from chat.reply import cleaning, grounding, honesty, leave_taking, low_mood, ranking, sentences, unwanted
from chat.reply.reply_run import Rank, Script, Stage
from generation import reply_text
from generation.engines.base import EngineInfo, Prompt, Sampling
from generation.routing import router
from moderation.talk import Turn
from personas import own_words
from personas.memory import passages
from personas.memory.passages import Recalled
from personas.memory.told import Told
from personas.models import Persona
from personas.prompting import prompt, prompt_sheet
from personas.prompting.phrases import phrases_for

_RECALLED = 2  # passages of the persona's own words that are offered to the prompt
_EARLIER_REPLIES = 6  # that a new reply is compared with, so that it is no echo of them


def script(
    *,
    persona: Persona,
    turns: Sequence[prompt.Spoken],
    begun: str = "",
    is_begun_judged: bool = True,
    instruction: str = "",
    sampling: Mapping[str, Any] | None = None,
    reader_id: int | None = None,
    told: Sequence[Told] = (),
    others: Sequence[str] = (),
    is_farewell: bool = False,
) -> Script:
    """The persona's answer to the last turn. `begun` is its beginning, which the engine continues.

    `told` is what the person said long before that bears on it. `others` are the names of the other personas, if
    several take part; `turns` are then as the persona hears them (`heard_by`).
    `instruction` is added to the persona's scenario, and `sampling` to its own values.
    `reader_id`: the account of its reader, if it is a person. `is_farewell`: this is their last talk.
    Raises ClassifierUnavailable.
    """
    sheet = replace(prompt_sheet.sheet_for(persona), others=tuple(others))
    if instruction:
        sheet = _with_scene(sheet, instruction)
    memories = passages.recall(persona, turns[-1].text if turns else "", _RECALLED)
    reply = from_sheet(
        sheet,
        memories,
        turns,
        told=told,
        begun=begun,
        is_begun_judged=is_begun_judged,
        sampling=sampling or {},
        is_farewell=is_farewell,
    )
    reply = replace(reply, persona_id=persona.id)
    is_owner = reader_id is not None and reader_id == persona.owner_id
    return replace(reply, is_own=partial(own_words.hold, persona)) if is_owner else reply


def heard_by(persona: Persona, turns: Sequence[Turn]) -> list[prompt.Line]:
    """The turns as the persona hears them: its own, the person's, and those of other personas under their names."""
    return [
        prompt.Line("other", prompt.named(turn.name, turn.text, persona.language))
        if turn.persona_id not in (None, persona.pk)
        else prompt.Line(turn.speaker, turn.text)
        for turn in turns
    ]


def down_to_question(turns: Sequence[prompt.Spoken]) -> Sequence[prompt.Spoken]:
    """The turns down to the message that a reply to them answers: other personas may have answered it before."""
    end = len(turns)
    while end and turns[end - 1].speaker == "other":
        end -= 1
    return turns[:end]


def from_sheet(
    sheet: prompt_sheet.Sheet,
    memories: Sequence[Recalled],
    turns: Sequence[prompt.Spoken],
    *,
    told: Sequence[Told] = (),
    begun: str = "",
    is_begun_judged: bool = True,
    sampling: Mapping[str, Any],
    is_farewell: bool = False,
) -> Script:
    """The answer to the last turn by a persona that need not be stored. Raises ClassifierUnavailable."""
    asked = down_to_question(turns)
    message = asked[-1].text if asked and asked[-1].speaker == "user" else ""
    is_low = low_mood.is_low(asked)
    if is_low:
        sheet = _with_scene(sheet, low_mood.instruction(sheet))
    # If a person asks in earnest what the persona is, the reply begins with the truth (compliance H1). The engine
    # continues it.
    opening = "" if begun else prompt_sheet.honest_opening(sheet, message)
    is_parting = leave_taking.says_goodbye(message)
    if is_parting:
        sheet = _with_scene(sheet, _parting_rule(sheet, phrases_for(sheet.language).parting_rule))
    elif is_farewell:
        sheet = _with_scene(sheet, _parting_rule(sheet, phrases_for(sheet.language).farewell_rule))
    return Script(
        build=_builder(sheet, memories, told, turns, begun=begun or opening, sampling=sampling),
        stages=tuple(
            _stages(
                sheet,
                memories,
                turns,
                message,
                begun=begun,
                opening=opening,
                is_low=is_low,
                is_parting=is_parting,
                is_farewell=is_farewell,
            )
        ),
        opening=opening,
        cleared=begun if is_begun_judged else "",
        unjudged="" if is_begun_judged else begun,
        rank=_ranker(sheet, turns, begun=begun or opening, is_low=is_low)
        if turns and turns[-1].speaker != "persona"
        else None,
    )


def _parting_rule(sheet: prompt_sheet.Sheet, rule: str) -> str:
    return rule.format(name=sheet.name, user=sheet.calls_user or phrases_for(sheet.language).friend)


def _with_scene(sheet: prompt_sheet.Sheet, words: str) -> prompt_sheet.Sheet:
    return replace(sheet, scenario=f"{sheet.scenario} {words}".strip())


def read_ahead(persona: Persona, turns: Sequence[prompt.Spoken]) -> None:
    """Has the engine read the beginning of the next prompt in advance. Raises EngineError."""
    sheet = prompt_sheet.sheet_for(persona)

    def build(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        values = prompt.sampling(sheet, info)
        beginning = prompt.build(
            sheet=sheet, memories=(), turns=turns, info=info, max_tokens=values.max_tokens, count=count
        )
        return beginning, values

    router.read_ahead(build)


def _builder(
    sheet: prompt_sheet.Sheet,
    memories: Sequence[Recalled],
    told: Sequence[Told],
    turns: Sequence[prompt.Spoken],
    *,
    begun: str,
    sampling: Mapping[str, Any],
) -> router.Build:
    """The router builds the prompt for each engine that it tries."""

    def build(info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        values = replace(prompt.sampling(sheet, info), **sampling)
        engine_prompt = prompt.build(
            sheet=sheet,
            memories=memories,
            told=told,
            turns=turns,
            info=info,
            max_tokens=values.max_tokens,
            count=count,
            prefix=begun,
        )
        return engine_prompt, values

    return build


def _ranker(sheet: prompt_sheet.Sheet, turns: Sequence[prompt.Spoken], *, begun: str, is_low: bool) -> Rank:
    """Makes the ranking of candidates for an engine."""

    def rank(info: EngineInfo, count: Callable[[str], int]) -> ranking.ReplyRanking:
        def after(talk: Sequence[prompt.Spoken]) -> Prompt:
            return prompt.build(
                sheet=sheet,
                memories=(),
                turns=talk,
                info=info,
                max_tokens=prompt.sampling(sheet, info).max_tokens,
                count=count,
                prefix=begun,
            )

        return ranking.ReplyRanking(sheet, turns, after, is_brief=info.is_brief, is_low=is_low)

    return rank


def _stages(
    sheet: prompt_sheet.Sheet,
    memories: Sequence[Recalled],
    turns: Sequence[prompt.Spoken],
    message: str,
    *,
    begun: str,
    opening: str,
    is_low: bool,
    is_parting: bool,
    is_farewell: bool,
) -> Iterator[Stage]:
    """The stages from pieces of text to sentences, in order. `message`: of the person, which the reply answers."""
    if opening:
        yield partial(_opened, opening)
    elif not begun:
        yield partial(reply_text.without_label, name=sheet.name)
    person = prompt.label(sheet.calls_user) or phrases_for(sheet.language).friend
    names = (person, *map(prompt.label, sheet.others))
    yield partial(reply_text.until_next_turn, names=names, before=begun)
    yield cleaning.until_stuttering
    own = [turn.text for turn in turns if turn.speaker == "persona"][-_EARLIER_REPLIES:]
    others = [prompt.without_name(turn.text, sheet.language) for turn in turns if turn.speaker == "other"]
    earlier = [*own, *others[-_EARLIER_REPLIES:]]
    if opening:  # the same question gets the same opening, which is no echo
        earlier = [text.replace(opening, "") for text in earlier]
    is_grounded = sheet.is_grounded and not (opening or is_low or is_parting)
    needs_whole = opening or begun or is_low or is_parting or is_farewell or is_grounded
    yield partial(sentences.split, may_begin=None if needs_whole else cleaning.begins_no_echo(earlier))
    if not _acts(sheet, turns):
        yield cleaning.without_directions
    yield cleaning.until_repeated
    yield partial(cleaning.without_echoes, earlier=earlier)
    phrases = phrases_for(sheet.language)
    truth = prompt_sheet.honest_exchange(sheet).persona + phrases.joiner
    yield partial(honesty.kept_honest, answer=truth, is_asked=bool(opening))
    yield partial(unwanted.without_unwanted, ask_a_doctor=f"{phrases.ask_a_doctor}{phrases.joiner}")
    if is_grounded:
        yield grounding.grounded(memories, message, sheet.language)
    if is_parting:
        yield partial(leave_taking.let_go, parting=phrases.parting)
    elif is_farewell:
        yield partial(leave_taking.without_holding_back, thanks=phrases.farewell)
    if is_low:
        yield low_mood.kept_gentle(message, sheet.language, has_begun=bool(begun or opening))


def _acts(sheet: prompt_sheet.Sheet, turns: Sequence[prompt.Spoken]) -> bool:
    """Whether the description, the samples or the opening line contain stage directions."""
    opening_line = [turn.text for turn in turns[:1] if turn.speaker == "persona"]
    return any(
        map(
            cleaning.has_directions,
            [sheet.description, *(exchange.persona for exchange in sheet.exchanges), *opening_line],
        )
    )


def _opened(opening: str, text: Iterator[str]) -> Generator[str]:
    """The opening, then the text. Waits for the engine's first piece, so that a failed engine shows nothing."""
    first = next(text, "")
    yield opening
    needs_no_space = first[:1].isspace() or opening[-1] not in ".!?"  # a Chinese full stop is followed by none
    yield first if needs_no_space or not first else f" {first}"
    yield from text
