"""Chat template or transcript, for a model: which form gives a persona's held-out text the higher likelihood?

    DJANGO_SETTINGS_MODULE=persona_site.settings python -m benchmarks.prompt_forms FOLDER --data DATA

FOLDER is a model as `save_pretrained` leaves it; DATA holds letters/ and chats/. Three speakers: Jane
Austen's letters, Lu Xun's diary, Algernon's lines in a chat. The samples of a sheet come from the first
part of each; the items from the rest. An item is a question (in the chat, what Jack really said), the
true answer, and three other true lines of the same speaker. Printed as JSON, per speaker and form:

- nats_per_character: of the true answer, lower is better;
- picks: share of items where the true answer has the lowest nats per character of the four, chance 0.25.

A speaker with fewer than four lines that a question fits is left out.

One process, one thread, CPU, float32. Deterministic.
"""

import argparse
import json
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import django
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

django.setup()

from generation.engine import EngineInfo, Prompt  # noqa: E402
from personas.prompting import prompt, prompt_sheet, samples  # noqa: E402
from personas.prompting.phrases import phrases_for  # noqa: E402

CHOICES = 4
# The template for a pretrained model without one: that of its instruction-tuned version.
GEMMA = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else 'user' }}\n"
    "{{ m.content }}<end_of_turn>\n{% endfor %}<start_of_turn>model\n"
)


@dataclass(frozen=True)
class Line:
    text: str
    prompted_by: str = ""


@dataclass(frozen=True)
class Turn:
    speaker: str
    text: str


@dataclass(frozen=True)
class Speaker:
    sheet: prompt_sheet.Sheet
    items: list[Line]


def jane(data: Path, items: int) -> Speaker:
    text = (data / "letters/austen_letters_1796-1816.txt").read_text(encoding="utf-8")
    description = (
        "Jane Austen is a clergyman's daughter of Steventon in Hampshire, born in 1775, who writes novels. She writes "
        "to her sister of balls, gowns, neighbours and journeys, with affection and a sharp wit."
    )
    return _writer("Jane", description, "Cassandra", "en", re.split(r"\n\s*\n", text), items)


def luxun(data: Path, items: int) -> Speaker:
    text = (data / "letters/luxun_diary_1912-1914.txt").read_text(encoding="utf-8")
    entries = [re.sub(r"^\S{1,4}日\s*", "", block.split("\n", 1)[-1]) for block in text.split("\n\n")]
    description = (
        "鲁迅，浙江绍兴人，一九一二年起住在北京，在教育部任职。他常逛琉璃厂买书，给二弟写信。他说话简短、冷静。"
    )
    return _writer("鲁迅", description, "", "zh-Hans", entries, items)


def _writer(name: str, description: str, calls_user: str, language: str, blocks: list[str], items: int) -> Speaker:
    half = len(blocks) // 2
    lines = [Line(" ".join(block.split())) for block in blocks]
    return Speaker(
        prompt_sheet.Sheet(
            name=name,
            description=description,
            calls_user=calls_user,
            language=language,
            depicts="historical",
            exchanges=samples.samples(language=language, passages=lines[:half]),
        ),
        [
            Line(exchange.persona, exchange.user)
            for exchange in samples.answers(language=language, passages=lines[half:], repeat=6)
        ][:items],
    )


def algernon(data: Path, items: int) -> Speaker:
    text = (data / "chats/plain_transcript.txt").read_text(encoding="utf-8")
    said = [tuple(line.split(": ", 1)) for line in text.splitlines() if ": " in line]
    lines = [
        Line(answer, asked)
        for (first, asked), (second, answer) in pairwise(said)
        if second.startswith("Algernon") and first.startswith("Jack") and 15 <= len(answer) <= 220
    ]
    half = len(lines) // 2
    return Speaker(
        prompt_sheet.Sheet(
            name="Algernon",
            description="Algernon Moncrieff is an idle and witty gentleman of London, fond of cucumber sandwiches.",
            calls_user="Jack",
            exchanges=samples.samples(language="en", passages=lines[:half]),
        ),
        lines[half:][:items],
    )


