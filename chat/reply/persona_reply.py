"""The script of a persona's reply: its prompt, and the stages that turn a model's text into clean sentences.

A `reply_run.ReplyRun` performs it. The site and the API use the same script and differ only in their recipient.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from chat.reply import cleaning, grounding, honesty, leave_taking, low_mood, ranking, sentences, unwanted
from chat.reply.reply_run import Script, Stage
from generation import reply_text
from generation.engine import EngineInfo, Prompt, Sampling
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
    is_low, is_parting = low_mood.is_low(asked), leave_taking.says_goodbye(message)
    return _Answer(
        sheet=_for_occasion(sheet, is_low=is_low, is_parting=is_parting, is_farewell=is_farewell),
        memories=memories,
        told=told,
        turns=turns,
        message=message,
        begun=begun,
        # If a person asks in earnest what the persona is, the reply begins with the truth (compliance H1). The engine
        # continues it.
        opening="" if begun else prompt_sheet.honest_opening(sheet, message),
        sampling=sampling,
        is_low=is_low,
        is_parting=is_parting,
        is_farewell=is_farewell,
    ).script(is_begun_judged=is_begun_judged)


def _for_occasion(
    sheet: prompt_sheet.Sheet, *, is_low: bool, is_parting: bool, is_farewell: bool
) -> prompt_sheet.Sheet:
    """The sheet with the rules in its scene that such a reply calls for."""
    phrases = phrases_for(sheet.language)
    if is_low:
        sheet = _with_scene(sheet, low_mood.instruction(sheet))
    if is_parting or is_farewell:
        rule = phrases.parting_rule if is_parting else phrases.farewell_rule
        sheet = _with_scene(sheet, rule.format(name=sheet.name, user=sheet.calls_user or phrases.friend))
    return sheet


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


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """A reply that is to be written: what it answers, and what kind of reply that calls for."""

    sheet: prompt_sheet.Sheet
    memories: Sequence[Recalled]
    told: Sequence[Told]
    turns: Sequence[prompt.Spoken]
    message: str  # of the person, which the reply answers
    begun: str  # its beginning, which the engine continues
    opening: str  # the site's own beginning, which the engine continues; a reply that is begun has none
    sampling: Mapping[str, Any]
    is_low: bool  # the person is in low mood
    is_parting: bool  # the person says goodbye
    is_farewell: bool  # the talk is their last

    def script(self, *, is_begun_judged: bool) -> Script:
        answers_somebody = bool(self.turns) and self.turns[-1].speaker != "persona"
        return Script(
            build=self.build,
            stages=(*self.stages_to_sentences(), *self.stages_of_sentences()),
            opening=self.opening,
            cleared=self.begun if is_begun_judged else "",
            unjudged="" if is_begun_judged else self.begun,
            rank=self.rank if answers_somebody else None,
        )

    def build(self, info: EngineInfo, count: Callable[[str], int]) -> tuple[Prompt, Sampling]:
        """The router asks for this for each engine that it tries."""
        values = replace(prompt.sampling(self.sheet, info), **self.sampling)
        engine_prompt = prompt.build(
            sheet=self.sheet,
            memories=self.memories,
            told=self.told,
            turns=self.turns,
            info=info,
            max_tokens=values.max_tokens,
            count=count,
            prefix=self.begun or self.opening,
        )
        return engine_prompt, values

    def rank(self, info: EngineInfo, count: Callable[[str], int]) -> ranking.ReplyRanking:
        """The ranking of candidates for an engine."""

        def after(talk: Sequence[prompt.Spoken]) -> Prompt:
            return prompt.build(
                sheet=self.sheet,
                memories=(),
                turns=talk,
                info=info,
                max_tokens=prompt.sampling(self.sheet, info).max_tokens,
                count=count,
                prefix=self.begun or self.opening,
            )

        return ranking.ReplyRanking(self.sheet, self.turns, after, is_brief=info.is_brief, is_low=self.is_low)

    def stages_to_sentences(self) -> Iterator[Stage]:
        """The stages from pieces of text to whole sentences, in order. The last one splits."""
        sheet = self.sheet
        if self.opening:
            yield partial(_opened, self.opening)
        elif not self.begun:
            yield partial(reply_text.without_label, name=sheet.name)
        person = prompt.label(sheet.calls_user) or phrases_for(sheet.language).friend
        names = (person, *map(prompt.label, sheet.others))
        yield partial(reply_text.until_next_turn, names=names, before=self.begun)
        yield cleaning.until_stuttering
        has_occasion = self.is_low or self.is_parting or self.is_farewell
        needs_whole = self.opening or self.begun or has_occasion or self.is_grounded
        yield partial(sentences.split, may_begin=None if needs_whole else cleaning.begins_no_echo(self.earlier))

    def stages_of_sentences(self) -> Iterator[Stage]:
        """The stages that leave out, change and add sentences, in order."""
        if not self.has_directions:
            yield cleaning.without_directions
        yield cleaning.until_repeated
        yield partial(cleaning.without_echoes, earlier=self.earlier)
        phrases = phrases_for(self.sheet.language)
        truth = prompt_sheet.honest_exchange(self.sheet).persona + phrases.joiner
        yield partial(honesty.kept_honest, answer=truth, is_asked=bool(self.opening))
        yield partial(unwanted.without_unwanted, ask_a_doctor=f"{phrases.ask_a_doctor}{phrases.joiner}")
        if self.is_grounded:
            yield grounding.grounded(self.memories, self.message, self.sheet.language)
        if self.is_parting:
            yield partial(leave_taking.let_go, parting=phrases.parting)
        elif self.is_farewell:
            yield partial(leave_taking.without_holding_back, thanks=phrases.farewell)
        if self.is_low:
            has_begun = bool(self.begun or self.opening)
            yield low_mood.kept_gentle(self.message, self.sheet.language, has_begun=has_begun)

    @property
    def is_grounded(self) -> bool:
        """Whether the reply says only what the persona's own words say. Its honest and gentle words are not theirs."""
        return self.sheet.is_grounded and not (self.opening or self.is_low or self.is_parting)

    @property
    def earlier(self) -> list[str]:
        """Earlier replies, of which the reply must be no echo."""
        own = [turn.text for turn in self.turns if turn.speaker == "persona"]
        others = [prompt.without_name(turn.text, self.sheet.language) for turn in self.turns if turn.speaker == "other"]
        texts = [*own[-_EARLIER_REPLIES:], *others[-_EARLIER_REPLIES:]]
        # The same question gets the same opening, which is no echo.
        return [text.replace(self.opening, "") for text in texts] if self.opening else texts

    @property
    def has_directions(self) -> bool:
        """Whether the description, the samples or the opening line contain stage directions."""
        opening_line = [turn.text for turn in self.turns[:1] if turn.speaker == "persona"]
        samples = [exchange.persona for exchange in self.sheet.exchanges]
        return any(map(cleaning.has_directions, [self.sheet.description, *samples, *opening_line]))


def _opened(opening: str, text: Iterator[str]) -> Generator[str]:
    """The opening, then the text. Waits for the engine's first piece, so that a failed engine shows nothing."""
    first = next(text, "")
    yield opening
    needs_no_space = first[:1].isspace() or opening[-1] not in ".!?"  # a Chinese full stop is followed by none
    yield first if needs_no_space or not first else f" {first}"
    yield from text