class Scorer:
    """Log-probabilities of answers after prompts. The common beginning of two prompts is computed once."""

    def __init__(self, folder: Path) -> None:
        torch.set_num_threads(1)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.tokenizer.chat_template = self.tokenizer.chat_template or GEMMA
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self._cache, self._ids = DynamicCache(), list[int]()

    def count(self, text: str) -> int:
        return len(self.tokenizer.encode(text, add_special_tokens=False))

    def _prompt_ids(self, made: Prompt) -> list[int]:
        if made.form == "transcript":
            return list(self.tokenizer.encode(made.text))
        messages = [{"role": message.role, "content": message.content} for message in made.messages]
        text = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return list(self.tokenizer.encode(text, add_special_tokens=False))

    @torch.inference_mode()
    def nats(self, made: Prompt, answers: list[str]) -> list[float]:
        """Nats per character of each answer as the continuation of the prompt."""
        ids = self._prompt_ids(made)
        shared = next(
            (n for n, (a, b) in enumerate(zip(ids[:-1], self._ids, strict=False)) if a != b),
            min(len(ids) - 1, len(self._ids)),
        )
        self._keep(shared)
        first = self._forward(ids[shared:])[-1:]
        self._ids = ids
        scores = []
        for answer in answers:
            tokens = self.tokenizer.encode(answer, add_special_tokens=False)
            logits = torch.cat([first, self._forward(tokens[:-1])]) if len(tokens) > 1 else first
            self._keep(len(ids))
            chosen = torch.log_softmax(logits, -1)[torch.arange(len(tokens)), torch.tensor(tokens)]
            scores.append(-float(chosen.sum()) / len(answer))
        return scores

    def _keep(self, tokens: int) -> None:
        surplus = int(self._cache.get_seq_length()) - tokens
        if surplus > 0:
            self._cache.crop(-surplus)

    def _forward(self, ids: list[int]) -> torch.Tensor:
        """float32 [tokens, vocabulary]"""
        return self.model(torch.tensor([ids]), past_key_values=self._cache, use_cache=True).logits[0]


def scored(scorer: Scorer, speaker: Speaker, form: str) -> dict[str, Any]:
    info = EngineInfo("benchmark", "benchmark", 4096, form, "cpu", "1", "none")  # type: ignore[arg-type]
    space = " " if form == "transcript" and phrases_for(speaker.sheet.language).joiner else ""
    started, true, picks = time.monotonic(), [], 0
    for item, others in _with_others(speaker.items):
        made = prompt.build(
            sheet=speaker.sheet,
            memories=[],
            turns=[Turn("user", item.prompted_by)],
            info=info,
            max_tokens=200,
            count=scorer.count,
        )
        nats = scorer.nats(made, [space + text for text in (item.text, *others)])
        true.append(nats[0])
        picks += nats[0] == min(nats)
    n = len(true)
    return {
        "items": n,
        "samples": len(speaker.sheet.exchanges),
        "nats_per_character": round(sum(true) / n, 4),
        "picks": round(picks / n, 3),
        "seconds": round(time.monotonic() - started, 1),
    }


def _with_others(items: list[Line]) -> Iterator[tuple[Line, list[str]]]:
    """Each item, with three answers to other questions."""
    chance = random.Random(7)
    for item in items:
        others = [other.text for other in items if other.prompted_by != item.prompted_by]
        yield item, chance.sample(others, CHOICES - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--items", type=int, default=40, help="per speaker, at most")
    options = parser.parse_args()
    scorer = Scorer(options.folder)
    speakers = {"jane": jane, "algernon": algernon, "luxun": luxun}
    made = {name: make(options.data, options.items) for name, make in speakers.items()}
    result = {
        name: {form: scored(scorer, speaker, form) for form in ("chat", "transcript")}
        for name, speaker in made.items()
        if len({item.prompted_by for item in speaker.items}) >= CHOICES
    }
    print(json.dumps({"model": options.folder.name, "speakers": result}, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
